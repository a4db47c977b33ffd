package dev.dormouse.storage;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A log whose only node is this process, and which outlives its stores. */
final class ModelLog implements ReplicatedLog {

  /** What outlives a store. The monitor guards the fields. */
  static final class Kept {
    private final int groups;
    private final List<List<byte[]>> entries = new ArrayList<>();
    private final List<List<Long>> epochs = new ArrayList<>();
    private long epoch;

    Kept(int groups) {
      this.groups = groups;
      for (int i = 0; i < groups; i++) {
        entries.add(new ArrayList<>());
        epochs.add(new ArrayList<>());
      }
    }

    int entries(int group) {
      return entries.get(group).size();
    }
  }

  private final Kept kept;
  private final Machine machine;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final @Nullable Ownership[] owned;

  ModelLog(Kept kept, Machine machine) {
    this.kept = kept;
    this.machine = machine;
    this.owned = new Ownership[kept.groups];
  }

  Machine machine() {
    return machine;
  }

  @Override
  public void start() {
    for (int group = 0; group < kept.groups; group++) {
      List<Committed> missing = new ArrayList<>();
      for (long index = machine.applied(group) + 1; index <= kept.entries(group); index++) {
        missing.add(committed(group, index));
      }
      if (!missing.isEmpty()) {
        machine.apply(group, missing);
      }
    }
    own();
  }

  /** Owns all groups in the next epoch. */
  void own() {
    kept.epoch++;
    for (int group = 0; group < kept.groups; group++) {
      owned[group] = new Ownership(group, kept.epoch, 1);
      machine.onOwned(owned[group]);
    }
  }

  /** Loses a group. */
  void lose(int group) {
    Ownership last = owned[group];
    owned[group] = null;
    machine.onLost(last, "as the test says");
  }

  /** Appends an entry of another node and applies it. */
  void append(int group, long epoch, Entry entry) {
    synchronized (kept) {
      kept.entries.get(group).add(entry.encode());
      kept.epochs.get(group).add(epoch);
    }
    machine.apply(group, List.of(committed(group, kept.entries(group))));
  }

  private Committed committed(int group, long index) {
    synchronized (kept) {
      int at = (int) index - 1;
      return new Committed(
          index,
          kept.epochs.get(group).get(at),
          Entry.decode(ByteBuffer.wrap(kept.entries.get(group).get(at))));
    }
  }

  @Override
  public CompletionStage<CommitResult> submit(Ownership ownership, Entry entry) {
    int group = ownership.group();
    if (!ownership.equals(owned[group])) {
      return CompletableFuture.completedStage(new CommitResult.Fenced(kept.epoch));
    }
    return CompletableFuture.supplyAsync(
        () -> {
          synchronized (kept) {
            kept.entries.get(group).add(entry.encode());
            kept.epochs.get(group).add(ownership.epoch());
          }
          return machine.apply(group, List.of(committed(group, kept.entries(group)))).get(0);
        },
        thread);
  }

  @Override
  public CompletionStage<CommitResult> confirm(Ownership ownership) {
    return CompletableFuture.completedStage(
        ownership.equals(owned[ownership.group()])
            ? CommitResult.DONE
            : new CommitResult.Fenced(kept.epoch));
  }

  @Override
  public @Nullable Owner owner(int group) {
    return owned[group] == null ? null : new Owner("here", owned[group].epoch());
  }

  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(20, TimeUnit.SECONDS)) {
        throw new AssertionError("the log did not stop");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
