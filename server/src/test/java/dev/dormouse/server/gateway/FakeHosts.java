package dev.dormouse.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Several hosts with one group of shards, whose owner the test chooses. They answer only what the
 * test has them answer, and record what they hear.
 */
public final class FakeHosts implements Transport, Placement {
  /** A record that came to a host, with the owner that the gateway took the host for. */
  public record Heard(Owner owner, ToHost record) {}

  private final BlockingQueue<Heard> heard = new LinkedBlockingQueue<>();
  private volatile Function<Heard, @Nullable FromHost> answers = came -> null;
  private volatile @Nullable Owner owner;
  private volatile @Nullable GatewayEnd gateway;
  private volatile @Nullable String unreachable;

  @Override
  public int groups() {
    return 1;
  }

  @Override
  public int groupOf(ActorId actor) {
    return 0;
  }

  @Override
  public @Nullable Owner ownerOf(int group) {
    return owner;
  }

  @Override
  public boolean isFixed() {
    return false;
  }

  @Override
  public void connect(HostEnd host, GatewayEnd gateway) {
    this.gateway = gateway;
  }

  @Override
  public void toHost(Owner owner, ToHost record) {
    Heard came = new Heard(owner, record);
    FromHost answer = answers.apply(came);
    heard.add(came);
    if (answer != null) {
      toGateway(0, answer);
    }
  }

  @Override
  public void toGateway(long gatewayRun, FromHost record) {
    connected().accept(record);
  }

  private GatewayEnd connected() {
    GatewayEnd known = gateway;
    if (known == null) {
      throw new IllegalStateException("the test did not connect the gateway");
    }
    return known;
  }

  /** Names the owner of all actors; null if there is none for a while. */
  public void own(@Nullable Owner next) {
    owner = next;
  }

  /** Answers each record at once from now on, on the thread that brings the record. */
  public void answer(Function<Heard, @Nullable FromHost> answers) {
    this.answers = answers;
  }

  /** Sends the release of a turn that ran under an owner. */
  public void release(Owner from, ActorId actor, ToGateway... records) {
    toGateway(0, new Release(actor, from.epoch(), List.of(records)));
  }

  /** Says that a host does not own the actors, or not any more. */
  public void refuse(Owner refused, @Nullable Owner known) {
    toGateway(0, new FromHost.NotOwner(0, refused.epoch(), known));
  }

  @Override
  public boolean isReachable(String node) {
    return !node.equals(unreachable);
  }

  /** Ends the connection to a host for ever, although its link is not broken yet. */
  public void cut(Owner host) {
    unreachable = host.node();
  }

  /** Breaks the link to a host. */
  public void breakLink(Owner host) {
    connected().broken(host.node());
  }

  /** Waits for the next record, which must be of this kind and for this owner. */
  public <T extends ToHost> T next(Owner host, Class<T> kind) throws InterruptedException {
    Heard next = next();
    assertThat(next.record()).isInstanceOf(kind);
    assertThat(next.owner()).isEqualTo(host);
    return kind.cast(next.record());
  }

  /** Waits for the next record. */
  public Heard next() throws InterruptedException {
    Heard next = heard.poll(10, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("no record came within 10 s");
    }
    return next;
  }

  /** Returns whether a record has come that the test has not taken up. */
  public boolean hasHeard() {
    return !heard.isEmpty();
  }
}
