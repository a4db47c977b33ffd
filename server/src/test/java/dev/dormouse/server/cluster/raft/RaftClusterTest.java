package dev.dormouse.server.cluster.raft;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.cluster.raft.TestCluster.Node;
import dev.dormouse.storage.CommitResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests three nodes that keep each other's rows, over real links and on real disks. */
class RaftClusterTest {
  @TempDir Path folder;
  private TestCluster cluster;

  @BeforeEach
  void make() {
    cluster = new TestCluster(folder, 4, false);
  }

  @AfterEach
  void close() throws Exception {
    cluster.close();
    assertThat(cluster.fatal).isEmpty();
  }

  @Test
  void aThousandTurnsAreTheSameOnAllNodes() throws Exception {
    cluster.start("alpha", "beta", "gamma");
    cluster.untilOwned("alpha", "beta", "gamma");

    for (int round = 0; round < 10; round++) {
      cluster.put(100, "round " + round, "alpha", "beta", "gamma");
    }

    assertThat(cluster.untilEqual()).hasSize(100);
    cluster.check("alpha", "beta", "gamma");
    String id = cluster.node("alpha").log().cluster();
    assertThat(id).isNotNull();
    cluster.until(
        "all nodes know the cluster",
        () ->
            TestCluster.NAMES.stream()
                .allMatch(name -> id.equals(cluster.node(name).log().cluster())));
    cluster.stop("alpha", "beta", "gamma");
    cluster.start("alpha");
    assertThat(cluster.node("alpha").log().cluster()).isEqualTo(id);
  }

  @Test
  void anOwnerThatStopsIsReplacedAndNothingAnsweredIsLost() throws Exception {
    cluster.start("alpha", "beta", "gamma");
    cluster.untilOwned("alpha", "beta", "gamma");
    cluster.put(50, "before", "alpha", "beta", "gamma");
    Node owner = cluster.ownerOf(TestCluster.actor(0), TestCluster.NAMES);

    cluster.stop(owner.name());
    String[] left =
        TestCluster.NAMES.stream().filter(n -> !n.equals(owner.name())).toArray(String[]::new);
    cluster.untilOwned(left);

    cluster.check(left);
    cluster.put(30, "after", left);
    cluster.check(left);

    cluster.start(owner.name());
    assertThat(cluster.untilEqual()).hasSize(50);
  }

  @Test
  void aNodeThatIsCutOffAnswersNothingAndCatchesUp() throws Exception {
    cluster.start("alpha", "beta", "gamma");
    cluster.untilOwned("alpha", "beta", "gamma");
    cluster.put(50, "before", "alpha", "beta", "gamma");
    ActorId actor = TestCluster.actor(0);
    Node owner = cluster.ownerOf(actor, TestCluster.NAMES);
    int group = owner.store().groupOf(actor);
    long epoch = owner.store().epoch(group);
    String[] others =
        TestCluster.NAMES.stream().filter(n -> !n.equals(owner.name())).toArray(String[]::new);

    cluster.cut(owner.name());
    List<CompletionStage<CommitResult>> answers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      answers.add(TestCluster.commit(owner, actor, "minority " + i));
    }
    answers.add(owner.store().confirm(group, epoch));
    cluster.untilOwned(others);
    for (CompletionStage<CommitResult> answer : answers) {
      assertThat(answer.toCompletableFuture().get(30, TimeUnit.SECONDS))
          .isNotInstanceOf(CommitResult.Done.class);
    }
    assertThat(cluster.ownerOf(actor, List.of(others)).store().epoch(group)).isGreaterThan(epoch);
    cluster.put(50, "majority", others);

