package dev.dormouse.server.gateway.limits;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Time;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the limits of a gateway and what its clients have used of them. A class that enforces a
 * limit reads it here, and says here that the limit was hit: the tally counts it, logs it and tells
 * observers.
 *
 * <p>Any thread.
 */
public final class Tally {
  private final GatewayOptions options;
  private final Time time;
  private final Counters counters = new Counters();
  private final Admission admission;
  private final ClientMemory memory;
  private final Observers observers;

  /** Creates the tally of a gateway that has no clients yet. */
  public Tally(GatewayOptions options, Time time, Observers observers) {
    this.options = options;
    this.time = time;
    this.admission = new Admission(options.limits(), options.httpConnectionsMax());
    this.memory =
        new ClientMemory(options.clientHeapBytesMax(), options.clientDirectBytesMax(), time);
    this.observers = observers;
  }

  /** Returns the limits. */
  public GatewayOptions options() {
    return options;
  }

  /** Returns the clock by which limits are measured. */
  public Time time() {
    return time;
  }

  /** Returns the counters of what happened. */
  public Counters counters() {
    return counters;
  }

  /** Returns the account of who is connected. */
  public Admission admission() {
    return admission;
  }

  /** Returns the account of the memory that is held for clients. */
  public ClientMemory memory() {
    return memory;
  }

  /** Returns the observers, who are told of everything. */
  public Observers observers() {
    return observers;
  }

  /** Records that an upgrade is not answered 101. */
  public void refused(Refusal why, @Nullable ActorId actor, @Nullable ConnectionId connection) {
    counters.refused(why);
    if (why.limit() != null) {
      hit(why.limit(), why.outcome(), actor, connection);
    }
  }

  /** Records that a limit with a counter of its own was hit. */
  public void hit(
      LongAdder counter, String limit, String outcome, ActorId actor, ConnectionId connection) {
    counter.increment();
    hit(limit, outcome, actor, connection);
  }

  /** Records that a plain request is cut off. */
  public void hit(RequestLimit limit, String outcome, @Nullable ActorId actor) {
    counters.cutOff(limit);
    hit(limit.limit(), outcome, actor, null);
  }

  /** Records that a limit was hit that has no counter: the log and observers are told. */
  public void hit(
      String limit, String outcome, @Nullable ActorId actor, @Nullable ConnectionId connection) {
    observers.limitHit(limit, outcome, actor, connection);
  }
}
