package dev.dormouse.server.gateway.socket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.gateway.limits.ClientMemory;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.Transport;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class InboundMessagesTest {
  private final ClientMemory memory = new ClientMemory(1 << 23, 1 << 23, Time.system());
  private final InboundMessages.Window window = new InboundMessages.Window(1, memory, null);

  private void add(int from, int to) {
    for (int i = from; i <= to; i++) {
      window.add(Payload.text("m" + i));
    }
  }

  private List<Long> sendAll() {
    List<Long> sent = new ArrayList<>();
    for (Payload next = window.next(); next != null; next = window.next()) {
      assertThat(next).isEqualTo(Payload.text("m" + window.lastSent()));
      sent.add(window.lastSent());
    }
    return sent;
  }

  @Test
  @DisplayName("no more are sent than there is credit; what is handled gives it back")
  void noMoreAreSentThanThereIsCredit() {
    add(1, Transport.CREDIT + 3);
    assertThat(sendAll()).hasSize(Transport.CREDIT);
    window.handled(2);
    assertThat(sendAll()).containsExactly(17L, 18L);
    window.handled(18);
    assertThat(sendAll()).containsExactly(19L);
    window.handled(19);
    assertThat(window.isEmpty()).isTrue();
    assertThat(window.heldBytes()).isZero();
  }

  @Test
  @DisplayName("64 KiB that wait for credit stop the reading, until some of them are sent")
  void manyBytesThatWaitForCreditStopTheReading() {
    int size = 1_000;
    int enough =
        1
            + InboundMessages.Window.WAITING_BYTES_ENOUGH
                / (size + InboundMessages.Window.MESSAGE_OVERHEAD_BYTES);
    for (int i = 1; i <= Transport.CREDIT + enough; i++) {
      assertThat(window.isFull()).isFalse();
      window.add(new Payload.Binary(new byte[size]));
      while (window.next() != null) {}
    }
    assertThat(window.isFull()).isTrue();
    window.handled(1);
    assertThat(window.next()).isNotNull();
    assertThat(window.isFull()).isFalse();
    window.withheld(2);
    assertThat(window.isFull()).isTrue();
    window.resumed(2);
    while (window.next() != null) {}
    assertThat(window.isFull()).isFalse();
  }

  @Test
  @DisplayName("long messages stop the reading before the credit is used up")
  void longMessagesStopTheReadingBeforeTheCreditIsUsedUp() {
    window.add(new Payload.Binary(new byte[InboundMessages.Window.HELD_BYTES_ENOUGH / 2]));
    window.next();
    assertThat(window.isFull()).isFalse();
    window.add(new Payload.Binary(new byte[InboundMessages.Window.HELD_BYTES_ENOUGH / 2]));
    window.next();
    assertThat(window.isFull()).isTrue();
    window.withheld(1);
    assertThat(window.isFull()).isTrue();
    window.resumed(1);
    while (window.next() != null) {}
    window.handled(1);
    assertThat(window.isFull()).isFalse();
  }

  @Test
  @DisplayName("held bytes are charged; when memory is scarce, a client that holds much waits")
  void whatIsHeldIsCharged() {
    InboundMessages.Window other = new InboundMessages.Window(1, memory, null);
    other.add(new Payload.Binary(new byte[1 << 22]));
    assertThat(memory.isScarce()).isTrue();
    add(1, 1);
    assertThat(window.isFull()).isFalse();
    window.add(new Payload.Binary(new byte[ClientMemory.LITTLE]));
    window.next();
    window.next();
    assertThat(window.isFull()).isTrue();
    other.letGo();
    assertThat(window.isFull()).isFalse();
    window.handled(2);
    assertThat(memory.held(ClientMemory.Held.MESSAGES)).isZero();
  }

  @Test
  @DisplayName("withheld: nothing is sent until it is resumed, then all from there again")
  void whatIsWithheldIsSentAgainFromThereOnceItIsResumed() {
    add(1, 4);
    sendAll();
    window.withheld(2);
    add(5, 5);
    assertThat(sendAll()).isEmpty();
    assertThat(window.waiting()).isEqualTo(4);
    window.handled(1);
    window.resumed(2);
    assertThat(sendAll()).containsExactly(2L, 3L, 4L, 5L);
  }

  @Test
  @DisplayName("a message that is handled twice, or was never sent, changes nothing")
  void whatIsHandledTwiceOrWasNeverSentChangesNothing() {
    add(1, 2);
    sendAll();
    window.handled(1);
    window.handled(1);
    window.withheld(1);
    window.resumed(1);
    assertThat(sendAll()).containsExactly(2L);
    add(3, 3);
    window.handled(99);
    assertThat(window.isEmpty()).isFalse();
    assertThat(sendAll()).containsExactly(3L);
  }
}
