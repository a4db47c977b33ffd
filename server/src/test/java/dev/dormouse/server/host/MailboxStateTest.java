package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class MailboxStateTest {

  @Test
  void aMailboxMakesTheseMovesAndNoOthers() {
    Set<String> legal = new TreeSet<>();
    for (Mailbox.State from : Mailbox.State.values()) {
      for (Mailbox.State to : Mailbox.State.values()) {
        try {
          assertThat(from.to(to)).isEqualTo(to);
          legal.add(from + " > " + to);
        } catch (IllegalStateException e) {
          assertThat(e).hasMessage("a mailbox cannot go from " + from + " to " + to);
        }
      }
    }
    assertThat(legal)
        .containsExactlyInAnyOrder(
            "PARKED > SCHEDULED",
            "PARKED > SIGNALLED",
            "SCHEDULED > PARKED",
            "SCHEDULED > SIGNALLED",
            "SCHEDULED > RETIRED",
            "SIGNALLED > PARKED",
            "SIGNALLED > SCHEDULED",
            "SIGNALLED > RETIRED");
  }
}
