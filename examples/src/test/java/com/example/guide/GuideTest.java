package com.example.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.dormouse.sdk.OutboundPolicy;
import dev.dormouse.server.Dormouse;
import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.testkit.TestActors;
import dev.dormouse.testkit.TestClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The tests of the guide to the SDK. */
class GuideTest {
  // tag::kit
  @RegisterExtension
  final TestActors actors =
      TestActors.of("/lobby/:key", Lobby.class, Lobby::new)
          .and("/notes/:key", Notes.class, Notes::new)
          .and("/countdown/:key", Countdown.class, Countdown::new)
          .and(
              "/ticker/:key",
              Ticker.class,
              Ticker::new,
              o -> o.outboundPolicy(OutboundPolicy.CONFLATE))
          .and("/translator/:key", Translator.class, () -> new Translator(new Pending()));

  // end::kit

  // tag::pending
  private final List<CompletableFuture<String>> answers = new ArrayList<>();

  /** Stands in for the other service; the test gives the answers. */
  private final class Pending implements Translator.Service {
    @Override
    public CompletionStage<String> translate(String text) {
      answers.add(new CompletableFuture<>());
      return answers.get(answers.size() - 1);
    }

    @Override
    public CompletionStage<Void> count(String text) {
      return CompletableFuture.completedFuture(null);
    }
  }

  // end::pending

  // tag::upgradeTest
  @Test
  void aClientWithoutANameIsRejected() {
    assertEquals(400, actors.request("/lobby/a").refusal().status());
    actors.connect("/lobby/a?name=ada").expect("welcome");
  }

  // end::upgradeTest

  // tag::sendTest
  @Test
  void theOthersAndTheModeratorHearWhatOneSays() {
    TestClient ada = actors.connect("/lobby/b?name=ada");
    TestClient bo = actors.connect("/lobby/b?name=bo");
    bo.send("hello");
    bo.expect("welcome", "you said hello");
    ada.expect("welcome", "bo: hello", "to moderate: hello"); // ada came first
  }

  // end::sendTest

  // tag::attachmentTest
  @Test
  void theSecondWarningClosesEvenIfTheLobbySleptBetween() {
    TestClient ada = actors.connect("/lobby/c?name=ada");
    ada.send("hey!!");
    ada.expect("welcome", "you said hey!!", "to moderate: hey!!");
    actors.hibernate("/lobby/c");
    ada.send("hey!!");
    ada.expect("you said hey!!", "to moderate: hey!!");
    ada.expectClosed(4001);
  }

  // end::attachmentTest

  // tag::closeTest
  @Test
  void theOthersHearWhoLeaves() {
    TestClient ada = actors.connect("/lobby/d?name=ada");
    TestClient bo = actors.connect("/lobby/d?name=bo");
    bo.close();
    ada.expect("welcome", "bo left");
  }

  // end::closeTest

  // tag::pingTest
  @Test
  void aPingIsAnsweredWhileTheLobbySleeps() {
    TestClient ada = actors.connect("/lobby/e?name=ada");
    actors.hibernate("/lobby/e");
    ada.send("ping");
    ada.expect("welcome", "pong");
    assertEquals(1, actors.status("/lobby/e").wakes());
  }

  // end::pingTest

  // tag::notesTest
  @Test
  void theLastNotesAreKeptAndShown() {
    TestClient ada = actors.connect("/notes/a");
    for (int number = 1; number <= 4; number++) {
      ada.send("note " + number);
      ada.expect("kept as " + number);
    }
    actors.crash();
    byte[] notes = actors.get("/notes/a").body();
    assertEquals("note 4\nnote 3\nnote 2", new String(notes, StandardCharsets.UTF_8));
  }

  // end::notesTest

  // tag::alarmTest
  @Test
  void anAlarmWakesTheActor() {
    TestClient ada = actors.connect("/countdown/a");
    ada.send("3600");
    actors.hibernate("/countdown/a");
    actors.advance(Duration.ofHours(1));
    ada.expect("started", "done");
  }

  // end::alarmTest

  @Test
  void pricesGoToTheOthersAndBytesComeBack() {
    TestClient exchange = actors.connect("/ticker/a");
    TestClient client = actors.connect("/ticker/a");
    exchange.send("ACME 42.10");
    client.expect("ACME 42.10");
    client.send(new byte[] {1, 2, 3});
    client.expect(new byte[] {1, 2, 3});
  }

  // tag::waitTest
  @Test
  void answersComeInTheOrderOfTheMessages() {
    TestClient ada = actors.connect("/translator/a");
    ada.send("star");
    ada.send("live"); // waits until the turn before has ended
    answers.get(0).complete("rats");
    ada.expect("rats");
    answers.get(1).complete("evil");
    ada.expect("evil");
  }

  // end::waitTest

  // tag::sleepTest
  @Test
  void sleepChangesNothing() {
    actors.checkThatSleepChangesNothing(this::theOthersAndTheModeratorHearWhatOneSays);
    actors.checkThatSleepChangesNothing(this::theLastNotesAreKeptAndShown);
  }

  // end::sleepTest

  // tag::migratesTest
  @Test
  void aPersonOfTheFirstReleaseIsRead(@TempDir Path data) throws Exception {
    var options = ServerOptions.defaults().port(0).adminPort(0).data(data);
    var first =
        Dormouse.server()
            .actor(
                "/profile/:key",
                FirstProfile.class,
                FirstProfile::new,
                o -> o.stores(FirstProfile.User.class));
    try (DormouseServer old = first.open(options)) {
      TestSocket ada = new TestSocket(old, "/profile/a");
      ada.send("Ada Lovelace");
      assertEquals("stored", ada.hear());
    }
    var now =
        Dormouse.server().actor("/profile/:key", Profile.class, Profile::new, Profile::options);
    try (DormouseServer latest = now.open(options)) {
      TestSocket ada = new TestSocket(latest, "/profile/a");
      ada.send("who?");
      assertEquals("Lovelace", ada.hear());
    }
  }
  // end::migratesTest
}
