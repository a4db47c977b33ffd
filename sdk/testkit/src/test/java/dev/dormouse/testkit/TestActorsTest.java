package dev.dormouse.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.FailurePolicy;
import dev.dormouse.sdk.OutboundPolicy;
import dev.dormouse.sdk.User;
import dev.dormouse.server.host.ActorStatus.State;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TestActorsTest {
  private static final String OF_A_SERVER = "(?i).*(dormouse|netty|vert|event|alarm|round|pool).*";

  private final CompletableFuture<String> stage = new CompletableFuture<>();

  @RegisterExtension
  final TestActors actors =
      TestActors.of(
          "/parlor/:key",
          Parlor.class,
          () -> new Parlor(stage),
          o -> o.outboundBytesMax(10_000).outboundPolicy(OutboundPolicy.CLOSE));

  private TestClient ann() {
    TestClient ann = actors.connect("/parlor/a?name=ann");
    ann.expect("welcome ann");
    return ann;
  }

  @Test
  void aHibernatedActorKeepsAttachmentsAndLosesFields() {
    TestClient ann = ann();
    ann.send("field");
    ann.expect("1");
    actors.hibernate("/parlor/a");
    assertThat(actors.status("/parlor/a").state()).isEqualTo(State.ASLEEP);
    ann.send("field");
    ann.expect("1");
    ann.send("count");
    ann.expect("3");
    assertThat(actors.status("/parlor/a").wakes()).isEqualTo(2);
  }

  @Test
  void aCrashKeepsWhatWasCommittedAndClosesAll() {
    TestClient ann = ann();
    ann.send("keep this");
    actors.crash();
    ann.expectClosed(CloseReason.ABNORMAL);
    assertThat(actors.stored("/parlor/a")).contains("last = ann PROCESS_DIED");
    TestClient bob = actors.connect("/parlor/a?name=bob");
    bob.send("kept");
    bob.expect("welcome bob", "this");
  }

  @Test
  void aCrashForgetsAnOpenTurn() {
    TestClient ann = ann();
    ann.send("wait");
    ann.expectNothing();
    actors.crash();
    stage.complete("late");
    ann.expectClosed(1006);
    assertThat(actors.stored("/parlor/a")).doesNotContain("kept");
  }

  @Test
  void aTurnThatWaitsEndsWhenTheTestCompletesItsStage() {
    TestClient ann = ann();
    ann.send("wait");
    assertThatThrownBy(() -> actors.hibernate("/parlor/a"))
        .hasMessageContaining("kept awake by")
        .hasMessageContaining("waitFor in a turn");
    stage.complete("done");
    ann.expect("done");
  }

  @Test
  void aTurnThatWaitsTooLongIsAbandoned() {
    TestClient ann = ann();
    ann.send("wait");
    actors.advance(Duration.ofSeconds(31));
    ann.send("kept");
    ann.expect("nothing");
  }

  @Test
  void aRestartTellsClientsAndActors() {
    TestClient ann = ann();
    actors.restart();
    ann.expectClosed(1012);
    assertThat(actors.stored("/parlor/a")).contains("last = ann SHUTDOWN");
  }

  @Test
  void aResetActorKeepsItsConnections() {
    TestClient ann = ann();
    ann.send("field");
    actors.reset("/parlor/a");
    ann.send("field");
    ann.expect("1", "1");
  }

  @Test
  void alarmsRingAtTheirTimeAndWakeTheActor() {
    TestClient ann = ann();
    ann.send("alarm tea");
    actors.advance(Duration.ofMinutes(59));
    assertThat(actors.status("/parlor/a").state()).isEqualTo(State.ASLEEP);
    ann.expectNothing();
    actors.advance(Duration.ofMinutes(1));
    ann.expect("alarm tea");
    assertThat(actors.transcript()).contains("01:00:00.000  client 1  heard \"alarm tea\"");
  }

  @Test
  void anAlarmOutlivesACrashAndAWeek() {
    TestClient ann = ann();
    ann.send("alarm tea");
    actors.crash();
    TestClient bob = actors.connect("/parlor/a?name=bob");
    actors.advance(Duration.ofDays(7));
    bob.expect("welcome bob", "alarm tea");
    assertThat(bob.isOpen()).isTrue();
    assertThat(actors.now()).isEqualTo("2026-01-08T00:00:00Z");
  }

  @Test
  void aFailedHandlerLeavesNoTrace() {
    TestClient ann = ann();
    ann.send("fail");
    ann.send("kept");
    ann.expect("nothing");
    assertThat(actors.takeFailures()).singleElement().asString().contains("as told");
    assertThat(actors.transcript()).contains("message of connection 1.1: FAILED");
  }

  @Test
  void anExpectationThatFailsTellsWhatHappened() {
    TestClient ann = ann();
    ann.send("fail");
    assertThatThrownBy(() -> ann.expect("never"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("client 1 (/parlor/a?name=ann) expected \"never\" and heard nothing")
        .hasMessageContaining("00:00:00.000  client 1  said \"fail\"")
        .hasMessageContaining("actor parlor/a  message of connection 1.1: FAILED")
        .satisfies(
            e -> assertThat(e.getSuppressed()).anyMatch(s -> s.getMessage().contains("as told")));
    assertThatThrownBy(() -> ann.expectClosed(1000)).hasMessageContaining("is open");
  }

  @Test
  void aRefusedCommitIsNotKept() {
    TestClient ann = ann();
    ann.send("keep one");
    actors.faults().refuseNextCommit();
    ann.send("keep two");
    ann.expectClosed(1013);
    assertThat(actors.stored("/parlor/a")).contains("kept = one", "last = ann ACTOR");
  }

  @Test
  void aCommitInDoubtIsThereAfterTheCrash() {
    TestClient ann = ann();
    actors.faults().keepNextCommitInDoubt();
    ann.send("keep two");
    actors.crash();
    assertThat(actors.stored("/parlor/a")).contains("kept = two");
    TestClient bob = actors.connect("/parlor/a?name=bob");
    actors.faults().loseNextCommit();
    bob.send("keep three");
    bob.expectClosed(1011);
    actors.crash();
    assertThat(actors.stored("/parlor/a")).contains("kept = two");
  }

  @Test
  void aFullDiskRefusesUntilThereIsRoom() {
    TestClient ann = ann();
    actors.faults().fillDisk();
    ann.send("keep it");
    ann.expectClosed(1013, "the server cannot store anything now");
    assertThat(actors.request("/parlor/a?name=bob").refusal().status()).isEqualTo(503);
    assertThat(actors.get("/parlor/a").status()).isEqualTo(200);
    actors.faults().freeDisk();
    actors.advance(Duration.ofSeconds(10));
    assertThat(actors.stored("/parlor/a")).contains("last = ann").doesNotContain("kept");
  }

  @Test
  void readsThatFailAreTriedAgainLater() {
    TestClient ann = ann();
    actors.hibernate("/parlor/a");
    actors.faults().failReads();
    ann.send("count");
    ann.expectNothing();
    actors.faults().mendReads();
    actors.advance(Duration.ofSeconds(2));
    ann.expect("1");
  }

  @Test
  void aSlowClientIsClosedAfterAWhile() {
    TestClient ann = ann();
    ann.stopReading();
    ann.send("flood");
    assertThat(ann.isOpen()).isTrue();
    actors.advance(Duration.ofSeconds(31));
    ann.startReading();
    ann.expectClosed(1013, "reads too slowly");
  }

  @Test
  void aClientThatReadsAgainInTimeHearsEverything() {
    TestClient ann = ann();
    ann.stopReading();
    ann.send("flood");
    ann.expectNothing();
    ann.startReading();
    assertThat(ann.texts()).hasSize(40);
  }

  @Test
  void requestsHaveHeadersUsersAndTags() {
    TestClient cat = actors.request("/parlor/a").user(new User("cat")).connect();
    TestClient dan = actors.request("/parlor/a").header("X-Name", "dan").connect();
    assertThat(cat.tags()).containsExactly("guest", "c");
    dan.send("tagged c");
    cat.expect("welcome cat", "dan joined", "to c");
    dan.expect("welcome dan");
    dan.expectNothing();
    assertThat(dan.id().toString()).isEqualTo("1.2");
    assertThat(actors.request("/parlor/a").refusal().status()).isEqualTo(403);
    assertThat(actors.request("/parlor/a").post("hi").body()).asString().isEqualTo("POST hi");
  }

  @Test
  void sleepChangesNothingForAnActorThatKeepsNothingInFields() {
    actors.checkThatSleepChangesNothing(
        () -> {
          TestClient ann = ann();
          ann.send("hello");
          ann.send("keep x");
          ann.send("alarm tea");
          actors.advance(Duration.ofHours(2));
          TestClient bob = actors.connect("/parlor/a?name=bob");
          bob.close();
          ann.send("count");
        });
  }

  @Test
  void sleepChangesSomethingForAnActorThatCountsInAField() {
    assertThatThrownBy(
            () ->
                actors.checkThatSleepChangesNothing(
                    () -> {
                      TestClient ann = ann();
                      ann.send("field");
                      ann.send("field");
                    }))
        .hasMessageContaining("sleep changes something")
        .hasMessageContaining("heard \"2\"");
  }

  @Test
  void thePolicyForFailuresIsThatOfTheServer() {
    try (TestActors strict =
        TestActors.of(
            "/p/:key", Parlor.class, Parlor::new, o -> o.failurePolicy(FailurePolicy.CLOSE))) {
      TestClient ann = strict.connect("/p/a?name=ann");
      ann.send("fail");
      ann.expectClosed(1011);
    }
  }

  @Test
  void anUnknownPathSaysWhichThereAre() {
    assertThatThrownBy(() -> actors.hibernate("/hall/a"))
        .hasMessage("the path '/hall/a' leads to no actor; the paths are [/parlor/:key]");
    assertThat(actors.get("/hall/a").status()).isEqualTo(404);
  }

  @Test
  void anAlarmThatIsDueAtOnceRingsWithoutTime() {
    TestClient ann = ann();
    ann.send("now tea");
    ann.expectNothing();
    actors.advance(Duration.ZERO);
    ann.expect("alarm tea");
  }

  @Test
  void noThreadIsStarted() {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    TestClient ann = ann();
    ann.send("alarm tea");
    actors.advance(Duration.ofHours(2));
    actors.crash();
    Set<Thread> started = new HashSet<>(Thread.getAllStackTraces().keySet());
    started.removeAll(before);
    assertThat(started).extracting(Thread::getName).noneMatch(name -> name.matches(OF_A_SERVER));
  }

  @Test
  void aTestCallsAnActorAsCodeOutsideDoes() {
    TestClient ann = ann();
    var parlor = actors.actor(Parlor.class, "a");
    Parlor.Announce tea = new Parlor.Announce("tea");
    assertThat(parlor.ask(tea).toCompletableFuture()).isCompletedWithValue(1);
    ann.expect("tea");
    actors.crash();
    assertThat(parlor.ask(tea).toCompletableFuture()).isCompletedWithValue(0);
    assertThat(parlor.tell(tea).toCompletableFuture()).isCompleted();
    assertThat(parlor.id().toString()).isEqualTo("parlor/a");
  }

  @Test
  void actorsCallEachOtherAndSleepChangesNothing() {
    Runnable steps =
        () -> {
          TestClient ann = ann();
          TestClient bob = actors.connect("/parlor/b?name=bob");
          ann.send("next b");
          ann.expect("1 there");
          bob.expect("welcome bob", "ann knocks");
        };
    steps.run();
    actors.checkThatSleepChangesNothing(steps);
  }
}
