package dev.dormouse.server.cluster.raft;

import com.alipay.sofa.jraft.RaftGroupService;
import com.alipay.sofa.jraft.conf.Configuration;
import com.alipay.sofa.jraft.core.DefaultJRaftServiceFactory;
import com.alipay.sofa.jraft.core.ElectionPriority;
import com.alipay.sofa.jraft.entity.PeerId;
import com.alipay.sofa.jraft.option.NodeOptions;
import com.alipay.sofa.jraft.option.RaftOptions;
import com.alipay.sofa.jraft.storage.LogStorage;
import com.alipay.sofa.jraft.storage.SnapshotStorage;
import com.alipay.sofa.jraft.util.ThreadPoolsFactory;
import com.alipay.sofa.jraft.util.concurrent.DefaultFixedThreadsExecutorGroupFactory;
import com.alipay.sofa.jraft.util.concurrent.FixedThreadsExecutorGroup;
import dev.dormouse.log.Log;
import dev.dormouse.server.cluster.link.Lane;
import dev.dormouse.server.cluster.link.LinkReceiver;
import dev.dormouse.server.cluster.link.NodeLinks;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.ReplicatedLog;
import dev.dormouse.storage.entrylog.EntryLog;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The replicated log of a node. Each group is a group of the engine; its leader is the owner, and
 * its term the epoch. The links carry it, and one {@link EntryLog} keeps the entries of all groups.
 */
public final class RaftLog implements ReplicatedLog {
  private static final Logger log = Log.of(RaftLog.class);

  private static final long WATCH_MS = 250;

  /** The number of entries since the last snapshot from which there is another: it has all rows. */
  private static final int SNAPSHOT_ENTRIES_MIN = 1_000;

  private static final int APPEND_THREADS = 4;
  private static final int APPEND_QUEUE = 32_768;
  private static final int CLOSURE_THREADS = 4;
  private static final int RPC_THREADS = 6;

  /**
   * Runs what the engine gives to threads of a group. The engine's own pool has no queue, and
   * replication ends for good if it is full for seconds.
   */
  private static final ThreadPoolExecutor CLOSURES =
      RaftThreads.pool("dormouse-raft-closure", CLOSURE_THREADS);

  private final RaftSettings settings;
  private final String self;
  private final NodeLinks links;
  private final Machine machine;
  private final EntryLog entries;
  private final RaftRpc rpc;
  private final List<RaftGroup> groups = new ArrayList<>();
  private final ThreadPoolExecutor notifier = RaftThreads.pool("dormouse-raft-owner", 1);
  private final ThreadPoolExecutor saving = RaftThreads.pool("dormouse-raft-snapshot", 1);
  private final RaftWatch watch;
  private final ScheduledThreadPoolExecutor watching;
  private final FixedThreadsExecutorGroup appending =
      DefaultFixedThreadsExecutorGroupFactory.INSTANCE.newExecutorGroup(
          APPEND_THREADS, "dormouse-raft-append", APPEND_QUEUE, true);

  /** The groups that are started. The monitor guards it. */
  private final List<RunningGroup> started = new ArrayList<>();

  /** True once {@link #close} was called. The monitor guards it. */
  private boolean isClosed;

