package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Alarms;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.alarm.AlarmCounts;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.MemoryDisk;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AlarmsTest {
  private static final Duration HOUR = Duration.ofHours(1);

  private final ManualTime time = new ManualTime();
  private final MemoryDisk disk = new MemoryDisk();
  private final Clockwork clockwork = new Clockwork();
  private TestHost node = new TestHost(disk, clockwork, time);

  /**
   * Obeys a message, which may hold several orders separated by {@code ;}: {@code at name ms},
   * {@code after name ms}, {@code cancel name}, {@code list}, {@code throw}.
   */
  private final class Clockwork extends Script {
    /** All attempts, as {@code name attempt}, those of failed turns included. */
    final List<String> attempts = new ArrayList<>();

    String inHandler = "";
    boolean isFailing;
    boolean isActivationFailing;
    CompletableFuture<Void> awaited = CompletableFuture.completedFuture(null);

    @Override
    void onActivate(Actor self) throws IOException {
      if (isActivationFailing) {
        throw new IOException("as asked");
      }
    }

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) throws IOException {
      obey(self, text);
    }

    @Override
    void onAlarm(Actor self, Alarm alarm) throws IOException {
      attempts.add(alarm.name() + " " + alarm.attempt());
      self.all().broadcast(alarm.name() + " " + alarm.attempt() + " " + msSince(alarm.due()));
      self.store().increment("rung", 1);
      obey(self, inHandler);
      self.await(awaited);
      if (isFailing) {
        throw new IOException("as asked");
      }
    }

    private void obey(Actor self, String commands) throws IOException {
      for (String command : commands.split(";", -1)) {
        String[] words = command.strip().split(" ", -1);
        switch (words[0]) {
          case "at" -> self.clock().at(words[1], instant(Long.parseLong(words[2])));
          case "after" -> self.clock().after(words[1], Duration.ofMillis(Long.parseLong(words[2])));
          case "cancel" -> self.all().broadcast("cancelled " + self.clock().cancel(words[1]));
          case "get" -> self.all().broadcast(self.clock().get(words[1]).toString());
          case "list" -> self.all().broadcast(list(self.clock().list()));
          case "throw" -> throw new IOException("as asked");
          default -> {}
        }
      }
    }

    private String list(List<Alarm> alarms) {
      return String.join(
          ",", alarms.stream().map(alarm -> alarm.name() + ":" + -msSince(alarm.due())).toList());
    }
  }

  private Instant instant(long msFromNow) {
    return Instant.ofEpochMilli(time.wallMs() + msFromNow);
  }

  private long msSince(Instant instant) {
    return time.wallMs() - instant.toEpochMilli();
  }

  private void restart() {
    node = new TestHost(disk, clockwork, time);
  }

  /** Returns the texts that alarm handlers sent since the last call. */
  private List<String> said() {
    return node.texts().stream().map(text -> text.replace("all:", "")).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"at", "after"})
  void anAlarmRingsOnceAtItsTimeAndIsGone(String how) {
    ConnectionId ada = node.connect("ada");
    node.message(ada, how + " end 1000; list");
    assertThat(said()).containsExactly("end:1000");
    node.ringAfter(Duration.ofMillis(999));
    assertThat(said()).isEmpty();
    assertThat(node.host.alarms(TestHost.ROOM)).hasSize(1);
    node.ringAfter(Duration.ofMillis(1));
    assertThat(said()).containsExactly("end 1 0");
    node.ringAfter(HOUR);
    node.message(ada, "list");
    assertThat(said()).containsExactly("");
    assertThat(node.host.alarms(TestHost.ROOM)).isEmpty();
    assertThat(node.host.alarmCounts()).isEqualTo(new AlarmCounts(0, 1, 0, 0, 0));
  }

  @Test
  void anAlarmIsSetCancelledAndMovedByItsName() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "at b 2000; after a 1000; at c 3000");
    node.message(ada, "list; get b; cancel nothing");
    assertThat(said())
        .containsExactly(
            "a:1000,b:2000,c:3000",
            "Optional[" + new Alarm("b", instant(2_000), 1, 7) + "]",
            "cancelled false");
    node.message(ada, "after c 500; cancel a; list; after a 4000; list; get nothing");
    assertThat(said())
        .containsExactly("cancelled true", "c:500,b:2000", "c:500,b:2000,a:4000", "Optional.empty");
    node.ringAfter(Duration.ofMillis(3_999));
    assertThat(clockwork.attempts).containsExactlyInAnyOrder("c 1", "b 1");
    node.ringAfter(Duration.ofMillis(1));
    assertThat(clockwork.attempts).endsWith("a 1").hasSize(3);
  }

  @Test
  void whatAFailedTurnSetOrCancelledIsVoid() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "at keep 1000; at move 2000");
    node.message(ada, "cancel keep; at move 50; at new 50; throw");
    node.message(ada, "list");
    assertThat(said()).containsExactly("keep:1000,move:2000");
    node.ringAfter(Duration.ofSeconds(1));
    assertThat(clockwork.attempts).containsExactly("keep 1");
  }

  @Test
  void anAlarmIsThereOnlyOnceItsTurnIsCommitted() {
    ConnectionId ada = node.connect("ada");
    node.store.hold();
    node.message(ada, "after a 0");
    node.message(ada, "list");
    node.ringAfter(HOUR);
    assertThat(clockwork.attempts).isEmpty();
    node.store.letAllThrough();
    node.ring();
    assertThat(clockwork.attempts).containsExactly("a 1");
    assertThat(said()).containsExactly("a:0", "a 1 3600000");
  }

  @Test
  void aHibernatedActorIsWokenAndItsConnectionsHearOfIt() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "after a 60000");
    node.tickAfter(Duration.ofSeconds(10));
    assertThat(node.host.activeActors()).as("an alarm is no pin").isZero();
    node.heard();
    node.ringAfter(Duration.ofSeconds(50));
    assertThat(said()).containsExactly("a 1 0");
    assertThat(node.status().wakes()).isEqualTo(2);
    node.tickAfter(Duration.ofSeconds(10));
    assertThat(node.host.activeActors()).isZero();
  }

  @Test
  void anActorWithoutConnectionsIsWoken() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "after a 60000");
    node.close(ada, 1000);
    node.hibernate();
    assertThat(node.status().state()).isEqualTo(ActorStatus.State.INACTIVE);
    node.ringAfter(HOUR);
    assertThat(clockwork.attempts).containsExactly("a 1");
  }

  @Test
  void anAlarmThatIsSetInItsOwnHandlerRingsAgain() {
    ConnectionId ada = node.connect("ada");
    clockwork.inHandler = "list; after tick 1000; list";
    node.message(ada, "after tick 1000");
    for (int i = 0; i < 3; i++) {
      assertThat(said()).isEmpty();
      node.ringAfter(Duration.ofSeconds(1));
      assertThat(said()).containsExactly("tick 1 0", "", "tick:1000");
    }
    clockwork.inHandler = "at tick 0; cancel tick; at other 0";
    node.ringAfter(Duration.ofSeconds(1));
    clockwork.inHandler = "";
    node.ring();
    assertThat(clockwork.attempts)
        .containsExactly("tick 1", "tick 1", "tick 1", "tick 1", "other 1");
  }

  @Test
  @DisplayName("A3: want of file handles is no attempt of an alarm, however long it lasts")
  void wantOfFileHandlesIsNoAttemptOfAnAlarm() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "after a 0");
    node.store.failReadsForWantOfHandles(key -> key.equals("rung"));
    node.ring();
    for (int i = 0; i < 2 * Alarms.ATTEMPTS_DEFAULT; i++) {
      node.ringAfter(Duration.ofSeconds(3));
    }
    assertThat(clockwork.attempts).hasSize(2 * Alarms.ATTEMPTS_DEFAULT + 1).containsOnly("a 1");
    assertThat(said()).isEmpty();
    node.store.failReads(key -> false);
    node.ringAfter(Duration.ofSeconds(3));
    assertThat(said()).singleElement().asString().startsWith("a 1 ");
  }

  @Test
  void aHandlerThatThrowsIsTriedAgainSixTimesLaterAndLaterAndThenGivenUp() {
    ConnectionId ada = node.connect("ada");
    clockwork.isFailing = true;
    node.message(ada, "after a 0; after a 0");
    node.ring();
    long leastMs = 2_000;
    for (int attempt = 1; attempt < Alarms.ATTEMPTS_DEFAULT; attempt++) {
      assertThat(clockwork.attempts).hasSize(attempt).endsWith("a " + attempt);
      if (attempt == 3) {
        restart();
        node.ring();
      }
      node.ringAfter(Duration.ofMillis(leastMs - 1));
      assertThat(clockwork.attempts).as("at least %d ms", leastMs).hasSize(attempt);
      node.ringAfter(Duration.ofMillis(leastMs / 2 + 1));
      leastMs *= 2;
    }
    assertThat(clockwork.attempts).hasSize(Alarms.ATTEMPTS_DEFAULT);
    assertThat(said()).as("a failed turn says nothing").isEmpty();
    node.ringAfter(HOUR);
    assertThat(clockwork.attempts).hasSize(Alarms.ATTEMPTS_DEFAULT);
    assertThat(node.host.alarms(TestHost.ROOM)).isEmpty();
    assertThat(node.host.alarmCounts()).isEqualTo(new AlarmCounts(0, 4, 3, 1, 0));
  }

  @Test
  void whatAFailedAttemptDidLeavesNoTraceAndTheNextOneMaySucceed() {
    ConnectionId ada = node.connect("ada");
    clockwork.isFailing = true;
    clockwork.inHandler = "after other 0; cancel bystander; after a 5";
    node.message(ada, "at a 0; at bystander 100000");
    Instant due = instant(0);
    node.ring();
    clockwork.inHandler = "list; get a";
    clockwork.isFailing = false;
    assertThat(node.host.alarms(TestHost.ROOM))
        .containsExactly(
            new Alarm("a", due, 2, 7), new Alarm("bystander", due.plusMillis(100_000), 1, 7));
    node.ringAfter(Duration.ofSeconds(3));
    assertThat(said()).containsExactly("a 2 3000", "bystander:97000", "Optional.empty");
    assertThat(clockwork.attempts).containsExactly("a 1", "a 2");
  }

  @Test
  void anAlarmThatIsSetAnewBetweenTwoAttemptsBeginsAtTheFirst() {
    ConnectionId ada = node.connect("ada");
    clockwork.isFailing = true;
    node.message(ada, "after a 0; after b 0");
    node.ring();
    node.message(ada, "after a 10000; cancel b");
    clockwork.isFailing = false;
    node.ringAfter(Duration.ofMillis(9_999));
    assertThat(clockwork.attempts).containsExactly("a 1", "b 1");
    node.ringAfter(Duration.ofMillis(1));
    assertThat(clockwork.attempts).containsExactly("a 1", "b 1", "a 1");
  }

  @Test
  void anAlarmWhoseActorCannotBeActivatedIsPutOffAndLosesNoAttempt() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "after a 1000");
    node.hibernate();
    clockwork.isActivationFailing = true;
    node.ringAfter(Duration.ofSeconds(1));
    for (int i = 0; i < 20; i++) {
      assertThat(node.host.alarms(TestHost.ROOM))
          .singleElement()
          .matches(alarm -> !alarm.isRetry());
      node.tickAfter(Duration.ofSeconds(50));
      node.ringAfter(Duration.ofSeconds(50));
    }
    assertThat(node.host.alarmCounts().rung()).as("tried again and again").isGreaterThan(10);
    clockwork.isActivationFailing = false;
    node.tickAfter(Duration.ofSeconds(50));
    node.ringAfter(Duration.ofSeconds(50));
    assertThat(clockwork.attempts).containsExactly("a 1");
  }

  @Test
  void aTurnThatTakesTooLongIsAFailedAttempt() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "after a 0");
    clockwork.awaited = new CompletableFuture<>();
    node.ring();
    node.tickAfter(Duration.ofSeconds(30));
    clockwork.awaited = CompletableFuture.completedFuture(null);
    node.ringAfter(Duration.ofSeconds(3));
    assertThat(clockwork.attempts).containsExactly("a 1", "a 2");
  }

  @Test
  void whatWasDueWhileNothingRanComesAfterTheNextStart() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "at a 1000; after b 1000; at c 7200000; after d 7200000");
    time.advance(HOUR);
    restart();
    node.ring();
    assertThat(clockwork.attempts).containsExactlyInAnyOrder("a 1", "b 1");
    node.ringAfter(HOUR.minusMillis(1));
    assertThat(clockwork.attempts).hasSize(2);
    node.ringAfter(Duration.ofMillis(1));
    assertThat(clockwork.attempts).hasSize(4).contains("c 1", "d 1");
  }

  @Test
  void theWallClockThatJumpsMovesAlarmsThatGoByItAndNoOthers() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "at day 3600000; after running 3600000");
    node.ring();
    time.jumpWall(HOUR.negated());
    node.message(ada, "list");
    assertThat(said()).containsExactly("running:3600000,day:7200000");
    node.ringAfter(HOUR);
    assertThat(clockwork.attempts).containsExactly("running 1");
    assertThat(said()).containsExactly("running 1 0");
    node.message(ada, "after running 3600000");
    time.jumpWall(HOUR);
    node.ring();
    assertThat(clockwork.attempts).containsExactly("running 1", "day 1");
    node.ringAfter(HOUR.minusMillis(1));
    assertThat(clockwork.attempts).hasSize(2);
    node.ringAfter(Duration.ofMillis(1));
    assertThat(clockwork.attempts).containsExactly("running 1", "day 1", "running 1");
  }

  @Test
  void aWallClockThatJumpedBeforeARestartDoesNotCount() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "after a 3600000; after b 10800000");
    time.jumpWall(Duration.ofDays(20_000));
    node.ring();
    restart();
    node.ringAfter(HOUR.minusMillis(1));
    assertThat(clockwork.attempts).isEmpty();
    node.ringAfter(Duration.ofMillis(1));
    assertThat(clockwork.attempts).containsExactly("a 1");
    time.jumpWall(Duration.ofDays(-10_000));
    node.ring();
    restart();
    node.ringAfter(Duration.ofHours(2).minusMillis(1));
    assertThat(clockwork.attempts).containsExactly("a 1");
    node.ringAfter(Duration.ofMillis(1));
    assertThat(clockwork.attempts).containsExactly("a 1", "b 1");
  }

  @Test
  @DisplayName("A wall clock set back while nothing runs makes a delay longer by a minute at most")
  void wallClockSetBackWhileDown() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "after a 3600000");
    node.ring();
    node.ringAfter(Duration.ofMinutes(30));
    node.ringAfter(Duration.ofSeconds(59));
    time.jumpWall(Duration.ofDays(-400));
    restart();
    node.ringAfter(Duration.ofMinutes(30).minusMillis(1));
    assertThat(clockwork.attempts).isEmpty();
    node.ringAfter(Duration.ofMillis(1));
    assertThat(clockwork.attempts).containsExactly("a 1");
  }

  @Test
  void anAlarmWhoseCommitIsOnItsWayIsNotRungAgainAndOneWhoseCommitWasLostIs() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "after a 0");
    node.store.hold();
    node.ring();
    node.ringAfter(Duration.ofMillis(2_500));
    node.ringAfter(Duration.ofMillis(2_500));
    assertThat(clockwork.attempts).containsExactly("a 1");
    assertThat(node.store.waiting()).isEqualTo(1);
    node.store.lose(new CommitResult.Unknown(new IOException("as asked")));
    node.store.letAllThrough();
    node.steps.runAll();
    node.ringAfter(Duration.ofMillis(2_500));
    node.ringAfter(Duration.ofMillis(2_500));
    assertThat(clockwork.attempts).containsExactly("a 1", "a 1");
    assertThat(node.host.alarms(TestHost.ROOM)).isEmpty();
    assertThat(node.host.alarmCounts().underWay()).isZero();
  }

  @Test
  void aRetryWhoseCommitWasLostIsTheSameAttemptAgain() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "after a 0");
    clockwork.isFailing = true;
    node.store.hold();
    node.ring();
    node.store.lose(new CommitResult.Unknown(new IOException("as asked")));
    node.store.letAllThrough();
    node.steps.runAll();
    clockwork.isFailing = false;
    node.ringAfter(Duration.ofMillis(4_999));
    assertThat(clockwork.attempts).containsExactly("a 1");
    node.ringAfter(Duration.ofMillis(1));
    assertThat(clockwork.attempts).containsExactly("a 1", "a 1");
    assertThat(node.host.alarms(TestHost.ROOM)).isEmpty();
  }

  @Test
  void anAlarmThatIsCancelledOrMovedWhileItWaitsForItsActorDoesNotRing() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "after gone 0; after moved 0; after stays 0");
    node.offer(ada, "cancel gone; after moved 1000");
    node.ring();
    assertThat(clockwork.attempts).containsExactly("stays 1");
    node.ringAfter(Duration.ofSeconds(1));
    node.ringAfter(HOUR);
    assertThat(clockwork.attempts).containsExactly("stays 1", "moved 1");
    assertThat(node.host.alarmCounts().underWay()).isZero();
  }

  @Test
  void theServerThatStopsFinishesWhatWasHandedOutAndRingsNoMore() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "after a 0; after b 1000");
    node.host.ringAlarms();
    CompletableFuture<Void> stopped = node.host.stop();
    node.steps.runAll();
    assertThat(stopped).isCompleted();
    node.ringAfter(HOUR);
    assertThat(clockwork.attempts).containsExactly("a 1");
    assertThat(node.host.activeActors()).isZero();
    restart();
    node.ring();
    assertThat(clockwork.attempts).containsExactly("a 1", "b 1");
  }
}
