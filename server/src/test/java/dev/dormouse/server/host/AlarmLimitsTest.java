package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Alarms;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AlarmLimitsTest {
  private static final Duration HOUR = Duration.ofHours(1);

  @Test
  void anActorHasAtMostSoManyAlarmsWithNamesOfSoManyBytes() {
    List<String> caught = new ArrayList<>();
    TestHost full =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                if (!text.equals("try")) {
                  for (int i = 0; i < 512; i++) {
                    self.clock().after(text + i, HOUR);
                  }
                  return;
                }
                attempt(() -> self.clock().at("b1", Instant.EPOCH));
                attempt(() -> self.clock().after("one more", HOUR));
                attempt(() -> self.clock().after("ü".repeat(128), HOUR));
                attempt(() -> self.clock().after("x".repeat(257), HOUR));
                attempt(() -> self.clock().cancel(""));
                attempt(() -> self.clock().at("\ud800", Instant.EPOCH));
                attempt(() -> self.clock().at("b1", Alarms.DUE_MAX.plusNanos(1)));
                attempt(() -> self.clock().at("b1", Alarms.DUE_MAX));
                attempt(() -> self.clock().at("b1", Instant.MIN));
                attempt(() -> self.clock().after("b1", Duration.ofMillis(-1)));
                attempt(() -> self.clock().after("b1", Alarms.DELAY_MAX.plusNanos(1)));
                attempt(() -> self.clock().after("b1", Alarms.DELAY_MAX));
                attempt(
                    () -> {
                      self.clock().cancel("a0");
                      self.clock().after("a0", HOUR);
                      self.clock().after("one more", HOUR);
                    });
              }

              private void attempt(Runnable call) {
                try {
                  call.run();
                  caught.add("");
                } catch (RuntimeException e) {
                  caught.add(e.getMessage());
                }
              }
            });
    ConnectionId ada = full.connect("ada");
    full.message(ada, "a");
    full.message(ada, "b");
    full.message(ada, "try");
    assertThat(caught)
        .containsExactly(
            "",
            "the number of alarms of an actor is 1025; the limit is 1024",
            "the number of alarms of an actor is 1025; the limit is 1024",
            "the name of an alarm is 257 bytes; the limit is 256",
            "the name of an alarm must have at least 1 byte, and this one is empty",
            "the name of an alarm has an unpaired surrogate",
            "alarm 'b1' would be due at 9999-12-31T23:59:59.999000001Z, after"
                + " 9999-12-31T23:59:59.999Z",
            "",
            "",
            "alarm 'b1' would be due after PT-0.001S, which is not 0 to PT876600H",
            "alarm 'b1' would be due after PT876600H0.000000001S, which is not 0 to PT876600H",
            "",
            "the number of alarms of an actor is 1025; the limit is 1024");
    assertThat(full.host.alarms(TestHost.ROOM)).hasSize(Alarms.ALARMS_DEFAULT);
  }
}
