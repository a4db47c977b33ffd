package dev.dormouse.server.cluster.raft;

import com.alipay.sofa.jraft.Closure;
import com.alipay.sofa.jraft.Iterator;
import com.alipay.sofa.jraft.Node;
import com.alipay.sofa.jraft.ReplicatorGroup;
import com.alipay.sofa.jraft.Status;
import com.alipay.sofa.jraft.closure.ReadIndexClosure;
import com.alipay.sofa.jraft.conf.Configuration;
import com.alipay.sofa.jraft.core.Replicator;
import com.alipay.sofa.jraft.core.StateMachineAdapter;
import com.alipay.sofa.jraft.entity.LeaderChangeContext;
import com.alipay.sofa.jraft.entity.PeerId;
import com.alipay.sofa.jraft.entity.RaftOutter.SnapshotMeta;
import com.alipay.sofa.jraft.entity.Task;
import com.alipay.sofa.jraft.error.RaftError;
import com.alipay.sofa.jraft.error.RaftException;
import com.alipay.sofa.jraft.option.RaftOptions;
import com.alipay.sofa.jraft.storage.snapshot.SnapshotReader;
import com.alipay.sofa.jraft.storage.snapshot.SnapshotWriter;
import com.alipay.sofa.jraft.util.ThreadId;
import dev.dormouse.log.Log;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.ReplicatedLog.Committed;
import dev.dormouse.storage.ReplicatedLog.Entry;
import dev.dormouse.storage.ReplicatedLog.Machine;
import dev.dormouse.storage.ReplicatedLog.Owner;
import dev.dormouse.storage.ReplicatedLog.Ownership;
import dev.dormouse.storage.ReplicatedLog.Saving;
import dev.dormouse.storage.StoredWrite;
import dev.dormouse.storage.rows.ClockMark;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * One group on this node: applies its log, and is the door to it while this node owns the group.
 *
 * <pre>
 *            elected                    its barrier is applied
 *   NONE ──────────────► ELECTED ─────────────────────────────────► OWNED
 *    ▲                      │  a barrier that fails                   │
 *    └──────────────────────┴─────────────────────────────────────────┘
 *                              first failure, or not elected any more
 * </pre>
 *
 * <p><b>Fences.</b> The engine says late that this node is not the leader any more, and a new owner
 * may commit before. So each entry carries its epoch, which is the engine's term: the engine does
 * not take it in another term, and applying it in another changes nothing. The same term can be
 * owned twice, so each ownership has a number, which is checked here.
 *
 * <p><b>Failures.</b> The engine's failures do not tell whether an entry was appended, and a task
 * that fails does not stop the next one. So the first failure ends the ownership, with all that
 * wait. At most two entries are open, so that the engine's queues never fill.
 *
 * <p><b>Threads.</b> The engine calls the {@code on…} methods by one thread. Any thread may call
 * the others.
 */
final class RaftGroup extends StateMachineAdapter {
  private static final Logger log = Log.of(RaftGroup.class);

  private static final int OPEN_MAX = 2;
  private static final int COALESCED_MAX = 64;
  private static final long COALESCED_BYTES_MAX = 512 << 10;
  private static final int APPLIED_MAX = 256;
  private static final long APPLIED_BYTES_MAX = 4L << 20;

  /** The stage of this node's ownership of the group. */
  enum State {
    /** This node does not own the group. */
    NONE,
    /** This node was elected, and its barrier is not applied. */
    ELECTED,
    /** This node owns the group. */
    OWNED;

    /** Returns whether this state may be followed by another. */
    boolean mayBecome(State next) {
      return switch (this) {
        case NONE -> next == ELECTED;
        case ELECTED -> next == OWNED || next == NONE;
        case OWNED -> next == NONE;
      };
    }
  }

  private record Submitted(Entry entry, long bytes, CompletableFuture<CommitResult> result) {}

  /** An entry on its way, made of all that were submitted together. */
  private final class Open implements Closure {
    private final Ownership ownership;
    private final List<Submitted> parts;

    Open(Ownership ownership, List<Submitted> parts) {
      this.ownership = ownership;
      this.parts = parts;
    }

    boolean isBarrier() {
      return parts.isEmpty();
    }

    /** Called by the engine if the entry failed, by any thread. */
    @Override
    public void run(Status status) {
      if (!status.isOk()) {
        end(ownership, "an entry failed: " + status.getErrorMsg());
      }
    }
  }

  private final int number;
  private final String self;
  private final Machine machine;
  private final Executor notifier;
  private final Executor snapshots;
  private final Runnable onCluster;
  private final Consumer<Throwable> onFatal;

