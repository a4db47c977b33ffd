package com.example.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.OutboundPolicy;
import dev.dormouse.server.Dormouse;
import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.options.ServerOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tests of the guide to the SDK. */
class GuideTest {
  // tag::server
  private static DormouseServer server;

  @BeforeAll
  static void start(@TempDir Path data) {
    server =
        Dormouse.server()
            .actor("/lobby/:key", Lobby.class, Lobby::new)
            .actor("/notes/:key", Notes.class, Notes::new)
            .actor("/countdown/:key", Countdown.class, Countdown::new)
            .actor(
                "/ticker/:key",
                Ticker.class,
                Ticker::new,
                o -> o.outboundPolicy(OutboundPolicy.CONFLATE))
            .actor("/translator/:key", Translator.class, () -> new Translator(new Reverser()))
            .open(ServerOptions.defaults().port(0).adminPort(0).data(data));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static void sleep(String type, String key) {
    server.hibernate(new ActorId(type, key)).toCompletableFuture().join();
  }

  // end::server

  /** Stands in for the other service. */
  private static final class Reverser implements Translator.Service {
    @Override
    public CompletionStage<String> translate(String text) {
      return CompletableFuture.supplyAsync(() -> new StringBuilder(text).reverse().toString());
    }

    @Override
    public CompletionStage<Void> count(String text) {
      return CompletableFuture.completedFuture(null);
    }
  }

  // tag::upgradeTest
  @Test
  void aClientWithoutANameIsRejected() throws Exception {
    assertThrows(CompletionException.class, () -> new TestSocket(server, "/lobby/a"));
    assertEquals("welcome", new TestSocket(server, "/lobby/a?name=ada").hear());
  }

  // end::upgradeTest

  // tag::sendTest
  @Test
  void theOthersAndTheModeratorHearWhatOneSays() throws Exception {
    TestSocket ada = new TestSocket(server, "/lobby/b?name=ada");
    assertEquals("welcome", ada.hear());
    TestSocket bo = new TestSocket(server, "/lobby/b?name=bo");
    assertEquals("welcome", bo.hear());
    bo.send("hello");
    assertEquals("you said hello", bo.hear());
    assertEquals("bo: hello", ada.hear());
    assertEquals("to moderate: hello", ada.hear()); // ada came first
  }

  // end::sendTest

  // tag::attachmentTest
  @Test
  void theSecondWarningClosesEvenIfTheLobbySleptBetween() throws Exception {
    TestSocket ada = new TestSocket(server, "/lobby/c?name=ada");
    assertEquals("welcome", ada.hear());
    ada.send("hey!!");
    assertEquals("you said hey!!", ada.hear());
    assertEquals("to moderate: hey!!", ada.hear());
    sleep("lobby", "c");
    ada.send("hey!!");
    assertEquals("you said hey!!", ada.hear());
    assertEquals("to moderate: hey!!", ada.hear());
    assertEquals("closed 4001", ada.hear());
  }

  // end::attachmentTest

  // tag::closeTest
  @Test
  void theOthersHearWhoLeaves() throws Exception {
    TestSocket ada = new TestSocket(server, "/lobby/d?name=ada");
    assertEquals("welcome", ada.hear());
    TestSocket bo = new TestSocket(server, "/lobby/d?name=bo");
    assertEquals("welcome", bo.hear());
    bo.close();
    assertEquals("bo left", ada.hear());
  }

  // end::closeTest

  // tag::pingTest
  @Test
  void aPingIsAnsweredWhileTheLobbySleeps() throws Exception {
    TestSocket ada = new TestSocket(server, "/lobby/e?name=ada");
    assertEquals("welcome", ada.hear());
    sleep("lobby", "e");
    long wakes = server.status(new ActorId("lobby", "e")).wakes();
    ada.send("ping");
    assertEquals("pong", ada.hear());
    assertEquals(wakes, server.status(new ActorId("lobby", "e")).wakes());
  }

  // end::pingTest

  // tag::notesTest
  @Test
  void theLastNotesAreKeptAndShown() throws Exception {
    TestSocket ada = new TestSocket(server, "/notes/a");
    for (int number = 1; number <= 4; number++) {
      ada.send("note " + number);
      assertEquals("kept as " + number, ada.hear());
    }
    sleep("notes", "a");
    URI uri = URI.create("http://127.0.0.1:" + server.port() + "/notes/a");
    var answer =
        HttpClient.newHttpClient()
            .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
    assertEquals("note 4\nnote 3\nnote 2", answer.body());
  }

  // end::notesTest

  // tag::alarmTest
  @Test
  void anAlarmWakesTheActor() throws Exception {
    TestSocket ada = new TestSocket(server, "/countdown/a");
    ada.send("1");
    assertEquals("started", ada.hear());
    sleep("countdown", "a");
    assertEquals("done", ada.hear());
  }

  // end::alarmTest

  @Test
  void pricesGoToTheOthersAndBytesComeBack() throws Exception {
    TestSocket exchange = new TestSocket(server, "/ticker/a");
    TestSocket client = new TestSocket(server, "/ticker/a");
    exchange.send("ACME 42.10");
    assertEquals("ACME 42.10", client.hear());
    client.send(new byte[] {1, 2, 3});
    assertEquals("3 bytes", client.hear());
  }

  // tag::waitTest
  @Test
  void answersComeInTheOrderOfTheMessages() throws Exception {
    TestSocket ada = new TestSocket(server, "/translator/a");
    ada.send("star");
    ada.send("live");
    assertEquals("rats", ada.hear());
    assertEquals("evil", ada.hear());
  }

  // end::waitTest

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
