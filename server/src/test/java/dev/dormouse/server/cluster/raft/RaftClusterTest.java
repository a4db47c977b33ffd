package dev.dormouse.server.cluster.raft;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.cluster.raft.TestCluster.Node;
import dev.dormouse.storage.CommitResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
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
    cluster.put(100, "early", "alpha", "beta");
    cluster.node("alpha").log().snapshot().toCompletableFuture().get(20, TimeUnit.SECONDS);
    cluster.node("beta").log().snapshot().toCompletableFuture().get(20, TimeUnit.SECONDS);
    cluster.put(20, "late", "alpha", "beta");

    cluster.start("gamma");

    assertThat(cluster.untilEqual()).hasSize(100);
  }
}