  /** The copying of entries to the other nodes; null before the engine's node is started. */
  private volatile @Nullable ReplicatorGroup replicators;

  /** True while the state of the group is taken from a snapshot. */
  private volatile boolean isLoading;

  /** The engine's node; null before it is started. */
  private volatile @Nullable Node node;

  /** The store of snapshots; null before the engine's node is started. */
  private volatile @Nullable RaftSnapshots stored;

  /** The owner as far as this node knows; null if it knows none. */
  private volatile @Nullable Owner owner;

  // The monitor guards the fields below.

  private State state = State.NONE;

  /** The ownership; null in {@link State#NONE}. */
  private @Nullable Ownership ownership;

  /** The term in which the engine says that this node leads; 0 if it does not. */
  private long leading;

  private long numbers;
  private final Deque<Open> open = new ArrayDeque<>();
  private final Deque<Submitted> waiting = new ArrayDeque<>();
  private boolean isClosed;

  /** The attempt to hand the group to another node; null if there is none. */
  private @Nullable Transfer transfer;

  /** An attempt to hand the group to another node. */
  private record Transfer(String to, CompletableFuture<TransferResult> result) {}

  /**
   * Creates the group.
   *
   * @param self the name of this node
   * @param notifier runs what tells the machine of ownerships, one task after the other
   * @param snapshots writes the files of snapshots
   * @param onCluster called when the machine may have learnt the id of the cluster
   * @param onFatal called when the process must end
   */
  RaftGroup(
      int number,
      String self,
      Machine machine,
      Executor notifier,
      Executor snapshots,
      Runnable onCluster,
      Consumer<Throwable> onFatal) {
    this.number = number;
    this.self = self;
    this.machine = machine;
    this.notifier = notifier;
    this.snapshots = snapshots;
    this.onCluster = onCluster;
    this.onFatal = onFatal;
  }

  /** Sets the engine's node. */
  void use(Node started) {
    node = started;
    againIfLeading();
  }

  /** Sets what copies the entries to the other nodes. */
  void replicateBy(ReplicatorGroup engine) {
    replicators = engine;
  }

  int number() {
    return number;
  }

  boolean isLoading() {
    return isLoading;
  }

  synchronized boolean isOwned() {
    return state == State.OWNED;
  }

  synchronized RaftGroupState.Role role() {
    return switch (state) {
      case NONE -> RaftGroupState.Role.FOLLOWER;
      case ELECTED -> RaftGroupState.Role.ELECTED;
      case OWNED -> RaftGroupState.Role.OWNER;
    };
  }

  /** Returns the index of the last entry in this node's log; 0 while the group starts or stops. */
  long last() {
    Node engine = node;
    try {
      return engine == null ? 0 : engine.getLastLogIndex();
    } catch (IllegalStateException e) {
      return 0;
    }
  }

  /** Returns the number of entries that a peer has not got, if this node leads; or else -1. */
  long lagOf(String peer) {
    ReplicatorGroup copying = replicators;
    Node engine = node;
    if (copying == null || engine == null || !engine.isLeader(false)) {
      return -1;
    }
    ThreadId replicator = copying.getReplicator(new PeerId(peer, RaftRpc.PORT));
    long next = replicator == null ? 0 : Replicator.getNextIndex(replicator);
    return next == 0 ? last() : Math.max(0, last() + 1 - next);
  }

  @Nullable Owner owner() {
    return owner;
  }

  // The door.

  CompletionStage<CommitResult> submit(Ownership by, Entry entry) {
    CompletableFuture<CommitResult> result = new CompletableFuture<>();
    synchronized (this) {
      if (state != State.OWNED || !by.equals(ownership)) {
        result.complete(new CommitResult.Fenced(epoch()));
        return result;
      }
      waiting.add(new Submitted(entry, entry.bytes(), result));
      handOver(by);
    }
    return result;
  }

  CompletionStage<CommitResult> confirm(Ownership by) {
    Node asked = node;
    synchronized (this) {
      if (state != State.OWNED || !by.equals(ownership) || asked == null) {
        return CompletableFuture.completedStage(new CommitResult.Fenced(epoch()));
      }
    }
    CompletableFuture<CommitResult> result = new CompletableFuture<>();
    try {
      asked.readIndex(
          new byte[0],
          new ReadIndexClosure() {
            @Override
            public void run(Status status, long index, byte[] context) {
              confirmed(by, status, result);
            }
          });
    } catch (RuntimeException e) {
      result.complete(new CommitResult.Unknown(e)); // the engine's node is being stopped
    }
    return result;
  }

