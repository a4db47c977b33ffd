package dev.dormouse.server.host.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.host.owner.Ownership.Entry;
import dev.dormouse.server.host.owner.Ownership.GivenUp;
import dev.dormouse.server.host.owner.Ownership.Life;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.FromHost.Attached;
import dev.dormouse.server.protocol.FromHost.NotOwner;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.ToHost.Announce;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The life of an ownership, what may enter, what is held, and what is remembered. */
class OwnershipTest {
  private static final ActorId ROOM = new ActorId("room", "one");
  private static final ActorId HALL = new ActorId("room", "two");
  private static final long GATEWAY = 7;
  private static final long EPOCH = 40;
  private static final Owner ME = new Owner("me", EPOCH);
  private static final ConnectionId FIRST = ConnectionId.of(GATEWAY, 1);

  private final List<FromHost> sent = new ArrayList<>();
  private final Ownership ownership =
      new Ownership(3, ME, (gateway, record) -> sent.add(record), 0);

  private Entry announce(boolean isFirst, boolean isLast, long... ids) {
    return ownership.announce(GATEWAY, EPOCH, new Announce(3, 100, ids, isFirst, isLast), 0);
  }

  private static ToHost.Message message(long sequence, boolean isRepeat) {
    return new ToHost.Message(ROOM, FIRST, sequence, Payload.text("x"), isRepeat);
  }

  private static ToHost.Request request(long number, long settled, boolean isRepeat) {
    RequestHead head = new RequestHead("GET", "/", Map.of(), List.of(), "");
    return new ToHost.Request(ROOM, number, head, new byte[0], settled, isRepeat);
  }

  private static Release release(ActorId actor, ToGateway... records) {
    return new Release(actor, EPOCH, List.of(records));
  }

  private static Release handled(long sequence) {
    return release(ROOM, new ToGateway.Handled(FIRST, sequence));
  }

  @Test
  void everyStepOfTheLifeIsLegalOrThrows() {
    for (Life from : Life.values()) {
      Set<Life> next =
          switch (from) {
            case SERVING -> EnumSet.of(Life.LEAVING, Life.OVER);
            case LEAVING -> EnumSet.of(Life.OVER);
            case OVER -> EnumSet.noneOf(Life.class);
          };
      for (Life to : Life.values()) {
        if (next.contains(to)) {
          assertThat(from.to(to)).isEqualTo(to);
        } else {
          assertThatThrownBy(() -> from.to(to)).isInstanceOf(IllegalStateException.class);
        }
      }
    }
  }

  @Test
  void aGatewayIsAttachedByTheLastPartOfItsAnnouncement() {
    assertThat(announce(true, false, 9).announcement()).isNull();
    assertThat(ownership.isAttached(GATEWAY)).isFalse();
    assertThat(ownership.enter(GATEWAY, EPOCH, message(1, false)).isTaken()).isFalse();
    assertThat(announce(false, true, 4).announcement().connections()).containsExactly(4, 9);
    assertThat(ownership.isAttached(GATEWAY)).isTrue();
    assertThat(sent).containsExactly(new Attached(3, EPOCH));
    assertThat(ownership.enter(GATEWAY, EPOCH, message(1, false)).isTaken()).isTrue();
    assertThat(ownership.enter(GATEWAY, EPOCH - 1, message(1, false)).isTaken()).isFalse();
  }

  @Test
  void theRestOfAnAnnouncementThatALinkHasBrokenAttachesNothing() {
    announce(true, false, 9);
    ownership.broken(GATEWAY, 0);
    Entry entry = announce(false, true, 4);
    assertThat(entry.announcement()).isNull();
    assertThat(ownership.isAttached(GATEWAY)).isFalse();
    assertThat(sent).isEmpty();
  }

  @Test
  void releasesAreHeldInOrderAndLeaveOnceBehindTheAnnouncement() {
    ownership.send(GATEWAY, handled(1), 0);
    ownership.send(GATEWAY, handled(2), 0);
    assertThat(sent).isEmpty();
    announce(true, true);
    ownership.send(GATEWAY, handled(3), 0);
    assertThat(sent).containsExactly(new Attached(3, EPOCH), handled(1), handled(2), handled(3));
    sent.clear();
    announce(true, true);
    assertThat(sent).containsExactly(new Attached(3, EPOCH));
  }

