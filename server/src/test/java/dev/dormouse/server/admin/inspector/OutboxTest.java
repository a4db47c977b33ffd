package dev.dormouse.server.admin.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OutboxTest {
  private final FakeWire wire = new FakeWire();
  private final Outbox outbox = new Outbox(wire);

  /** Returns a text that takes this number of bytes in memory. */
  private static String text(int bytes) {
    return "x".repeat(bytes / 2);
  }

  @Test
  void whatIsAddedIsReadInOrder() {
    outbox.add("a", "b");
    outbox.add("c");

    assertThat(wire.read()).containsExactly("a", "b", "c");
  }

  @Test
  void aSlowInspectorIsToldHowMuchIsMissingWhereItIsMissing() {
    wire.isFull = true;
    outbox.add(text(Outbox.DROPPING_FROM_BYTES));
    assertThat(outbox.hasRoom()).isFalse();
    outbox.dropFrame();
    outbox.dropFrame();
    outbox.dropTurn();
    outbox.dropLimit();
    outbox.add("kept though there is no room");
    assertThat(wire.read()).isEmpty();

    wire.isFull = false;
    outbox.drain();
    outbox.add("later");
    List<String> read = wire.read();

    assertThat(read).hasSize(4);
    assertThat(read.get(1)).isEqualTo("kept though there is no room");
    assertThat(Protocol.event(read.get(2)).getJsonObject("params"))
        .isEqualTo(
            new JsonObject("{\"frames\": 2, \"turns\": 1, \"limits\": 1, \"connections\": 0}"));
    assertThat(read.get(3)).isEqualTo("later");
    assertThat(outbox.hasRoom()).isTrue();
  }

  @Test
  void whatIsDroppedIsToldThoughNothingFollows() {
    outbox.add("before");
    outbox.dropFrame();

    assertThat(wire.read()).hasSize(2).first().isEqualTo("before");
  }

  @Test
  void anInspectorThatReadsNothingIsClosed() {
    wire.isFull = true;
    int number = 0;
    while (wire.closedWith == 0) {
      outbox.add(text(1 << 20));
      assertThat(wire.read()).isEmpty();
      number++;
    }

    assertThat(wire.closedWith).isEqualTo(1013);
    assertThat(number).isEqualTo(Outbox.BYTES_MAX / (1 << 20) + 1);
    wire.isFull = false;
    outbox.add("in vain");
    outbox.drain();
    assertThat(wire.read()).isEmpty();
  }

  @Test
  void moreIsAskedForOnlyWhileNothingWaitsAndTheInspectorReads() {
    AtomicInteger asked = new AtomicInteger();
    wire.isFull = true;
    outbox.whenEmpty(
        () -> {
          boolean isMore = asked.get() < 3;
          if (isMore) {
            outbox.add("more " + asked.incrementAndGet());
          }
          return isMore;
        });
    assertThat(wire.read()).isEmpty();
    assertThat(asked).hasValue(0);

    wire.isFull = false;
    outbox.drain();
    assertThat(wire.read()).containsExactly("more 1", "more 2", "more 3");
  }
}
