package dev.dormouse.server.gateway.limits;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Time;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the limits of a gateway and the clients' use of them. A class that enforces a limit reads
 * the limit here. When the limit is hit, the class reports it here, and the tally counts it and
 * tells the observers, which log it.
 *
 * <p>Any thread may use it.
 */
public final class Tally {
  private final GatewayOptions options;
  private final Time time;
  private final Counters counters = new Counters();
  private final Admission admission;
  private final ClientMemory memory;
  private final Observers observers;

  /** Creates the tally of a gateway without clients. */
  public Tally(GatewayOptions options, Time time, Observers observers) {
    this.options = options;
    this.time = time;
    this.admission = new Admission(options.limits(), options.httpConnectionsMax());
    this.memory =
        new ClientMemory(options.clientHeapBytesMax(), options.clientDirectBytesMax(), time);
    this.observers = observers;
  }

  /** Returns the options, which hold the limits. */
  public GatewayOptions options() {
    return options;
  }

  /** Returns the clock that measures the limits of time. */
  public Time time() {
    return time;
  }

  /** Returns the counters of the gateway. */
  public Counters counters() {
    return counters;
  }

  /** Returns the account of connections and seats. */
  public Admission admission() {
    return admission;
  }

  /** Returns the account of the memory that is held for clients. */
  public ClientMemory memory() {
    return memory;
  }

  /** Returns the observers of the gateway. */
  public Observers observers() {
    return observers;
  }

  /** Records that a connection, an upgrade or a request is refused. */
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

  /** Records that a plain request is over a limit. */
  public void hit(RequestLimit limit, String outcome, @Nullable ActorId actor) {
    counters.cutOff(limit);
    hit(limit.limit(), outcome, actor, null);
  }

  /** Records that a limit without a counter was hit. */
  public void hit(
      String limit, String outcome, @Nullable ActorId actor, @Nullable ConnectionId connection) {
    observers.limitHit(limit, outcome, actor, connection);
  }
}
