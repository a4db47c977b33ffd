package dev.dormouse.testkit;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.Ending;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.OwnershipListener;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import dev.dormouse.storage.rows.HeldMark;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.ShardGroups;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The faults of the disk under {@link TestActors}. They come about when the test says so, and
 * outlast a crash.
 *
 * <p>A commit that is not kept discards its turn: nothing of it is sent, the actor is reset, and
 * the sender of a message is closed: with 1013 after a refusal, with 1011 after a commit in doubt.
 * The close that follows is a commit, too. A turn that writes nothing has none.
 */
public final class StorageFaults {
  private enum Fault {
    REFUSED,
    LOST,
    UNANSWERED
  }

  /** The fault of the next commit; null if there is none. */
  private @Nullable Fault next;

  private boolean isFull;
  private boolean isUnreadable;

  StorageFaults() {}

  /** Lets the store refuse the next commit: nothing of it is kept. */
  public void refuseNextCommit() {
    next = Fault.REFUSED;
  }

  /**
   * Lets the next commit end in doubt, and not be kept. A real server ends its process then, so a
   * {@link TestActors#crash} most often follows.
   */
  public void loseNextCommit() {
    next = Fault.LOST;
  }

  /**
   * Lets the next commit end in doubt, though it is kept. A real server ends its process then, so a
   * {@link TestActors#crash} most often follows; the actor then finds what it had not answered.
   */
  public void keepNextCommitInDoubt() {
    next = Fault.UNANSWERED;
  }

  /** Fills the disk: every commit is refused until {@link #freeDisk}; reads go on. */
  public void fillDisk() {
    isFull = true;
  }

  /** Gives the disk room again. */
  public void freeDisk() {
    isFull = false;
  }

  /** Lets every read of a stored value, an attachment or an actor fail until {@link #mendReads}. */
  public void failReads() {
    isUnreadable = true;
  }

  /** Lets reads succeed again. */
  public void mendReads() {
    isUnreadable = false;
  }

  NodeStore in(NodeStore store) {
    return new FaultyStore(store);
  }

  /** A store whose commits and reads fail as the test says. */
  private final class FaultyStore implements NodeStore {
    private final NodeStore store;

    FaultyStore(NodeStore store) {
      this.store = store;
    }

    @Override
    public CompletionStage<CommitResult> commit(TurnBatch batch) {
      if (batch.chain().isBroken()) {
        return refused(batch, "an earlier commit was lost");
      } else if (isFull) {
        return refused(batch, "the disk is full, as the test says");
      }
      Fault fault = next;
      next = null;
      if (fault == null) {
        return store.commit(batch);
      }
      return switch (fault) {
        case REFUSED -> refused(batch, "as the test says");
        case LOST -> inDoubt(batch);
        case UNANSWERED -> store.commit(batch).thenCompose(kept -> inDoubt(batch));
      };
    }

    private CompletionStage<CommitResult> refused(TurnBatch batch, String why) {
      batch.chain().breakOff();
      return CompletableFuture.completedStage(new CommitResult.Refused(why));
    }

    private CompletionStage<CommitResult> inDoubt(TurnBatch batch) {
      batch.chain().breakOff();
      return CompletableFuture.completedStage(
          new CommitResult.Unknown(new IOException("a write failed, as the test says")));
    }

    private ActorStore readable() {
      if (isUnreadable) {
        throw new UncheckedIOException(new IOException("a read failed, as the test says"));
      }
      return store;
    }

    @Override
    public byte @Nullable [] get(ActorId actor, Table table, byte[] key) {
      return readable().get(actor, table, key);
    }

    @Override
    public List<Row> scan(ActorId actor, Table table, KeySpan span, int limit) {
      return readable().scan(actor, table, span, limit);
    }

    @Override
    public List<byte[]> keys(ActorId actor, Table table, KeySpan span, int limit) {
      return readable().keys(actor, table, span, limit);
    }

    @Override
    public List<PlacedRow> scanAll(Table table, @Nullable PlacedRow after, int limit) {
      return store.scanAll(table, after, limit);
    }

    @Override
    public List<PlacedRow> scanAll(Table table, int group, @Nullable PlacedRow after, int limit) {
      return store.scanAll(table, group, after, limit);
    }

    @Override
    public ShardGroups groups() {
      return store.groups();
    }

    @Override
    public int shardOf(ActorId actor) {
      return store.shardOf(actor);
    }

    @Override
    public long epoch(int group) {
      return store.epoch(group);
    }

    @Override
    public long epochOf(ActorId actor) {
      return store.epochOf(actor);
    }

    @Override
    public void listen(OwnershipListener listener) {
      store.listen(listener);
    }

    @Override
    public CompletionStage<CommitResult> confirm(int group, long epoch) {
      return store.confirm(group, epoch);
    }

    @Override
    public List<DueAlarm> firstDue(DueClock clock) {
      return store.firstDue(clock);
    }

    @Override
    public List<DueAlarm> due(
        DueClock clock, int shard, long fromMs, @Nullable DueAlarm after, int limit) {
      return store.due(clock, shard, fromMs, after, limit);
    }

    @Override
    public @Nullable HeldMark clockMark(int group) {
      return store.clockMark(group);
    }

    @Override
    public void keep(int group, ClockMark mark) {
      store.keep(group, mark);
    }

    @Override
    public long run() {
      return store.run();
    }

    @Override
    public Ending endingOf(long run) {
      return store.endingOf(run);
    }

    @Override
    public Durability durability() {
      return store.durability();
    }

    @Override
    public void close() {
      store.close();
    }
  }
}