  @Test
  void moreBytesThanMayBeHeldAreDroppedWithTheActorsConcerned() {
    byte[] half = new byte[(int) Ownership.HELD_BYTES_MAX / 2];
    Release large = release(ROOM, new ToGateway.Send(FIRST, Payload.binary(ByteBuffer.wrap(half))));
    assertThat(ownership.send(GATEWAY, large, 0)).isZero();
    assertThat(ownership.send(GATEWAY, large, 0)).isZero();
    assertThat(
            ownership.send(GATEWAY, release(HALL, new ToGateway.Send(FIRST, Payload.text("x"))), 0))
        .isEqualTo(3);
    assertThat(ownership.send(GATEWAY, handled(1), 0)).isEqualTo(1);
    ActorId other = new ActorId("room", "three");
    assertThat(ownership.send(GATEWAY, release(other, new ToGateway.Ended(FIRST)), 0)).isZero();
    var announcement = announce(true, true).announcement();
    assertThat(announcement.isBereft(ROOM)).isTrue();
    assertThat(announcement.isBereft(HALL)).isTrue();
    assertThat(announcement.isBereft(other)).isFalse();
    assertThat(sent)
        .containsExactly(new Attached(3, EPOCH), release(other, new ToGateway.Ended(FIRST)));
    assertThat(announce(true, true).announcement().isBereft(ROOM)).isFalse();
  }

  @Test
  void gatewaysThatDoNotComeInTimeAreGivenUpOnce() {
    ownership.send(GATEWAY, handled(1), 0);
    announce(true, true);
    ownership.broken(GATEWAY, 5);
    ownership.send(GATEWAY, handled(2), 6);
    assertThat(ownership.giveUp(Ownership.LIMBO_NS - 1)).isNull();
    GivenUp others = ownership.giveUp(Ownership.LIMBO_NS);
    assertThat(others.has(GATEWAY)).isFalse();
    assertThat(others.has(99)).isTrue();
    GivenUp gone = ownership.giveUp(Ownership.LIMBO_NS + 5);
    assertThat(gone.has(GATEWAY)).isTrue();
    assertThat(gone.has(99)).isFalse();
    assertThat(gone.dropped()).isEqualTo(1);
    assertThat(ownership.giveUp(3 * Ownership.LIMBO_NS)).isNull();
    assertThat(ownership.send(GATEWAY, handled(3), 0)).isEqualTo(1);
    assertThat(announce(true, true).announcement().isBereft(ROOM)).isTrue();
  }

  @Test
  void whileAnOwnershipIsLeftNothingEntersAndReleasesLeave() {
    announce(true, true);
    assertThat(ownership.leave(new Owner("next", EPOCH + 1), 100)).isTrue();
    assertThat(ownership.leave(null, 0)).isFalse();
    assertThat(ownership.isServing()).isFalse();
    assertThat(ownership.isOver()).isFalse();
    assertThat(ownership.enter(GATEWAY, EPOCH, message(1, false))).isEqualTo(Entry.PASSED_OVER);
    sent.clear();
    ownership.send(GATEWAY, handled(1), 0);
    assertThat(ownership.isOverdue(99)).isFalse();
    assertThat(ownership.isOverdue(100)).isTrue();
    ownership.end();
    ownership.end();
    assertThat(ownership.isOver()).isTrue();
    assertThat(ownership.send(GATEWAY, handled(2), 0)).isEqualTo(1);
    assertThat(sent)
        .containsExactly(handled(1), new NotOwner(3, EPOCH, new Owner("next", EPOCH + 1)));
  }

  @Test
  void aReleaseOfAnotherEpochNeverLeaves() {
    announce(true, true);
    sent.clear();
    Release stale = new Release(ROOM, EPOCH - 1, List.of(new ToGateway.Ended(FIRST)));
    assertThat(ownership.send(GATEWAY, stale, 0)).isEqualTo(1);
    assertThat(sent).isEmpty();
  }