  private void confirmed(Ownership by, Status status, CompletableFuture<CommitResult> result) {
    boolean isOver;
    synchronized (this) {
      isOver = !by.equals(ownership);
    }
    if (isOver) {
      result.complete(new CommitResult.Fenced(epoch()));
    } else if (status.isOk()) {
      result.complete(CommitResult.DONE);
    } else {
      end(by, "it could not be confirmed: " + status.getErrorMsg());
      afterLoss("the ownership could not be confirmed", result::complete);
    }
  }

  /** Returns the epoch that is in force, as far as this node knows; 0 if it knows none. */
  private long epoch() {
    Ownership own = ownership;
    Owner known = owner;
    return own != null ? own.epoch() : known == null ? 0 : known.epoch();
  }

  /** Hands entries to the engine while fewer than two are open. The monitor is held. */
  private void handOver(Ownership by) {
    while (open.size() < OPEN_MAX && !waiting.isEmpty()) {
      List<Submitted> parts = new ArrayList<>();
      long bytes = 0;
      while (parts.size() < COALESCED_MAX) {
        Submitted next = waiting.peek();
        if (next == null || (bytes > 0 && bytes + next.bytes() > COALESCED_BYTES_MAX)) {
          break;
        }
        parts.add(waiting.remove());
        bytes += next.bytes();
      }
      handOver(new Open(by, parts), coalesced(by.epoch(), parts));
    }
  }

  private static Entry coalesced(long epoch, List<Submitted> parts) {
    if (parts.size() == 1) {
      return parts.get(0).entry();
    }
    List<StoredWrite> writes = new ArrayList<>();
    ClockMark mark = null;
    for (Submitted part : parts) {
      writes.addAll(part.entry().writes());
      mark = part.entry().mark() == null ? mark : part.entry().mark();
    }
    return new Entry(epoch, writes, mark);
  }

  /** Hands an entry to the engine, in its order. The monitor is held. */
  private void handOver(Open entry, Entry bytes) {
    open.add(entry);
    Node engine = node;
    try {
      if (engine == null) {
        throw new IllegalStateException("the engine's node is not started");
      }
      engine.apply(new Task(ByteBuffer.wrap(bytes.encode()), entry, entry.ownership.epoch()));
    } catch (RuntimeException e) {
      notifier.execute(() -> end(entry.ownership, "an entry could not be handed over: " + e));
    }
  }

  // Ownership.

  private void become(State next, @Nullable Ownership by) {
    if (!state.mayBecome(next)) {
      throw new IllegalStateException("an ownership cannot change: " + state + " to " + next);
    }
    state = next;
    ownership = by;
  }

  @Override
  public void onLeaderStart(long term) {
    synchronized (this) {
      leading = term;
    }
    leads(self);
    againIfLeading();
  }

  /**
   * Hands the group to another node. The stage never fails.
   *
   * @param limit the time after which nobody waits for the other node any more
   */
  CompletionStage<TransferResult> transfer(String to, Duration limit) {
    CompletableFuture<TransferResult> result = new CompletableFuture<>();
    Transfer begun = new Transfer(to, result);
    Node engine = node;
    Ownership by;
    synchronized (this) {
      by = ownership;
      if (state != State.OWNED || engine == null || by == null) {
        return refused("this node does not own group " + number);
      }
      if (to.equals(self)) {
        return CompletableFuture.completedStage(new TransferResult.Done());
      }
      if (transfer != null) {
        return refused("group " + number + " is being handed over already");
      }
      transfer = begun;
    }
    var unused =
        result
            .completeOnTimeout(new TransferResult.TimedOut(), limit.toNanos(), TimeUnit.NANOSECONDS)
            .whenComplete((ended, failure) -> ended(begun, by, ended));
    machine.leave(by).whenComplete((left, failure) -> handOver(engine, to, result));
    return result;
  }

  private static void handOver(Node engine, String to, CompletableFuture<TransferResult> result) {
    try {
      Status status = engine.transferLeadershipTo(new PeerId(to, RaftRpc.PORT));
      if (!status.isOk()) {
        result.complete(new TransferResult.Refused(status.getErrorMsg()));
      }
    } catch (RuntimeException e) {
      result.complete(new TransferResult.Refused("the group is being stopped: " + e));
    }
  }

  private static CompletionStage<TransferResult> refused(String why) {
    return CompletableFuture.completedStage(new TransferResult.Refused(why));
  }

