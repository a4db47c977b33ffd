package dev.dormouse.server.gateway.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.FakeHosts;
import dev.dormouse.server.host.ManualTime;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class OwnerLinksTest {
  private static final Owner ADA = new Owner("ada", 5);
  private static final Owner BOB = new Owner("bob", 6);
  private static final ActorId LOBBY = new ActorId("chat", "lobby");

  private final ManualTime time = new ManualTime();
  private final FakeHosts hosts = new FakeHosts();
  private final OwnerLinks links = new OwnerLinks(hosts, hosts, time);
  private final RecordingHolder holder = new RecordingHolder();

  /** A holder of ids alone, which records what it is told. */
  private static final class RecordingHolder implements OwnerLinks.Holder {
    private long[] ids = new long[0];
    private final List<String> told = new ArrayList<>();
    private @Nullable Owner owner;

    @Override
    public long[] announced(int group) {
      return ids;
    }

    @Override
    public long firstNew() {
      return 100_000;
    }

    @Override
    public void attached(int group, Owner owner) {
      this.owner = owner;
      told.add("attached to " + owner.node());
    }

    @Override
    public void limboOver(int group) {
      told.add("limbo is over");
    }

    @Override
    public void release(Release release) {
      told.add("release of " + release.epoch());
    }

    @Override
    public void unknown(int group, long[] connections) {
      told.add("unknown " + connections.length);
    }
  }

  @BeforeEach
  void begin() {
    hosts.connect(
        (run, epoch, record) -> {},
        new Transport.GatewayEnd() {
          @Override
          public void accept(FromHost record) {
            links.accept(record);
          }

          @Override
          public void broken(String node) {
            links.broken(node);
          }
        });
    links.begin(holder);
  }

  private static ToHost.Closed record() {
    return new ToHost.Closed(
        LOBBY, ConnectionId.of(1, 1), CloseReason.abnormal(CloseReason.Cause.CONNECTION_LOST));
  }

  @Test
  @DisplayName("an announcement of many sockets comes in parts, before the holder is told")
  void announcesInParts() throws Exception {
    holder.ids = LongStream.rangeClosed(1, 2 * ToHost.Announce.PART_MAX + 1).toArray();
    hosts.answer(
        record -> {
          assertThat(holder.told).isEmpty();
          return null;
        });
    hosts.own(ADA);
    links.tick();
    List<Long> all = new ArrayList<>();
    for (int part = 0; part < 3; part++) {
      ToHost.Announce announced = hosts.next(ADA, ToHost.Announce.class);
      assertThat(announced.isFirst()).isEqualTo(part == 0);
      assertThat(announced.isLast()).isEqualTo(part == 2);
      assertThat(announced.firstNew()).isEqualTo(100_000);
      assertThat(announced.connections().length).isLessThanOrEqualTo(ToHost.Announce.PART_MAX);
      LongStream.of(announced.connections()).forEach(all::add);
    }
    assertThat(all).containsExactly(LongStream.of(holder.ids).boxed().toArray(Long[]::new));
    assertThat(holder.told).containsExactly("attached to ada");
    assertThat(hosts.hasHeard()).isFalse();
  }

  @Test
  @DisplayName("a gateway without sockets announces one empty part")
  void announcesNoSockets() throws Exception {
    hosts.own(ADA);
    links.tick();
    ToHost.Announce announced = hosts.next(ADA, ToHost.Announce.class);
    assertThat(announced.connections()).isEmpty();
    assertThat(announced.isFirst() && announced.isLast()).isTrue();
  }

  @Test
  @DisplayName("an owner that refuses the announcement at once is not told of, its successor is")
  void anAnnouncementThatIsRefusedAtOnceEnds() throws Exception {
    holder.ids = LongStream.rangeClosed(1, 3L * ToHost.Announce.PART_MAX).toArray();
    hosts.answer(
        record -> {
          hosts.answer(later -> null);
          return new FromHost.NotOwner(0, ADA.epoch(), BOB);
        });
    hosts.own(ADA);
    links.tick();
    assertThat(holder.told).isEmpty();
    assertThat(hosts.next(ADA, ToHost.Announce.class).isFirst()).isTrue();
    assertThat(hosts.hasHeard()).isFalse();
    hosts.own(BOB);
    links.tick();
    for (int part = 0; part < 3; part++) {
      assertThat(hosts.next(BOB, ToHost.Announce.class).isLast()).isEqualTo(part == 2);
    }
    assertThat(holder.told).containsExactly("attached to bob");
  }

  @Test
  @DisplayName("what is sent under an earlier attachment is dropped, even to the same owner")
  void dropsWhatIsSentUnderAnEarlierAttachment() throws Exception {
    assertThat(links.send(record())).isFalse();
    assertThat(links.send(0, null, record())).isFalse();
    hosts.own(ADA);
    links.tick();
    hosts.next(ADA, ToHost.Announce.class);
    Owner told = holder.owner;
    assertThat(links.isAttached(0, told)).isTrue();
    assertThat(links.send(0, told, record())).isTrue();
    hosts.next(ADA, ToHost.Closed.class);

    hosts.breakLink(ADA);
    assertThat(links.send(0, told, record())).isFalse();
    assertThat(links.send(record())).isFalse();
    time.advance(Duration.ofMillis(100));
    links.tick();
    hosts.next(ADA, ToHost.Announce.class);
    assertThat(holder.owner).isEqualTo(told);
    assertThat(links.isAttached(0, told)).isFalse();
    assertThat(links.send(0, told, record())).isFalse();
    assertThat(links.send(0, holder.owner, record())).isTrue();
    assertThat(links.send(record())).isTrue();
  }

  @Test
  @DisplayName("nobody waits for what a former owner has still to say if it cannot be reached")
  void leavesAnOwnerThatCannotBeReachedAtOnce() throws Exception {
    hosts.own(ADA);
    links.tick();
    hosts.next(ADA, ToHost.Announce.class);
    hosts.own(BOB);
    links.tick();
    time.advance(Duration.ofMillis(100));
    links.tick();
    assertThat(hosts.hasHeard()).isFalse();
    hosts.cut(ADA);
    links.tick();
    time.advance(Duration.ofMillis(100));
    links.tick();
    hosts.next(BOB, ToHost.Announce.class);
    assertThat(holder.told).containsExactly("attached to ada", "attached to bob");
  }

  @Test
  @DisplayName("releases and unknown connections count only if they come from the owner")
  void refusesWhatIsNotOfTheOwner() {
    hosts.release(ADA, LOBBY);
    assertThat(links.staleReleases()).isEqualTo(1);
    hosts.own(ADA);
    links.tick();
    hosts.release(ADA, LOBBY);
    hosts.own(BOB);
    hosts.refuse(ADA, BOB);
    hosts.release(ADA, LOBBY);
    hosts.toGateway(0, new FromHost.Unknown(0, ADA.epoch(), new long[] {1}));
    hosts.release(BOB, LOBBY);
    hosts.toGateway(0, new FromHost.Unknown(0, BOB.epoch(), new long[] {1, 2}));
    assertThat(holder.told)
        .containsExactly(
            "attached to ada", "release of 5", "attached to bob", "release of 6", "unknown 2");
    assertThat(links.staleReleases()).isEqualTo(2);
  }

  @Test
  @DisplayName("the holder is told once that the time without an owner is over")
  void tellsTheEndOfLimboOnce() {
    time.advance(Duration.ofMillis(9_999));
    links.tick();
    assertThat(holder.told).isEmpty();
    time.advance(Duration.ofMillis(1));
    links.tick();
    links.tick();
    assertThat(holder.told).containsExactly("limbo is over");
  }

  @Test
  @DisplayName("a fixed owner is attached from the start, and nothing detaches it")
  void aFixedOwnerStays() {
    DirectTransport direct = new DirectTransport();
    OwnerLinks fixed = new OwnerLinks(Placement.fixed(ADA), direct, Time.system());
    List<ToHost> heard = new ArrayList<>();
    direct.connect((run, epoch, record) -> heard.add(record), fixed::accept);
    assertThatThrownBy(() -> fixed.accept(new Release(LOBBY, 5, List.of())))
        .isInstanceOf(IllegalStateException.class);
    fixed.begin(holder);
    fixed.accept(new FromHost.NotOwner(0, ADA.epoch(), BOB));
    fixed.broken("ada");
    fixed.tick();
    assertThat(fixed.send(record())).isTrue();
    assertThat(fixed.send(0, null, record())).isTrue();
    fixed.accept(new Release(LOBBY, 4, List.of()));
    assertThat(heard).hasSize(2);
    assertThat(holder.told).containsExactly("release of 4");
  }
}