    cluster.heal();
    assertThat(cluster.untilEqual()).hasSize(50);
    cluster.untilOwned("alpha", "beta", "gamma");
    cluster.check("alpha", "beta", "gamma");
  }

  @Test
  void whatWasAnsweredSurvivesTheStopOfAllNodes() throws Exception {
    cluster.start("alpha", "beta", "gamma");
    cluster.untilOwned("alpha", "beta", "gamma");
    cluster.put(100, "kept", "alpha", "beta", "gamma");
    List<Long> runs = new ArrayList<>();
    TestCluster.NAMES.forEach(name -> runs.add(cluster.node(name).store().run()));

    cluster.stop("alpha", "beta", "gamma");
    cluster.start("alpha", "beta", "gamma");
    cluster.untilOwned("alpha", "beta", "gamma");
    TestCluster.NAMES.forEach(name -> runs.add(cluster.node(name).store().run()));

    cluster.check("alpha", "beta", "gamma");
    assertThat(cluster.untilEqual()).hasSize(100);
    assertThat(runs).doesNotHaveDuplicates();
  }

  @Test
  void aNodeThatWasNeverThereTakesWhatTheLogHasNoMore() throws Exception {
    cluster.start("alpha", "beta");
    cluster.untilOwned("alpha", "beta");
    for (int round = 0; round < 2; round++) { // the log is cut behind the last snapshot but one
      cluster.put(100, "early " + round, "alpha", "beta");
      snapshot("alpha");
      snapshot("beta");
    }
    cluster.put(20, "late", "alpha", "beta");

    cluster.start("gamma");
    for (int round = 0; round < 20; round++) {
      cluster.put(20, "meanwhile " + round, "alpha", "beta");
    }

    assertThat(cluster.untilEqual()).hasSize(100);
    assertThat(snapshots("gamma")).as("a snapshot of each group").hasSize(4);
  }

  @Test
  void aDamagedSnapshotIsNotTakenAndTheNextOneIs() throws Exception {
    cluster.start("alpha", "beta");
    cluster.untilOwned("alpha", "beta");
    for (int round = 0; round < 3; round++) {
      cluster.put(40, "early " + round, "alpha", "beta");
      snapshot("alpha");
      snapshot("beta");
    }
    for (Path rows : snapshots("alpha", "beta")) {
      byte[] bytes = Files.readAllBytes(rows);
      bytes[bytes.length / 2] ^= 1;
      Files.write(rows, bytes);
    }
    assertThat(snapshots("alpha")).as("the last two of each group").hasSize(8);

    cluster.start("gamma");
    cluster.put(20, "late", "alpha", "beta");

    assertThat(cluster.untilEqual()).hasSize(40);
    cluster.check("alpha", "beta");
  }

  private void snapshot(String name) throws Exception {
    cluster.node(name).log().snapshot().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private List<Path> snapshots(String... names) throws IOException {
    List<Path> found = new ArrayList<>();
    for (String name : names) {
      try (Stream<Path> files = Files.walk(folder.resolve(name + "-raft").resolve("snapshot"))) {
        files.filter(file -> file.endsWith("rows")).forEach(found::add);
      }
    }
    return found;
  }

  @Test
  void aGroupIsHandedToANodeThatHasItsEntries() throws Exception {
    cluster.start("alpha", "beta");
    cluster.untilOwned("alpha", "beta");
    cluster.put(20, "before", "alpha", "beta");
    ActorId actor = TestCluster.actor(0);
    Node owner = cluster.ownerOf(actor, TestCluster.NAMES);
    Node other = cluster.node(owner.name().equals("alpha") ? "beta" : "alpha");
    int group = owner.store().groupOf(actor);
    long epoch = owner.store().epoch(group);

    assertThat(transfer(owner, group, "gamma")).isInstanceOf(TransferResult.Refused.class);
    assertThat(transfer(owner, group, "nobody")).isInstanceOf(TransferResult.Refused.class);
    assertThat(transfer(other, group, owner.name())).isInstanceOf(TransferResult.Refused.class);
    cluster.until(
        "the other node has all entries",
        () -> owner.log().groups().get(group).lags().get(other.name()) == 0);
    assertThat(owner.log().groups().get(group).lags()).containsKey("gamma");
    assertThat(transfer(owner, group, other.name())).isEqualTo(new TransferResult.Done());
    cluster.until("the other node owns it", () -> other.store().epoch(group) > epoch);
    assertThat(owner.log().groups().get(group).leader()).isEqualTo(other.name());
    assertThat(owner.log().counts().transfers()).isEqualTo(1);
    assertThat(owner.log().counts().transfersFailed()).isEqualTo(1);

    int kept = other.owned();
    assertThat(
            other
                .log()
                .handOverAll(Duration.ofSeconds(10))
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS))
        .isEqualTo(kept);
    cluster.until("one node owns all", () -> owner.owned() == 4);
    cluster.untilOwned(owner.name());
    cluster.check("alpha", "beta");
    cluster.until(
        "a follower hears of the lag",
        () -> other.log().groups().get(0).lag() == owner.log().groups().get(0).lag());
  }

  private static TransferResult transfer(Node from, int group, String to) throws Exception {
    return from.log()
        .transfer(group, to, Duration.ofSeconds(10))
        .toCompletableFuture()
        .get(20, TimeUnit.SECONDS);
  }

  @Test
  void aNodeThatStartsLaterIsHandedItsShare() throws Exception {
    cluster.balance = Duration.ofMillis(300);
    cluster.start("alpha", "beta");
    cluster.untilOwned("alpha", "beta");
    cluster.put(20, "before", "alpha", "beta");

    cluster.start("gamma");
    cluster.until("gamma owns its share", () -> cluster.node("gamma").owned() == 1);

    cluster.untilOwned("alpha", "beta", "gamma");
    cluster.check("alpha", "beta", "gamma");
  }

  @Test
  void aLogThatDoesNotGoOnIsStartedAgainAndThenTheProcessEnds() throws Exception {
    cluster.stall = Duration.ofSeconds(1);
    cluster.start("alpha", "beta", "gamma");
    cluster.untilOwned("alpha", "beta", "gamma");
    lose(true);
    var unused =
        TestCluster.commit(
            cluster.ownerOf(TestCluster.actor(0), TestCluster.NAMES),
            TestCluster.actor(0),
            "lost or not");
    cluster.until("the group is started again", () -> restarts() > 0);
    lose(false);
    cluster.put(30, "after", "alpha", "beta", "gamma");
    assertThat(cluster.untilEqual()).hasSize(30);

    lose(true);
    var unusedToo =
        TestCluster.commit(
            cluster.ownerOf(TestCluster.actor(0), TestCluster.NAMES),
            TestCluster.actor(0),
            "lost or not");
    long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(40);
    while (cluster.fatal.isEmpty() && System.nanoTime() - endNs < 0) {
      LockSupport.parkNanos(2_000_000);
    }
    assertThat(cluster.fatal.values()).first().asString().contains("does not go on");
    cluster.fatal.clear();
  }

  private void lose(boolean isLosing) {
    TestCluster.NAMES.forEach(name -> cluster.node(name).losses().isLosing = isLosing);
  }

  private long restarts() {
    return TestCluster.NAMES.stream()
        .mapToLong(name -> cluster.node(name).log().counts().restarts())
        .sum();
  }

  @Test
  void aNodeThatGetsNoEntriesIsSeenAndMovedOn() throws Exception {
    cluster.stall = Duration.ofSeconds(1);
    cluster.start("alpha", "beta", "gamma");
    cluster.untilOwned("alpha", "beta", "gamma");
    cluster.node("gamma").losses().isLosing = true;
    cluster.put(30, "without gamma", "alpha", "beta", "gamma");

    cluster.until(
        "gamma is seen, and its links and then a group begin again",
        () ->
            counts("alpha").lagging() + counts("beta").lagging() > 0
                && counts("alpha").repairs() + counts("beta").repairs() > 1
                && restarts() > 0);
    cluster.node("gamma").losses().isLosing = false;

    assertThat(cluster.untilEqual()).hasSize(30);
    cluster.until(
        "gamma has moved on", () -> counts("alpha").lagging() + counts("beta").lagging() == 0);
  }

  private RaftCounts counts(String name) {
    return cluster.node(name).log().counts();
  }
}