  @SuppressWarnings("ReferenceEquality") // each attempt is an object of its own
  private void ended(Transfer over, Ownership by, @Nullable TransferResult result) {
    synchronized (this) {
      if (transfer == over) {
        transfer = null;
      }
    }
    if (!(result instanceof TransferResult.Done)) {
      end(by, "it was left, and no other node has taken it"); // this node may begin again
    }
  }

  /** Ends the attempt to hand over the group, if there is one, since a node leads the group. */
  private void leads(String leader) {
    Transfer begun;
    synchronized (this) {
      begun = transfer;
    }
    if (begun != null) {
      begun
          .result()
          .complete(
              begun.to().equals(leader)
                  ? new TransferResult.Done()
                  : new TransferResult.Refused(
                      "node " + leader + " leads the group instead of " + begun.to()));
    }
  }

  /** Begins an ownership if this node leads and has none. */
  void againIfLeading() {
    synchronized (this) {
      if (leading == 0 || state != State.NONE || isClosed || node == null) {
        return;
      }
      Ownership next = new Ownership(number, leading, ++numbers);
      become(State.ELECTED, next);
      boolean isFirst = number == 0 && machine.cluster() == null;
      String cluster = isFirst ? UUID.randomUUID().toString() : null;
      handOver(new Open(next, List.of()), new Entry(next.epoch(), List.of(), null, cluster));
    }
  }

  /** Notes that the barrier of an ownership was applied. */
  private void owned(Ownership by) {
    synchronized (this) {
      if (state != State.ELECTED || !by.equals(ownership)) {
        return;
      }
      become(State.OWNED, by);
      owner = new Owner(self, by.epoch());
      notifier.execute(() -> machine.onOwned(by));
    }
    log.info("this node owns group {} in epoch {}", number, by.epoch());
  }

  @Override
  public void onLeaderStop(Status status) {
    Ownership last;
    synchronized (this) {
      leading = 0;
      last = ownership;
    }
    if (last != null) {
      end(last, "another election: " + status.getErrorMsg());
    }
  }

  /** Ends an ownership, with all that wait; nothing if it has ended. */
  private void end(Ownership by, String why) {
    List<Submitted> lost = new ArrayList<>();
    synchronized (this) {
      if (!by.equals(ownership)) {
        return;
      }
      boolean wasOwned = state == State.OWNED;
      become(State.NONE, null);
      owner = null;
      open.forEach(entry -> lost.addAll(entry.parts));
      lost.addAll(waiting);
      open.clear();
      waiting.clear();
      if (wasOwned) {
        notifier.execute(() -> machine.onLost(by, why));
      }
    }
    log.info("the ownership of group {} in epoch {} has ended: {}", number, by.epoch(), why);
    afterLoss(
        "the ownership ended: " + why,
        unknown -> lost.forEach(submitted -> submitted.result().complete(unknown)));
  }

  /**
   * Reports that nobody knows what became of commits, after the machine has heard of the end of the
   * ownership. So nobody answers for an owner that has ended.
   */
  private void afterLoss(String why, Consumer<CommitResult> report) {
    CommitResult unknown = new CommitResult.Unknown(new IllegalStateException(why));
    try {
      notifier.execute(() -> report.accept(unknown));
    } catch (RejectedExecutionException e) { // the log is closed
      report.accept(unknown);
    }
  }

  @Override
  public void onStartFollowing(LeaderChangeContext change) {
    owner =
        change.getLeaderId() == null || change.getLeaderId().isEmpty()
            ? null
            : new Owner(change.getLeaderId().getIp(), change.getTerm());
    Owner known = owner;
    if (known != null) {
      leads(known.node());
    }
  }

  @Override
  public void onStopFollowing(LeaderChangeContext change) {
    owner = null;
  }

  /** Ends the ownership for good. */
  void close() {
    Ownership last;
    synchronized (this) {
      isClosed = true;
      leading = 0;
      last = ownership;
    }
    if (last != null) {
      end(last, "this node stops");
    }
  }

  /** Ends the ownership because the engine's node is started again. */
  void stopped() {
    Ownership last;
    synchronized (this) {
      leading = 0;
      node = null;
      last = ownership;
    }
    if (last != null) {
      end(last, "the group is started again on this node");
    }
  }

  // Applying.

