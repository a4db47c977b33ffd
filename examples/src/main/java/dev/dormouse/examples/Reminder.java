package dev.dormouse.examples;

import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Alarms;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.StorageKey;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import java.time.Duration;

/**
 * Reminds its clients of texts. A message {@code <seconds> <text>} sets an alarm and is answered
 * {@code set}. When the alarm is due, every connected client hears the text, whether the actor
 * slept meanwhile or the server was down. A client that connects later first hears the last {@value
 * #KEPT} reminders. {@code forget} deletes those reminders and all alarms.
 */
public final class Reminder extends WebSocketActor<Void> {
  private static final int KEPT = 10;
  private static final String SAID = "said/";
  private static final StorageKey<Long> COUNT = StorageKey.of("count", Long.class);

  @Override
  protected void onUpgrade(Upgrade<Void> upgrade) {
    Connection<Void> me = upgrade.accept();
    storage().list(SAID, String.class).forEach(entry -> me.send(entry.value()));
  }

  @Override
  protected void onMessage(Connection<Void> from, String message) {
    if (message.equals("forget")) {
      storage().deleteAll();
      alarms().list().forEach(alarm -> alarms().cancel(alarm.name()));
      from.send("forgotten");
      return;
    }
    String[] words = message.split(" ", 2);
    try {
      Duration delay = Duration.ofMillis(Math.round(Double.parseDouble(words[0]) * 1_000));
      alarms().after(words[words.length - 1], delay);
      from.send("set");
    } catch (IllegalArgumentException e) {
      from.send("a message is <seconds> <text>, the seconds not negative");
    } catch (LimitExceededException e) {
      from.send(
          "at most "
              + Alarms.ALARMS_DEFAULT
              + " texts, each of "
              + Alarms.NAME_BYTES_MAX
              + " bytes");
    }
  }

  @Override
  protected void onAlarm(Alarm alarm) {
    long count = storage().increment(COUNT, 1);
    storage().put(key(count), alarm.name());
    storage().deleteAll(KeyRange.prefix(SAID).before(key(count - KEPT + 1)));
    connections().broadcast(alarm.name());
  }

  private static String key(long count) {
    return SAID + "%016x".formatted(Math.max(0, count));
  }
}
