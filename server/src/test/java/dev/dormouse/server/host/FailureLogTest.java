package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.observe.FailureLog;
import dev.dormouse.server.observe.LogLabels;
import dev.dormouse.server.observe.Logs;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class FailureLogTest {
  private final ManualTime time = new ManualTime();
  private final FailureLog failures = new FailureLog(time);

  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      failures.error("failure {}", i);
    }
  }

  @Test
  void aBurstIsToldThenSoManyASecondAndWhatWasLeftOutIsCounted() {
    try (Logs logs = new Logs()) {
      fail(1_000);
      assertThat(logs.lines()).hasSize(FailureLog.BURST).last().isEqualTo("failure 99");
      failures.tick();
      assertThat(logs.lines()).hasSize(FailureLog.BURST);
      time.advance(Duration.ofSeconds(1));
      failures.tick();
      assertThat(logs.lines()).last().isEqualTo("900 more lines about failures were left out");
      failures.tick();
      fail(1_000);
      assertThat(logs.lines()).hasSize(FailureLog.BURST + 1 + FailureLog.PER_SECOND);
      time.advance(Duration.ofHours(1));
      failures.tick();
      assertThat(logs.lines()).last().isEqualTo("990 more lines about failures were left out");
      fail(1_000);
      assertThat(logs.lines()).last().isEqualTo("failure 99");
    }
  }

  @Test
  void aHandlerThatFailsAtEachMessageDoesNotFloodTheLog() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                throw new IllegalStateException("as asked");
              }
            });
    ConnectionId ada = node.connect("ada");
    try (Logs logs = new Logs()) {
      for (int i = 0; i < 2_000; i++) {
        node.message(ada, "m");
      }
      assertThat(logs.lines()).hasSize(FailureLog.BURST);
    }
  }

  @Test
  @Tag("N8")
  @DisplayName("N8: a line about an actor has the labels of it and of its connection")
  void linesAreLabelled() {
    ActorId actor = new ActorId("chat", "lobby");
    ConnectionId connection = ConnectionId.of(1, 2);
    try (Logs logs = new Logs()) {
      failures.error("a turn of actor {} failed ({})", actor, connection);
      assertThat(logs.labels())
          .containsExactly(
              Map.of(
                  LogLabels.TYPE,
                  "chat",
                  LogLabels.KEY,
                  "lobby",
                  LogLabels.CONNECTION,
                  connection.toString()));
    }
  }
}