  @Override
  public void onApply(Iterator entries) {
    long applied = machine.applied(number);
    List<Committed> committed = new ArrayList<>();
    List<@Nullable Open> opens = new ArrayList<>();
    long bytes = 0;
    while (entries.hasNext()) {
      if (entries.getIndex() > applied) {
        ByteBuffer data = entries.getData();
        bytes += data.remaining();
        committed.add(new Committed(entries.getIndex(), entries.getTerm(), decoded(data)));
        opens.add(entries.done() instanceof Open one ? one : null);
        if (committed.size() == APPLIED_MAX || bytes > APPLIED_BYTES_MAX) {
          apply(committed, opens);
          bytes = 0;
        }
      }
      entries.next();
    }
    apply(committed, opens);
  }

  private Entry decoded(ByteBuffer data) {
    try {
      return Entry.decode(data.duplicate());
    } catch (IllegalArgumentException e) {
      IllegalStateException fatal =
          new IllegalStateException(
              "the log of group " + number + " cannot be applied: " + e.getMessage(), e);
      onFatal.accept(fatal);
      throw fatal;
    }
  }

  private void apply(List<Committed> committed, List<@Nullable Open> opens) {
    if (committed.isEmpty()) {
      return;
    }
    List<CommitResult> results = machine.apply(number, List.copyOf(committed));
    if (committed.stream().anyMatch(each -> each.entry().cluster() != null)) {
      onCluster.run();
    }
    for (int i = 0; i < results.size(); i++) {
      Open entry = opens.get(i);
      if (entry != null) {
        finish(entry, results.get(i));
      }
    }
    committed.clear();
    opens.clear();
  }

  private void finish(Open entry, CommitResult result) {
    synchronized (this) {
      if (!entry.ownership.equals(ownership)) {
        return; // its ownership has ended, and it counts as unknown
      }
      boolean unused = open.remove(entry);
      handOver(entry.ownership);
    }
    entry.parts.forEach(submitted -> submitted.result().complete(result));
    if (!(result instanceof CommitResult.Done)) {
      end(entry.ownership, "an entry was fenced");
    } else if (entry.isBarrier()) {
      owned(entry.ownership);
    }
  }

  @Override
  public void onError(RaftException failure) {
    onFatal.accept(
        new IllegalStateException(
            "the replicated log of group " + number + " has failed: " + failure.getStatus(),
            failure));
  }

  @Override
  public void onConfigurationCommitted(Configuration members) {
    log.info("the members of group {} are {}", number, members);
  }

  @Override
  public void onShutdown() {}

  // Snapshots.

  /** Makes the store of this group's snapshots. */
  RaftSnapshots snapshotsIn(Path folder, RaftOptions options) {
    RaftSnapshots made = new RaftSnapshots(folder, options, number, machine);
    stored = made;
    return made;
  }

  /** Returns whether a snapshot must be taken in place of one that is damaged. */
  boolean wantsSnapshot() {
    RaftSnapshots known = stored;
    return known != null && known.wantsAnother();
  }

  @Override
  public void onSnapshotSave(SnapshotWriter writer, Closure done) {
    try {
      Saving state = machine.save(number);
      try {
        snapshots.execute(() -> done.run(written(state, writer)));
      } catch (RejectedExecutionException e) {
        state.close();
        done.run(new Status(RaftError.ESHUTDOWN, "this node stops"));
      }
    } catch (RuntimeException e) {
      done.run(notSaved(e));
    }
  }

  private Status written(Saving state, SnapshotWriter writer) {
    try (state) {
      Path folder = Path.of(writer.getPath());
      state.write(folder);
      machine.check(number, folder);
      File[] files = folder.toFile().listFiles(File::isFile);
      for (File file : files == null ? new File[0] : files) {
        if (!writer.addFile(file.getName())) {
          throw new IllegalStateException("the file " + file.getName() + " could not be added");
        }
      }
      return Status.OK();
    } catch (RuntimeException e) {
      return notSaved(e);
    }
  }

  /** Returns a status that does not end the group, whose log goes on and is not cut. */
  private Status notSaved(RuntimeException e) {
    if (isStopping()) {
      log.debug("the state of group {} is not saved, since this node stops", number, e);
    } else {
      log.error("the state of group {} could not be saved; its log is not cut", number, e);
    }
    return new Status(RaftError.EINTERNAL, "the state could not be saved: %s", e.getMessage());
  }

  private synchronized boolean isStopping() {
    return isClosed;
  }

  @Override
  public boolean onSnapshotLoad(SnapshotReader reader) {
    SnapshotMeta meta = reader.load();
    isLoading = true;
    try {
      machine.load(number, Path.of(reader.getPath()), meta.getLastIncludedIndex());
      onCluster.run();
      return true;
    } catch (RuntimeException e) {
      log.error("the state of group {} could not be taken from another node", number, e);
      return false;
    } finally {
      isLoading = false;
    }
  }
}