  @Test
  void repeatsOfWhatIsInFlightOrHeldArePassedOverOnce() {
    announce(true, true);
    ownership.broken(GATEWAY, 0);
    ownership.send(GATEWAY, handled(4), 0);
    assertThat(ownership.isAgain(GATEWAY, EPOCH, new Announce(3, 0, new long[0], true, true), 0))
        .isTrue();
    InFlight inFlight = new InFlight();
    inFlight.addMessage(FIRST, 5);
    inFlight.addRequest(70);
    ownership.remember(GATEWAY, inFlight, 0);
    announce(true, true);
    assertThat(ownership.enter(GATEWAY, EPOCH, message(3, true))).isEqualTo(Entry.TAKEN);
    assertThat(ownership.enter(GATEWAY, EPOCH, message(4, true))).isEqualTo(Entry.PASSED_OVER);
    assertThat(ownership.enter(GATEWAY, EPOCH, message(5, true))).isEqualTo(Entry.PASSED_OVER);
    assertThat(ownership.enter(GATEWAY, EPOCH, request(70, 0, true))).isEqualTo(Entry.PASSED_OVER);
    assertThat(inFlight.isEmpty()).isTrue();
    assertThat(ownership.enter(GATEWAY, EPOCH, message(6, true))).isEqualTo(Entry.TAKEN);
  }

  @Test
  void anAnnouncementIsTheFirstOneOrAnotherOne() {
    Announce whole = new Announce(3, 0, new long[0], true, true);
    assertThat(ownership.isAgain(GATEWAY, EPOCH, whole, 0)).isFalse();
    announce(true, true);
    assertThat(ownership.isAgain(GATEWAY, EPOCH - 1, whole, 0)).isFalse();
    assertThat(ownership.isAttached(GATEWAY)).isTrue();
    assertThat(ownership.isAgain(GATEWAY, EPOCH, whole, 0)).isTrue();
    assertThat(ownership.isAttached(GATEWAY)).isFalse();
  }

  @Test
  void whatIsInFlightIsForgottenAsSoonAsItCannotComeAgain() {
    InFlight inFlight = new InFlight();
    inFlight.addMessage(FIRST, 5);
    assertThat(inFlight.passesOver(message(6, false))).isFalse();
    assertThat(inFlight.isEmpty()).isTrue();
    inFlight.addMessage(FIRST, 5);
    CloseReason reason = CloseReason.abnormal(CloseReason.Cause.CLIENT);
    assertThat(inFlight.passesOver(new ToHost.Closed(ROOM, FIRST, reason))).isFalse();
    assertThat(inFlight.isEmpty()).isTrue();
    inFlight.addRequest(5);
    assertThat(inFlight.passesOver(request(8, 6, false))).isFalse();
    assertThat(inFlight.isEmpty()).isTrue();
  }

  @Test
  void aRequestWhoseHeldAnswerIsDroppedIsHandledAgain() {
    announce(true, true);
    ownership.broken(GATEWAY, 0);
    InFlight inFlight = new InFlight();
    ownership.send(
        GATEWAY, release(ROOM, new ToGateway.Responded(70, HttpResponse.text(200, ""))), 0);
    ownership.remember(GATEWAY, inFlight, 0);
    assertThat(inFlight.isEmpty()).isFalse();
    assertThat(ownership.giveUp(Ownership.LIMBO_NS).dropped()).isEqualTo(1);
    assertThat(inFlight.isEmpty()).isTrue();
  }

  @Test
  void aReleaseIsDividedAmongTheGatewaysThatItConcerns() {
    ConnectionId other = ConnectionId.of(8, 1);
    ToGateway toFirst = new ToGateway.Handled(FIRST, 1);
    ToGateway toAll = new ToGateway.Broadcast(List.of(), Set.of(), Payload.text("x"));
    ToGateway toOther = new ToGateway.Ended(other);
    ToGateway answer =
        new ToGateway.Responded(ConnectionId.of(9, 4).value(), HttpResponse.text(200, ""));
    Map<Long, Release> parts =
        Routes.split(release(ROOM, toFirst, toAll, toOther, answer), new long[] {8, GATEWAY});
    assertThat(parts)
        .containsOnly(
            Map.entry(GATEWAY, release(ROOM, toFirst, toAll)),
            Map.entry(8L, release(ROOM, toAll, toOther)),
            Map.entry(9L, release(ROOM, answer)));
    Release whole = release(ROOM, toFirst, toFirst);
    assertThat(Routes.split(whole, new long[] {8}).get(GATEWAY)).isSameAs(whole);
  }
}