  /**
   * Opens the log of a node, which does nothing until {@link #start}.
   *
   * @param links the node's links, which are not started yet and know their peers
   * @param onFatal called when the process must end, because nobody knows what the disk holds
   */
  public RaftLog(
      RaftSettings settings,
      NodeLinks links,
      Machine machine,
      Time time,
      Consumer<Throwable> onFatal) {
    this.settings = settings;
    this.self = links.node();
    this.links = links;
    this.machine = machine;
    this.rpc = new RaftRpc(links);
    Consumer<Throwable> fatal =
        failure -> {
          rpc.silence();
          onFatal.accept(failure);
        };
    this.entries = EntryLog.open(settings.folder().resolve("log"), fatal);
    links.receive(Lane.RAFT, rpc);
    this.watch = new RaftWatch(settings, self, rpc, machine, time, fatal);
    this.watching =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "dormouse-raft-watch");
              thread.setDaemon(true);
              return thread;
            });
    for (int group = 0; group < settings.groups(); group++) {
      groups.add(new RaftGroup(group, self, machine, notifier, saving, this::identify, fatal));
    }
    identify();
  }

  /** Tells the links the id of the cluster, as soon as this node knows it. */
  private void identify() {
    String cluster = machine.cluster();
    if (cluster != null) {
      links.cluster(cluster);
    }
  }

  @Override
  public synchronized void start() {
    for (int group = 0; group < settings.groups(); group++) {
      try {
        ThreadPoolsFactory.registerThreadPool(nameOf(group), CLOSURES);
      } catch (IllegalArgumentException e) {
        log.debug("the group {} has its threads already", group); // another node of the process
      }
      int number = group;
      RunningGroup running = new RunningGroup(groups.get(group), () -> service(number));
      started.add(running);
      watch.add(running);
    }
    var unused =
        watching.scheduleWithFixedDelay(this::watch, WATCH_MS, WATCH_MS, TimeUnit.MILLISECONDS);
  }

  private static String nameOf(int group) {
    return "g" + group;
  }

  private RaftGroupService service(int group) {
    Path folder = settings.folder();
    RaftNodeOptions options = new RaftNodeOptions(rpc, groups.get(group));
    Configuration members = new Configuration();
    settings.members().forEach(member -> members.addPeer(new PeerId(member, RaftRpc.PORT)));
    options.setInitialConf(members);
    options.setFsm(groups.get(group));
    options.setLogUri(nameOf(group));
    options.setRaftMetaUri(folder.resolve("meta").resolve(nameOf(group)).toString());
    options.setSnapshotUri(folder.resolve("snapshot").resolve(nameOf(group)).toString());
    options.setSnapshotIntervalSecs((int) settings.snapshots().toSeconds());
    options.setSnapshotLogIndexMargin(SNAPSHOT_ENTRIES_MIN);
    options.setElectionTimeoutMs((int) settings.election().toMillis());
    options.setElectionPriority(
        settings.mayOwn() ? ElectionPriority.Disabled : ElectionPriority.NotElected);
    options.setSharedTimerPool(true);
    options.setSharedElectionTimer(true);
    options.setSharedVoteTimer(true);
    options.setSharedStepDownTimer(true);
    options.setSharedSnapshotTimer(true);
    options.setRpcProcessorThreadPoolSize(RPC_THREADS);
    options.setAppendEntriesExecutors(appending);
    options.setDisableCli(true);
    options.setServiceFactory(
        new DefaultJRaftServiceFactory() {
          @Override
          public LogStorage createLogStorage(String uri, RaftOptions unused) {
            return new RaftLogStorage(entries.group(group));
          }

          @Override
          public SnapshotStorage createSnapshotStorage(NodeOptions of) {
            return groups.get(group).snapshotsIn(Path.of(of.getSnapshotUri()), of.getRaftOptions());
          }
        });
    RaftOptions raft = options.getRaftOptions();
    raft.setMaxElectionDelayMs((int) (settings.election().toMillis() / 2));
    raft.setSync(true);
    raft.setApplyBatch(256);
    raft.setDisruptorBufferSize(4096);
    raft.setMaxLogsInMemoryBytes(8 << 20);
    raft.setOpenStatistics(false);
    raft.setEnableLogEntryChecksum(true);
    return new RaftGroupService(
        nameOf(group),
        new PeerId(self, RaftRpc.PORT, 0, options.getElectionPriority()),
        options,
        rpc,
        true);
  }

  @Override
  public CompletionStage<CommitResult> submit(Ownership ownership, Entry entry) {
    long bytes = entry.bytes();
    if (bytes > ENTRY_BYTES_MAX) {
      return CompletableFuture.completedStage(
          new CommitResult.Refused(
              "an entry of the log must not have more than "
                  + ENTRY_BYTES_MAX
                  + " bytes; this one has "
                  + bytes));
    }
    return groups.get(ownership.group()).submit(ownership, entry);
  }

  @Override
  public CompletionStage<CommitResult> confirm(Ownership ownership) {
    return groups.get(ownership.group()).confirm(ownership);
  }

  @Override
  public @Nullable Owner owner(int group) {
    return groups.get(group).owner();
  }

  /**
   * Returns the id of the cluster, which the first owner of group 0 has made; null while this node
   * does not know it.
   */
  public @Nullable String cluster() {
    return machine.cluster();
  }

  /** Returns the index of the entry that this node has applied last to a group; 0 if none. */
  public long applied(int group) {
    return machine.applied(group);
  }

  /**
   * Hands a group of this node to another node that has all its entries, but for those that are on
   * their way. Turns that wait meanwhile end in {@link CommitResult.Unknown}, since the ownership
   * ends. The stage never fails.
   *
   * @param limit the time after which the answer is {@link TransferResult.TimedOut}
   * @throws IndexOutOfBoundsException if there is no such group
   */
  public CompletionStage<TransferResult> transfer(int group, String node, Duration limit) {
    RaftGroup moving = groups.get(group);
    if (!settings.members().contains(node)) {
      return CompletableFuture.completedStage(
          new TransferResult.Refused("node " + node + " is no member of the cluster"));
    }
    CompletableFuture<TransferResult> result = new CompletableFuture<>();
    try {
      watching.execute(
          () -> {
            if (!node.equals(self) && moving.isOwned() && !watch.isCaughtUp(group, node)) {
              result.complete(
                  new TransferResult.Refused("node " + node + " has not got all entries"));
              return;
            }
            var unused =
                moving.transfer(node, limit).thenAccept(outcome -> result.complete(outcome));
          });
    } catch (RejectedExecutionException e) {
      result.complete(new TransferResult.Refused("this node stops"));
    }
    return result.whenComplete((outcome, failure) -> watch.count(outcome));
  }

  /**
   * Hands all groups of this node to others that have their entries, and takes none any more. What
   * nobody can take stays. The stage never fails.
   *
   * @param limit the time for each group
   * @return the number of groups that were handed over
   */
  public CompletionStage<Integer> handOverAll(Duration limit) {
    watch.takeNoMore();
    List<CompletableFuture<TransferResult>> results = new ArrayList<>();
    Map<String, Integer> takers = watch.takers();
    if (takers != null) {
      for (RaftGroup group : groups) {
        String to =
            group.isOwned() ? Balance.successor(group.number(), takers, watch::isCaughtUp) : null;
        if (to != null) {
          takers.merge(to, 1, Integer::sum);
          results.add(transfer(group.number(), to, limit).toCompletableFuture());
        }
      }
    }
    return CompletableFuture.allOf(results.toArray(CompletableFuture<?>[]::new))
        .thenApply(
            all ->
                (int)
                    results.stream()
                        .filter(result -> result.join() instanceof TransferResult.Done)
                        .count());
  }

  /** Returns the state of all groups, as this node knows it, in the order of their numbers. */
  public List<RaftGroupState> groups() {
    List<RaftGroupState> states = new ArrayList<>();
    for (RaftGroup group : groups) {
      Owner owner = group.owner();
      Map<String, Long> lags = new TreeMap<>();
      for (String peer : watch.peers()) {
        long lag = group.lagOf(peer);
        if (lag >= 0) {
          lags.put(peer, lag);
        }
      }
      long lag =
          lags.isEmpty()
              ? watch.lagToldBy(owner == null ? null : owner.node(), group.number())
              : Collections.max(lags.values());
      states.add(
          new RaftGroupState(
              group.number(),
              group.role(),
              owner == null ? null : owner.node(),
              owner == null ? 0 : owner.epoch(),
              group.last(),
              machine.applied(group.number()),
              lags,
              lag));
    }
    return states;
  }

  /** Returns what the watch over the log has done so far. */
  public RaftCounts counts() {
    return watch.counts();
  }

  /** Returns the receiver of the lane of the log, for tests that lose what it is sent. */
  LinkReceiver receiver() {
    return rpc;
  }

  /** Takes a snapshot of each group now, and cuts its log. Completes when all are taken. */
  public CompletionStage<Void> snapshot() {
    List<CompletableFuture<Void>> taken = new ArrayList<>();
    synchronized (this) {
      for (RunningGroup each : started) {
        CompletableFuture<Void> one = new CompletableFuture<>();
        taken.add(one);
        each.snapshot(
            status -> {
              if (status.isOk()) {
                one.complete(null);
              } else {
                one.completeExceptionally(new IllegalStateException(status.getErrorMsg()));
              }
            });
      }
    }
    return CompletableFuture.allOf(taken.toArray(CompletableFuture<?>[]::new));
  }

  private void watch() {
    try {
      synchronized (this) {
        if (!isClosed) {
          watch.look();
        }
      }
    } catch (RuntimeException e) {
      log.error("the replicated log could not be watched", e);
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      if (isClosed) {
        return;
      }
      isClosed = true;
    }
    watching.shutdown();
    groups.forEach(RaftGroup::close);
    synchronized (this) {
      started.forEach(RunningGroup::stop);
      started.forEach(RunningGroup::join);
    }
    rpc.shutdown();
    boolean unused = appending.shutdownGracefully();
    notifier.shutdown();
    saving.shutdown();
    entries.close();
  }
}
