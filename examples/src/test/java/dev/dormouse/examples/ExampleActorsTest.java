package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.testkit.TestActors;
import dev.dormouse.testkit.TestClient;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests the example actors in memory. */
class ExampleActorsTest {
  @RegisterExtension
  final TestActors actors =
      TestActors.of("/chat/:key", ChatRoom.class, ChatRoom::new)
          .and("/counter/:key", Counter.class, Counter::new)
          .and("/journal/:key", Journal.class, Journal::new, Journal::options)
          .and("/reminder/:key", Reminder.class, Reminder::new);

  @Test
  void aNewMemberHearsWhatWasSaidBeforeACrash() {
    TestClient ada = actors.connect("/chat/tea?name=ada");
    ada.send("{\"type\":\"say\",\"text\":\"hello\"}");
    assertThat(ada.texts()).hasSize(2).last().asString().contains("\"text\":\"hello\"");
    actors.crash();
    TestClient bo = actors.connect("/chat/tea?name=bo");
    assertThat(bo.next()).contains("\"text\":\"hello\"").doesNotContain("\"name\":\"ada\"},");
    assertThat(actors.request("/chat/tea").refusal().status()).isEqualTo(400);
  }

  @Test
  void theCounterCountsForEachConnectionAndForAll() {
    TestClient ada = actors.connect("/counter/a");
    TestClient bo = actors.connect("/counter/a");
    ada.send("x");
    ada.send("x");
    bo.send("x");
    ada.expect("1 1", "2 2");
    bo.expect("1 3");
  }

  @Test
  void theJournalKeepsItsLinesWhenTheDiskIsFull() {
    TestClient ada = actors.connect("/journal/a");
    ada.send("one");
    ada.expect("1 " + Journal.hash("", "one"));
    actors.faults().fillDisk();
    ada.send("two");
    ada.expectClosed(1013);
    assertThat(actors.get("/journal/a").body()).asString().isEqualTo("one\n");
  }

  @Test
  void aReminderComesAfterAWeekAndAgainAfterACrash() {
    TestClient ada = actors.connect("/reminder/a");
    ada.send(Duration.ofDays(7).toSeconds() + " tea");
    ada.expect("set");
    actors.advance(Duration.ofDays(7));
    ada.expect("tea");
    actors.crash();
    actors.connect("/reminder/a").expect("tea");
  }

  @Test
  void sleepChangesNothingForAnyExample() {
    actors.checkThatSleepChangesNothing(this::aNewMemberHearsWhatWasSaidBeforeACrash);
    actors.checkThatSleepChangesNothing(this::theCounterCountsForEachConnectionAndForAll);
    actors.checkThatSleepChangesNothing(this::theJournalKeepsItsLinesWhenTheDiskIsFull);
    actors.checkThatSleepChangesNothing(this::aReminderComesAfterAWeekAndAgainAfterACrash);
  }
}
