package dev.dormouse.server.gateway.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.server.gateway.owner.OwnerLink.State;
import dev.dormouse.server.protocol.FromHost.NotOwner;
import dev.dormouse.server.protocol.Owner;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class OwnerLinkTest {
  private static final Owner ADA = new Owner("ada", 5);
  private static final Owner ADA_LATER = new Owner("ada", 7);
  private static final Owner BOB = new Owner("bob", 6);
  private static final long PAUSE_NS = OwnerLink.PAUSE_NS;
  private static final long LIMBO_NS = OwnerLink.LIMBO_MAX.toNanos();

  private final OwnerLink link = new OwnerLink(0);

  private static NotOwner refusal(Owner refused, @Nullable Owner known) {
    return new NotOwner(0, refused.epoch(), known);
  }

  private void attach(Owner owner, long nowNs) {
    assertThat(link.attach(owner, nowNs)).isTrue();
    assertThat(link.owner()).isEqualTo(owner);
  }

  @Test
  @DisplayName("a link goes from seeking to attached and back, and no other way")
  void goesBetweenSeekingAndAttachedOnly() {
    assertThat(State.SEEKING.to(State.ATTACHED)).isEqualTo(State.ATTACHED);
    assertThat(State.ATTACHED.to(State.SEEKING)).isEqualTo(State.SEEKING);
    for (State state : State.values()) {
      assertThatThrownBy(() -> state.to(state))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("from " + state);
    }
  }

  @Test
  @DisplayName("while it seeks: an owner attaches, none does not, and nothing is from the owner")
  void seeks() {
    assertThat(link.owner()).isNull();
    assertThat(link.attach(null, 0)).isFalse();
    assertThat(link.isFromOwner(0)).isFalse();
    assertThat(link.broken("ada", 0)).isFalse();
    assertThat(link.refused(refusal(ADA, null), 0)).isFalse();
    attach(ADA, 0);
    assertThat(link.isFromOwner(5)).isTrue();
    assertThat(link.isFromOwner(4)).isFalse();
    assertThat(link.isFromOwner(6)).isFalse();
  }

  @Test
  @DisplayName("while it is attached: the same owner and an earlier one change nothing")
  void staysAttached() {
    attach(BOB, 0);
    Owner attachment = link.owner();
    assertThat(link.attach(BOB, 1)).isFalse();
    assertThat(link.attach(ADA, 1)).isFalse();
    assertThat(link.attach(null, 1)).isFalse();
    assertThat(link.broken("ada", 1)).isFalse();
    assertThat(link.refused(refusal(ADA, null), 1)).isFalse();
    assertThat(link.refused(refusal(ADA, BOB), 1)).isFalse();
    assertThat(link.owner()).isSameAs(attachment);
  }

  @Test
  @DisplayName("a later owner that the placement names replaces one that does not give way in time")
  void attachesToALaterOwnerAfterAWhile() {
    attach(ADA, 0);
    assertThat(link.attach(BOB, 1)).isFalse();
    assertThat(link.attach(BOB, OwnerLink.PATIENCE_NS)).isFalse();
    assertThat(link.isFromOwner(5)).isTrue();
    attach(BOB, 1 + OwnerLink.PATIENCE_NS);
    assertThat(link.isFromOwner(5)).isFalse();
    assertThat(link.isFromOwner(6)).isTrue();
  }

  @Test
  @DisplayName("a later owner is attached at once when the former one gives way")
  void attachesToALaterOwnerWhenTheFormerGivesWay() {
    attach(ADA, 0);
    assertThat(link.attach(BOB, 1)).isFalse();
    assertThat(link.refused(refusal(ADA, BOB), 2)).isTrue();
    attach(BOB, 2);
    assertThat(link.attach(ADA_LATER, 3)).isFalse();
    assertThat(link.attach(ADA_LATER, 2 + OwnerLink.PATIENCE_NS)).isFalse();
    attach(ADA_LATER, 3 + OwnerLink.PATIENCE_NS);
  }

  @Test
  @DisplayName("it never goes back to an earlier epoch, not even one that it only heard of")
  void neverGoesBack() {
    attach(ADA, 0);
    assertThat(link.refused(refusal(ADA, BOB), 1)).isTrue();
    assertThat(link.owner()).isNull();
    assertThat(link.attach(ADA, 1 + PAUSE_NS)).isFalse();
    attach(BOB, 1 + PAUSE_NS);
    assertThat(link.refused(refusal(BOB, ADA_LATER), 2 + PAUSE_NS)).isTrue();
    attach(ADA_LATER, 2 + PAUSE_NS);
    assertThat(link.attach(BOB, 3 + PAUSE_NS)).isFalse();
  }

  @Test
  @DisplayName("a refusal that names a later owner is followed at once, another one after a pause")
  void pausesAfterARefusalThatNamesNoLaterOwner() {
    attach(ADA, 0);
    assertThat(link.refused(refusal(ADA, BOB), 10)).isTrue();
    attach(BOB, 10);

    assertThat(link.refused(refusal(BOB, BOB), 20)).isTrue();
    assertThat(link.attach(BOB, 20 + PAUSE_NS - 1)).isFalse();
    attach(BOB, 20 + PAUSE_NS);

    assertThat(link.refused(refusal(BOB, null), 30 + PAUSE_NS)).isTrue();
    assertThat(link.attach(BOB, 30 + 2 * PAUSE_NS - 1)).isFalse();
    attach(BOB, 30 + 2 * PAUSE_NS);
  }

  @Test
  @DisplayName("a refusal of an earlier epoch that names a later owner ends the attachment")
  void aLaterOwnerThatARefusalNamesEndsTheAttachment() {
    attach(BOB, 0);
    assertThat(link.refused(refusal(ADA, ADA_LATER), 1)).isTrue();
    assertThat(link.owner()).isNull();
  }

  @Test
  @DisplayName("after its link broke, the same owner is attached anew, as another attachment")
  void attachesToTheSameOwnerAnew() {
    attach(ADA, 0);
    Owner first = link.owner();
    assertThat(link.broken("ada", 10)).isTrue();
    assertThat(link.owner()).isNull();
    assertThat(link.isFromOwner(5)).isFalse();
    assertThat(link.attach(ADA, 10 + PAUSE_NS - 1)).isFalse();
    attach(ADA, 10 + PAUSE_NS);
    assertThat(link.owner()).isNotSameAs(first);
  }

  @Test
  @DisplayName("limbo is over after 10 s without an owner, once each time")
  void limboIsOverOnce() {
    assertThat(link.isLimboOver(LIMBO_NS - 1)).isFalse();
    assertThat(link.isLimboOver(LIMBO_NS)).isTrue();
    assertThat(link.isLimboOver(LIMBO_NS + 1)).isFalse();

    long laterNs = TimeUnit.HOURS.toNanos(1);
    attach(ADA, laterNs);
    assertThat(link.isLimboOver(laterNs + LIMBO_NS)).isFalse();
    assertThat(link.broken("ada", 2 * laterNs)).isTrue();
    assertThat(link.isLimboOver(2 * laterNs + LIMBO_NS - 1)).isFalse();
    assertThat(link.isLimboOver(2 * laterNs + LIMBO_NS)).isTrue();
    assertThat(link.isLimboOver(2 * laterNs + LIMBO_NS)).isFalse();
  }
}
