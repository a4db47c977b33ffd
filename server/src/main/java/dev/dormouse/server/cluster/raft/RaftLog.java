package dev.dormouse.server.cluster.raft;

import com.alipay.sofa.jraft.Node;
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
import dev.dormouse.server.cluster.link.NodeLinks;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.ReplicatedLog;
import dev.dormouse.storage.entrylog.EntryLog;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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
  private static final long STUCK_NS = Duration.ofSeconds(3).toNanos();

  /** The time between two looks from which the machine counts as too busy to judge by. */
  private static final long BUSY_NS = Duration.ofSeconds(1).toNanos();

  private static final int RESTARTS_MAX = 1;

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

  /** A group, and how its log goes on. Only the watch uses the fields that change. */
  private static final class Watched {
    private final RaftGroup group;
    private RaftGroupService service;
    private long committed;
    private long committedNs;
    private long watchedNs;
    private int restarts;

    Watched(RaftGroup group, RaftGroupService service) {
      this.group = group;
      this.service = service;
    }
  }

  private final RaftSettings settings;
  private final String self;
  private final NodeLinks links;
  private final Machine machine;
  private final Time time;
  private final Consumer<Throwable> onFatal;
  private final EntryLog entries;
  private final RaftRpc rpc;
  private final List<RaftGroup> groups = new ArrayList<>();
  private final ThreadPoolExecutor notifier = RaftThreads.pool("dormouse-raft-owner", 1);
  private final ThreadPoolExecutor saving = RaftThreads.pool("dormouse-raft-snapshot", 1);
  private final ScheduledThreadPoolExecutor watch;
  private final FixedThreadsExecutorGroup appending =
      DefaultFixedThreadsExecutorGroupFactory.INSTANCE.newExecutorGroup(
          APPEND_THREADS, "dormouse-raft-append", APPEND_QUEUE, true);

  /** The groups that are started. The monitor guards it. */
  private final List<Watched> started = new ArrayList<>();

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
    this.time = time;
    this.onFatal = onFatal;
    this.entries = EntryLog.open(settings.folder().resolve("log"), onFatal);
    this.rpc = new RaftRpc(links);
    links.receive(Lane.RAFT, rpc);
    this.watch =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "dormouse-raft-watch");
              thread.setDaemon(true);
              return thread;
            });
    for (int group = 0; group < settings.groups(); group++) {
      groups.add(new RaftGroup(group, self, machine, notifier, saving, this::identify, onFatal));
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
      RaftGroupService service = service(group);
      Node node = service.start(false);
      groups.get(group).use(node);
      started.add(new Watched(groups.get(group), service));
    }
    var unused =
        watch.scheduleWithFixedDelay(this::watch, WATCH_MS, WATCH_MS, TimeUnit.MILLISECONDS);
  }

  private static String nameOf(int group) {
    return "g" + group;
  }

  private RaftGroupService service(int group) {
    Path folder = settings.folder();
    RaftNodeOptions options = new RaftNodeOptions(rpc);
    Configuration members = new Configuration();
    settings.members().forEach(member -> members.addPeer(new PeerId(member, RaftRpc.PORT)));
    options.setInitialConf(members);
    options.setFsm(groups.get(group));
    options.setLogUri(nameOf(group));
    options.setRaftMetaUri(folder.resolve("meta").resolve(nameOf(group)).toString());
    options.setSnapshotUri(folder.resolve("snapshot").resolve(nameOf(group)).toString());
    options.setSnapshotIntervalSecs((int) settings.snapshots().toSeconds());
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

  /**
   * Returns the index of the entry that this node has applied last to a group; 0 before the log is
   * started.
   */
  public long applied(int group) {
    return groups.get(group).applied();
  }

  /** Takes a snapshot of each group now, and cuts its log. Completes when all are taken. */
  public CompletionStage<Void> snapshot() {
    List<CompletableFuture<Void>> taken = new ArrayList<>();
    synchronized (this) {
      for (Watched each : started) {
        CompletableFuture<Void> one = new CompletableFuture<>();
        taken.add(one);
        each.service
            .getRaftNode()
            .snapshot(
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
          started.forEach(this::watch);
        }
      }
    } catch (RuntimeException e) {
      log.error("the replicated log could not be watched", e);
    }
  }

  /** Restarts a group whose log does not go on although this node leads it. */
  private void watch(Watched each) {
    each.group.againIfLeading();
    Node node = each.service.getRaftNode();
    if (each.group.wantsSnapshot()) {
      node.snapshot(status -> log.info("group {} has another snapshot: {}", node, status));
    }
    long nowNs = time.nowNs();
    long committed;
    boolean isBusy = nowNs - each.watchedNs > BUSY_NS;
    each.watchedNs = nowNs;
    boolean isGoingOn;
    try {
      committed = node.getLastCommittedIndex();
      isGoingOn = !node.isLeader(false) || node.getLastLogIndex() <= committed;
    } catch (IllegalStateException e) {
      return; // it is starting or stopping
    }
    if (isGoingOn || isBusy || committed != each.committed) {
      each.committed = committed;
      each.committedNs = nowNs;
      each.restarts = isGoingOn ? 0 : each.restarts;
    } else if (nowNs - each.committedNs > STUCK_NS) {
      restart(each, nowNs);
    }
  }

  private void restart(Watched each, long nowNs) {
    if (each.restarts >= RESTARTS_MAX) {
      onFatal.accept(
          new IllegalStateException(
              "the log of group " + each.service.getGroupId() + " does not go on"));
      return;
    }
    log.error(
        "the log of group {} has not gone on for {} s; it is started again",
        each.service.getGroupId(),
        TimeUnit.NANOSECONDS.toSeconds(STUCK_NS));
    each.restarts++;
    each.committedNs = nowNs;
    each.group.stopped();
    stop(each);
    int group = groups.indexOf(each.group);
    each.service = service(group);
    each.group.use(each.service.start(false));
  }

  private static void stop(Watched each) {
    Node node = each.service.getRaftNode();
    each.service.shutdown();
    try {
      node.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
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
    watch.shutdown();
    groups.forEach(RaftGroup::close);
    synchronized (this) {
      started.forEach(each -> each.service.getRaftNode().shutdown(null));
      started.forEach(RaftLog::stop);
    }
    rpc.shutdown();
    boolean unused = appending.shutdownGracefully();
    notifier.shutdown();
    saving.shutdown();
    entries.close();
  }
}
