package dev.dormouse.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.storage.rows.Table;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

@Timeout(60)
class GroupCommitTest {
  private static final CommitResult BUILT_ON_LOST =
      new CommitResult.Refused("a commit that it builds on was lost");

  private final AtomicReference<Throwable> fatal = new AtomicReference<>();
  private final AtomicInteger fatals = new AtomicInteger();
  private final CountDownLatch fatalTold = new CountDownLatch(1);

  @Test
  void withoutFsyncAnIdleStoreIsWrittenToByTheCaller() {
    List<Thread> writers = new ArrayList<>();
    GroupCommit commits =
        new GroupCommit(
            keeping(writes -> writers.add(Thread.currentThread())), false, this::onFatal);

    CompletionStage<CommitResult> commit = commits.commit(new CommitChain(), writes(1));

    assertThat(commit.toCompletableFuture()).isCompletedWithValue(CommitResult.DONE);
    assertThat(writers).containsExactly(Thread.currentThread());
    commits.close();
  }

  @Test
  void whatComesBeforeAnExecutorsTaskRunsIsWrittenAtOnce() {
    List<Integer> sizes = new ArrayList<>();
    GroupCommit commits =
        new GroupCommit(keeping(writes -> sizes.add(writes.size())), false, this::onFatal);
    List<Runnable> tasks = new ArrayList<>();
    List<Integer> done = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      int number = i;
      commits
          .commit(new CommitChain(tasks::add), writes(1))
          .thenRun(() -> done.add(number)); // each of tasks::add is an executor of its own
    }
    Executor loop = tasks::add;
    for (int i = 5; i < 10; i++) {
      int number = i;
      commits.commit(new CommitChain(loop), writes(1)).thenRun(() -> done.add(number));
    }
    assertThat(tasks).hasSize(6);
    assertThat(sizes).isEmpty();
    tasks.get(5).run();
    assertThat(sizes).containsExactly(5);
    assertThat(done).containsExactly(5, 6, 7, 8, 9);
    tasks.forEach(Runnable::run); // the last task has nothing left to do
    assertThat(sizes).containsExactly(5, 1, 1, 1, 1, 1);
    commits.close();
  }

  @Test
  void anExecutorThatIsHeldUpHoldsUpNoOther() {
    GroupCommit commits = new GroupCommit(keeping(writes -> {}), false, this::onFatal);
    CompletionStage<CommitResult> heldUp = commits.commit(new CommitChain(never -> {}), writes(1));
    ActorStoreContract.done(commits.commit(new CommitChain(), writes(1)));
    ActorStoreContract.done(commits.commit(new CommitChain(Runnable::run), writes(1)));
    assertThat(heldUp.toCompletableFuture()).isNotDone();
    commits.close();
    ActorStoreContract.done(heldUp);
  }

  @Test
  void ifAnExecutorTakesNoMoreTasksTheCallerWrites() {
    GroupCommit commits = new GroupCommit(keeping(writes -> {}), false, this::onFatal);
    Executor closed =
        task -> {
          throw new RejectedExecutionException("closed");
        };
    assertThat(commits.commit(new CommitChain(closed), writes(1)).toCompletableFuture())
        .isCompletedWithValue(CommitResult.DONE);
    commits.close();
  }

  @Test
  void aCommitDoesNotOvertakeThoseThatItsExecutorHasGathered() throws Exception {
    GatedSink sink = new GatedSink();
    GroupCommit commits = new GroupCommit(sink, false, this::onFatal);
    List<Runnable> tasks = new ArrayList<>();
    Executor loop = tasks::add;
    CommitChain chain = new CommitChain(loop);
    List<Integer> done = new ArrayList<>();
    Thread first = new Thread(() -> commits.commit(new CommitChain(), writes(7)));
    first.start();
    sink.awaitWrite();
    CompletionStage<Void> second = commits.commit(chain, writes(1)).thenRun(() -> done.add(1));
    CompletionStage<Void> third = commits.commit(chain, writes(2)).thenRun(() -> done.add(2));
    assertThat(tasks).hasSize(1);
    tasks.get(0).run();
    sink.letPass(2);
    first.join();
    CompletableFuture.allOf(second.toCompletableFuture(), third.toCompletableFuture())
        .get(10, TimeUnit.SECONDS);
    commits.close();
    assertThat(sink.sizes).containsExactly(7, 3);
    assertThat(done).containsExactly(1, 2);
  }

  @Test
  void withoutFsyncTheWriterChangesInTheseWaysAndInNoOther() {
    assertThat(movesOfTheWriter(false))
        .containsExactlyInAnyOrder(
            "NOBODY to CALLER",
            "NOBODY to COMMITTER",
            "NOBODY to ENDED",
            "CALLER to NOBODY",
            "CALLER to COMMITTER",
            "CALLER to SINK",
            "COMMITTER to NOBODY",
            "COMMITTER to SINK",
            "COMMITTER to ENDED",
            "SINK to CALLER",
            "SINK to COMMITTER");
  }

  @Test
  void withFsyncTheCommitterIsTheWriterUntilTheEnd() {
    assertThat(movesOfTheWriter(true))
        .containsExactlyInAnyOrder("COMMITTER to ENDED", "COMMITTER to SINK", "SINK to COMMITTER");
  }

  private static List<String> movesOfTheWriter(boolean isSynced) {
    List<String> moves = new ArrayList<>();
    for (GroupCommit.Writer from : GroupCommit.Writer.values()) {
      for (GroupCommit.Writer to : GroupCommit.Writer.values()) {
        if (from.mayBecome(to, isSynced)) {
          moves.add(from + " to " + to);
        }
      }
    }
    return moves;
  }

  @Test
  void withFsyncTheCommitterWrites() {
    List<String> writers = new ArrayList<>();
    GroupCommit commits =
        new GroupCommit(
            keeping(writes -> writers.add(Thread.currentThread().getName())), true, this::onFatal);

    ActorStoreContract.done(commits.commit(new CommitChain(), writes(1)));

    commits.close();
    assertThat(writers).containsExactly("dormouse-commit");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void commitsThatComeDuringAWriteShareTheNextOne(boolean isSynced) throws Exception {
    GatedSink sink = new GatedSink();
    GroupCommit commits = new GroupCommit(sink, isSynced, this::onFatal);
    Thread first = new Thread(() -> commits.commit(new CommitChain(), writes(1)));
    first.start();
    sink.awaitWrite();

    List<CompletionStage<CommitResult>> waiting = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      waiting.add(commits.commit(new CommitChain(), writes(2)));
    }
    assertThat(waiting).noneMatch(commit -> commit.toCompletableFuture().isDone());
    sink.letPass(2);

    waiting.forEach(ActorStoreContract::done);
    first.join();
    commits.close();
    assertThat(sink.sizes).containsExactly(1, 2_000);
    assertThat(commits.counts().commits()).isEqualTo(1_001);
    assertThat(commits.counts().writes()).isEqualTo(2);
  }

  @Test
  void aRoundIsBoundedByNumberAndByBytes() throws Exception {
    GatedSink sink = new GatedSink();
    GroupCommit commits = new GroupCommit(sink, true, this::onFatal);
    CompletionStage<CommitResult> last = commits.commit(new CommitChain(), writes(1));
    sink.awaitWrite();
    for (int i = 0; i < GroupCommit.ROUND_COMMITS_MAX + 1; i++) {
      commits.commit(new CommitChain(), writes(1));
    }
    byte[] large = new byte[(int) GroupCommit.ROUND_BYTES_MAX];
    for (int i = 0; i < 2; i++) {
      last =
          commits.commit(
              new CommitChain(), List.of(new StoredWrite(Table.VALUE, new byte[1], large)));
    }
    sink.letPass(5);

    ActorStoreContract.done(last);
    commits.close();
    assertThat(sink.sizes).containsExactly(1, GroupCommit.ROUND_COMMITS_MAX, 1, 1, 1);
  }

  @Test
  void aCallerThatWritesForOthersIsLetGo() throws Exception {
    AtomicReference<GroupCommit> commits = new AtomicReference<>();
    List<Thread> writers = new ArrayList<>();
    int turns = 100;
    CountDownLatch reported = new CountDownLatch(turns - 1);
    // Each write hands in the next commit, so that the queue is never empty after a round.
    GroupCommit.Sink sink =
        writes -> {
          writers.add(Thread.currentThread());
          if (writers.size() < turns) {
            commits.get().commit(new CommitChain(), writes(1)).thenRun(reported::countDown);
          }
          return GroupCommit.Sink.KEPT;
        };
    commits.set(new GroupCommit(sink, false, this::onFatal));

    ActorStoreContract.done(commits.get().commit(new CommitChain(), writes(1)));
    reported.await();
    ActorStoreContract.done(commits.get().commit(new CommitChain(), writes(1)));
    commits.get().close();

    assertThat(writers).hasSize(turns + 1);
    assertThat(writers.stream().filter(t -> t == Thread.currentThread()).count())
        .isBetween(1L, turns - 1L);
    assertThat(writers).anyMatch(t -> t.getName().equals("dormouse-commit"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void afterAnIoErrorNothingIsDoneAnyMoreAndTheServerIsToldOnce(boolean isSynced) throws Exception {
    RocksDBException broken = failure(Status.Code.IOError, Status.SubCode.None);
    AtomicInteger attempts = new AtomicInteger();
    GroupCommit commits =
        new GroupCommit(
            writes -> {
              attempts.incrementAndGet();
              throw broken;
            },
            isSynced,
            this::onFatal);

    for (int i = 0; i < 3; i++) {
      assertThat(ActorStoreContract.join(commits.commit(new CommitChain(), writes(1))))
          .isEqualTo(new CommitResult.Unknown(broken));
    }
    assertThat(fatalTold.await(30, TimeUnit.SECONDS)).isTrue();
    commits.close();
    assertThat(fatal.get()).isSameAs(broken);
    assertThat(fatals).hasValue(1);
    assertThat(attempts).hasValue(1);
    assertThat(commits.counts().commits()).isZero();
  }

  @Test
  void anErrorThatIsNoneOfTheEnginesIsFatalToo() throws Exception {
    OutOfMemoryError error = new OutOfMemoryError("made up");
    GroupCommit commits =
        new GroupCommit(
            writes -> {
              throw error;
            },
            true,
            this::onFatal);

    assertThat(ActorStoreContract.join(commits.commit(new CommitChain(), writes(1))))
        .isEqualTo(new CommitResult.Unknown(error));
    assertThat(fatalTold.await(30, TimeUnit.SECONDS)).isTrue();
    commits.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFullDiskIsNotFatalButNoLaterTurnIsKeptWithoutTheLostOne(boolean isSynced) throws Exception {
    RocksDBException full = failure(Status.Code.IOError, Status.SubCode.NoSpace);
    GatedSink sink = new GatedSink();
    sink.failure = full;
    GroupCommit commits = new GroupCommit(sink, isSynced, this::onFatal);
    CommitChain chain = new CommitChain();
    CompletableFuture<CommitResult> lost = new CompletableFuture<>();
    Thread first = new Thread(() -> commits.commit(chain, writes(1)).thenAccept(lost::complete));
    first.start();
    sink.awaitWrite();
    CompletionStage<CommitResult> builtOnIt = commits.commit(chain, writes(2));
    CompletionStage<CommitResult> other = commits.commit(new CommitChain(), writes(3));
    sink.letPass(1);
    sink.awaitWrite();
    sink.failure = null;
    sink.letPass(3);

    assertThat(ActorStoreContract.join(lost)).isEqualTo(new CommitResult.Unknown(full));
    assertThat(ActorStoreContract.join(builtOnIt)).isEqualTo(BUILT_ON_LOST);
    ActorStoreContract.done(other);
    assertThat(ActorStoreContract.join(commits.commit(chain, writes(4)))).isEqualTo(BUILT_ON_LOST);
    ActorStoreContract.done(commits.commit(new CommitChain(), writes(5)));
    first.join();
    commits.close();
    assertThat(sink.sizes).containsExactly(1, 3, 5);
    assertThat(commits.counts().commits()).isEqualTo(2);
    assertThat(fatals).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void withoutRoomNothingIsWrittenUntilThereIsRoom(boolean isSynced) {
    AtomicReference<String> refusal = new AtomicReference<>("no room");
    List<Integer> sizes = new ArrayList<>();
    GroupCommit commits =
        new GroupCommit(
            new GroupCommit.Sink() {
              @Override
              public String refusal(long bytes) {
                return refusal.get();
              }

              @Override
              public CompletionStage<CommitResult> write(List<StoredWrite> writes) {
                sizes.add(writes.size());
                return KEPT;
              }
            },
            isSynced,
            this::onFatal);
    CommitChain chain = new CommitChain();

    assertThat(ActorStoreContract.join(commits.commit(chain, writes(1))))
        .isEqualTo(new CommitResult.Refused("no room"));
    ActorStoreContract.done(commits.commit(new CommitChain(), writes(0))); // no room is needed
    refusal.set(null);
    assertThat(ActorStoreContract.join(commits.commit(chain, writes(2)))).isEqualTo(BUILT_ON_LOST);
    ActorStoreContract.done(commits.commit(new CommitChain(), writes(3)));

    commits.close();
    assertThat(sizes).containsExactly(3);
    assertThat(fatals).hasValue(0);
  }

  @Test
  void whoeverEndsTheProcessMayCloseTheStore() throws Exception {
    CompletableFuture<GroupCommit> made = new CompletableFuture<>();
    CountDownLatch closed = new CountDownLatch(1);
    GroupCommit commits =
        new GroupCommit(
            writes -> {
              throw failure(Status.Code.IOError, Status.SubCode.None);
            },
            true,
            cause -> {
              made.join().close();
              closed.countDown();
            });
    made.complete(commits);

    ActorStoreContract.join(commits.commit(new CommitChain(), writes(1)));

    assertThat(closed.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theCompletionOfACommitCannotCloseTheStore(boolean isSynced) throws Exception {
    GatedSink sink = new GatedSink();
    GroupCommit commits = new GroupCommit(sink, isSynced, this::onFatal);
    Thread first = new Thread(() -> commits.commit(new CommitChain(), writes(1)));
    first.start();
    sink.awaitWrite();
    CompletableFuture<CommitResult> second =
        commits
            .commit(new CommitChain(), writes(1))
            .toCompletableFuture()
            .whenComplete((r, e) -> commits.close());
    sink.letPass(2);

    assertThatIllegalStateException()
        .isThrownBy(
            () -> {
              try {
                second.join();
              } catch (CompletionException e) {
                throw e.getCause();
              }
            })
        .withMessageContaining("completion");
    first.join();
    commits.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> commits.commit(new CommitChain(), writes(1)))
        .withMessage("the store is closed");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void closingWaitsForWhatWasHandedIn(boolean isSynced) throws Exception {
    GatedSink sink = new GatedSink();
    GroupCommit commits = new GroupCommit(sink, isSynced, this::onFatal);
    Thread first = new Thread(() -> commits.commit(new CommitChain(), writes(1)));
    first.start();
    sink.awaitWrite();
    CompletionStage<CommitResult> second = commits.commit(new CommitChain(), writes(1));
    Thread closer = new Thread(commits::close);
    closer.start();
    sink.letPass(2);
    closer.join();

    assertThat(second.toCompletableFuture()).isCompletedWithValue(CommitResult.DONE);
    first.join();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName("kind 3: an Error between taking a round and reporting it leaves no commit waiting")
  void afterAnErrorOfTheWriterEveryCommitEndsAndTheProcessIsTold(boolean isSynced)
      throws Exception {
    GatedSink sink = new GatedSink();
    GroupCommit commits = new GroupCommit(sink, isSynced, this::onFatal);
    Thread first = new Thread(() -> commits.commit(new CommitChain(), writes(1)));
    first.start();
    sink.awaitWrite();
    OutOfMemoryError error = new OutOfMemoryError("made up");
    CommitChain chain = new CommitChain();
    List<CompletionStage<CommitResult>> lost = new ArrayList<>();
    lost.add(commits.commit(new CommitChain(), writes(1)));
    lost.add(commits.commit(chain, writesThatCannotBeRead(error)));
    lost.add(commits.commit(chain, writes(1)));
    sink.letPass(1);
    first.join();
    lost.add(within10s(commits, chain));
    lost.add(within10s(commits, new CommitChain()));
    assertThat(fatalTold.await(10, TimeUnit.SECONDS)).isTrue();

    for (CompletionStage<CommitResult> commit : lost) {
      assertThat(commit.toCompletableFuture().get(10, TimeUnit.SECONDS))
          .isInstanceOfAny(CommitResult.Unknown.class, CommitResult.Refused.class);
    }
    assertThat(lost.get(0).toCompletableFuture())
        .isCompletedWithValue(new CommitResult.Unknown(error));
    assertThat(fatal).hasValue(error);
    assertThat(fatals).hasValue(1);
    assertThat(commits.counts().isWaiting()).isFalse();
    assertThat(sink.sizes).containsExactly(1);
    commits.close();
  }

  private static CompletionStage<CommitResult> within10s(GroupCommit commits, CommitChain chain)
      throws Exception {
    return CompletableFuture.supplyAsync(() -> commits.commit(chain, writes(1)))
        .get(10, TimeUnit.SECONDS);
  }

  @Test
  @DisplayName("kind 3: an executor that fails leaves no commit gathered for ever")
  void ifAnExecutorMeetsAnErrorTheCallerWritesAndHearsOfIt() {
    GroupCommit commits = new GroupCommit(keeping(writes -> {}), false, this::onFatal);
    NoClassDefFoundError error = new NoClassDefFoundError("made up");
    Executor broken =
        task -> {
          throw error;
        };
    assertThatThrownBy(() -> commits.commit(new CommitChain(broken), writes(1))).isSameAs(error);
    CompletionStage<CommitResult> next = commits.commit(new CommitChain(), writes(1));
    assertThat(next.toCompletableFuture()).isCompletedWithValue(CommitResult.DONE);
    assertThat(commits.counts()).isEqualTo(new CommitCounts(2, 2, 2, false));
    commits.close();
  }

  @Test
  @DisplayName("kind 3: a watchdog can tell a store that does not move from one that is idle")
  void theCountsTellWhetherCommitsWaitAndWhetherTheyMove() throws Exception {
    GatedSink sink = new GatedSink();
    GroupCommit commits = new GroupCommit(sink, false, this::onFatal);
    assertThat(commits.counts()).isEqualTo(new CommitCounts(0, 0, 0, false));
    Thread first = new Thread(() -> commits.commit(new CommitChain(), writes(1)));
    first.start();
    sink.awaitWrite();
    assertThat(commits.counts()).isEqualTo(new CommitCounts(0, 0, 0, true));
    assertThat(commits.writing()).isSameAs(first);
    sink.letPass(1);
    first.join();
    assertThat(commits.counts()).isEqualTo(new CommitCounts(1, 1, 1, false));
    assertThat(commits.writing()).isNull();
    commits.commit(new CommitChain(never -> {}), writes(1));
    assertThat(commits.counts().isWaiting()).isTrue();
    sink.letPass(1);
    commits.close();
  }

  // A sink that answers later.

  /** A sink whose answers the test gives. */
  private static final class LaterSink implements GroupCommit.Sink {
    final List<Integer> sizes = new ArrayList<>();
    final LinkedBlockingQueue<CompletableFuture<CommitResult>> asked = new LinkedBlockingQueue<>();

    @Override
    public CompletionStage<CommitResult> write(List<StoredWrite> writes) {
      CompletableFuture<CommitResult> answer = new CompletableFuture<>();
      sizes.add(writes.size());
      asked.add(answer);
      return answer;
    }

    CompletableFuture<CommitResult> next() throws InterruptedException {
      CompletableFuture<CommitResult> answer = asked.poll(10, TimeUnit.SECONDS);
      assertThat(answer).isNotNull();
      return answer;
    }
  }

  @Test
  void aSinkThatAnswersLaterKeepsNoThreadWaitingAndIsGivenTheRestWithTheAnswer() throws Exception {
    LaterSink sink = new LaterSink();
    GroupCommit commits = new GroupCommit(sink, false, this::onFatal);
    List<String> reported = new ArrayList<>();
    for (int i = 1; i <= 3; i++) {
      String name = "commit " + i;
      commits
          .commit(new CommitChain(), writes(i))
          .thenAccept(result -> reported.add(name + " " + (result == CommitResult.DONE)));
    }
    assertThat(reported).isEmpty();
    assertThat(sink.asked).hasSize(1);
    assertThat(commits.counts()).isEqualTo(new CommitCounts(0, 0, 0, true));
    assertThat(commits.writing()).isNull();

    sink.next().complete(CommitResult.DONE);
    assertThat(reported).containsExactly("commit 1 true");
    assertThat(sink.sizes).containsExactly(1, 5);
    sink.next().complete(CommitResult.DONE);
    assertThat(reported).containsExactly("commit 1 true", "commit 2 true", "commit 3 true");
    assertThat(commits.counts()).isEqualTo(new CommitCounts(3, 2, 2, false));
    commits.close();
    assertThat(fatals).hasValue(0);
  }

  @Test
  void aLaterAnswerThatTheRoundIsLostBreaksItsChainsAndNothingElse() throws Exception {
    LaterSink sink = new LaterSink();
    GroupCommit commits = new GroupCommit(sink, false, this::onFatal);
    List<CommitResult> answers =
        List.of(
            new CommitResult.Unknown(new IllegalStateException("made up")),
            new CommitResult.Fenced(7),
            new CommitResult.Refused("made up"));
    for (CommitResult answer : answers) {
      CommitChain chain = new CommitChain();
      CompletionStage<CommitResult> lost = commits.commit(chain, writes(1));
      CompletionStage<CommitResult> builtOnIt = commits.commit(chain, writes(2));
      CompletionStage<CommitResult> other = commits.commit(new CommitChain(), writes(3));
      sink.next().complete(answer);
      sink.next().complete(CommitResult.DONE);

      assertThat(lost.toCompletableFuture()).isCompletedWithValue(answer);
      assertThat(builtOnIt.toCompletableFuture()).isCompletedWithValue(BUILT_ON_LOST);
      assertThat(other.toCompletableFuture()).isCompletedWithValue(CommitResult.DONE);
    }
    assertThat(sink.sizes).containsExactly(1, 3, 1, 3, 1, 3);
    assertThat(fatals).hasValue(0);
    commits.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLaterAnswerThatFailsIsFatal(boolean isSynced) throws Exception {
    LaterSink sink = new LaterSink();
    GroupCommit commits = new GroupCommit(sink, isSynced, this::onFatal);
    CompletionStage<CommitResult> first = commits.commit(new CommitChain(), writes(1));
    IllegalStateException failure = new IllegalStateException("made up");
    sink.next().completeExceptionally(failure);

    CommitResult unknown = new CommitResult.Unknown(failure);
    assertThat(ActorStoreContract.join(first)).isEqualTo(unknown);
    assertThat(ActorStoreContract.join(commits.commit(new CommitChain(), writes(1))))
        .isEqualTo(unknown);
    assertThat(fatalTold.await(10, TimeUnit.SECONDS)).isTrue();
    commits.close();
    assertThat(sink.sizes).containsExactly(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void closingWaitsForLaterAnswers(boolean isSynced) throws Exception {
    LaterSink sink = new LaterSink();
    GroupCommit commits = new GroupCommit(sink, isSynced, this::onFatal);
    CompletionStage<CommitResult> first = commits.commit(new CommitChain(), writes(1));
    CompletableFuture<CommitResult> answer = sink.next();
    CompletionStage<CommitResult> second = commits.commit(new CommitChain(), writes(1));
    Thread closer = new Thread(commits::close);
    closer.start();
    answer.complete(CommitResult.DONE);
    CompletableFuture<CommitResult> last = sink.next();
    assertThat(closer.isAlive()).isTrue();
    last.complete(CommitResult.DONE);
    closer.join();

    ActorStoreContract.done(first);
    ActorStoreContract.done(second);
  }

  @Test
  void theCompletionOfACommitOnTheSinksThreadCannotCloseTheStore() throws Exception {
    LaterSink sink = new LaterSink();
    GroupCommit commits = new GroupCommit(sink, false, this::onFatal);
    CompletableFuture<Void> closing =
        commits.commit(new CommitChain(), writes(1)).thenRun(commits::close).toCompletableFuture();
    sink.next().complete(CommitResult.DONE);

    assertThatThrownBy(closing::join).hasCauseInstanceOf(IllegalStateException.class);
    commits.close();
  }

  @Test
  void aCommitWhoseChainIsBrokenWhileTheSinkHasItEndsAsTheSinkSays() throws Exception {
    LaterSink sink = new LaterSink();
    GroupCommit commits = new GroupCommit(sink, false, this::onFatal);
    CommitChain chain = new CommitChain();
    CompletionStage<CommitResult> given = commits.commit(chain, writes(1));
    CompletionStage<CommitResult> waiting = commits.commit(chain, writes(1));
    chain.breakOff();
    sink.next().complete(CommitResult.DONE);

    ActorStoreContract.done(given);
    assertThat(waiting.toCompletableFuture()).isCompletedWithValue(BUILT_ON_LOST);
    commits.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void answersOfAnotherThreadMayComeAtAnyMoment(boolean isSynced) throws Exception {
    ExecutorService answering = Executors.newSingleThreadExecutor();
    ExecutorService turns = Executors.newFixedThreadPool(3);
    AtomicInteger underWay = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    GroupCommit.Sink sink =
        writes -> {
          most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
          return CompletableFuture.supplyAsync(
              () -> {
                underWay.decrementAndGet();
                return CommitResult.DONE;
              },
              answering);
        };
    GroupCommit commits = new GroupCommit(sink, isSynced, this::onFatal);
    List<List<Integer>> reported = new ArrayList<>();
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int thread = 0; thread < 3; thread++) {
      List<Integer> ofThread = Collections.synchronizedList(new ArrayList<>());
      reported.add(ofThread);
      all.add(
          CompletableFuture.runAsync(
              () -> {
                for (int i = 0; i < 3_000; i++) {
                  int number = i;
                  commits.commit(new CommitChain(), writes(1)).thenRun(() -> ofThread.add(number));
                }
              },
              turns));
    }
    all.forEach(CompletableFuture::join);
    commits.close();
    answering.shutdown();
    turns.shutdown();
    List<Integer> inOrder = IntStream.range(0, 3_000).boxed().toList();
    assertThat(reported).allSatisfy(ofThread -> assertThat(ofThread).isEqualTo(inOrder));
    assertThat(most).hasValue(1);
    assertThat(commits.counts().commits()).isEqualTo(9_000);
  }

  /** Returns a list that can be read once, to be measured, and then throws. */
  private static List<StoredWrite> writesThatCannotBeRead(Error error) {
    return new AbstractList<>() {
      private final AtomicInteger reads = new AtomicInteger();

      @Override
      public StoredWrite get(int index) {
        if (reads.incrementAndGet() > 1) {
          throw error;
        }
        return writes(1).get(0);
      }

      @Override
      public int size() {
        return 1;
      }
    };
  }

  private void onFatal(Throwable cause) {
    fatal.set(cause);
    fatals.incrementAndGet();
    fatalTold.countDown();
  }

  private static RocksDBException failure(Status.Code code, Status.SubCode subCode) {
    return new RocksDBException("made up", new Status(code, subCode, null));
  }

  /** Returns a sink that keeps each round while its caller waits. */
  private static GroupCommit.Sink keeping(Consumer<List<StoredWrite>> rounds) {
    return writes -> {
      rounds.accept(writes);
      return GroupCommit.Sink.KEPT;
    };
  }

  private static List<StoredWrite> writes(int number) {
    List<StoredWrite> writes = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      writes.add(new StoredWrite(Table.VALUE, new byte[] {1}, new byte[] {2}));
    }
    return writes;
  }

  /** Holds each write until the test lets it pass. */
  private static final class GatedSink implements GroupCommit.Sink {
    final List<Integer> sizes = new ArrayList<>(); // one writer at a time; read after close
    volatile RocksDBException failure;
    private final LinkedBlockingQueue<Boolean> begun = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Boolean> passes = new LinkedBlockingQueue<>();

    @Override
    public CompletionStage<CommitResult> write(List<StoredWrite> writes) throws RocksDBException {
      sizes.add(writes.size());
      begun.add(true);
      try {
        passes.take();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      if (failure != null) {
        throw failure;
      }
      return KEPT;
    }

    void awaitWrite() throws InterruptedException {
      begun.take();
    }

    void letPass(int number) {
      for (int i = 0; i < number; i++) {
        passes.add(true);
      }
    }
  }
}
