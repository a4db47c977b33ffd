package dev.dormouse.server.node;

import dev.dormouse.log.Counted;
import dev.dormouse.log.Log;
import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.admin.AdminOptions;
import dev.dormouse.server.admin.AdminServer;
import dev.dormouse.server.admin.BackupPage;
import dev.dormouse.server.admin.ClusterPage;
import dev.dormouse.server.admin.dashboard.Dashboard;
import dev.dormouse.server.admin.inspector.InspectorPage;
import dev.dormouse.server.admin.metrics.ServerMetrics;
import dev.dormouse.server.admin.metrics.Snapshot;
import dev.dormouse.server.cluster.ClusterNode;
import dev.dormouse.server.cluster.ClusterView;
import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.HostOptions;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.observe.accesslog.AccessLog;
import dev.dormouse.server.observe.accesslog.AccessLogFormat;
import dev.dormouse.server.options.ClusterOptions;
import dev.dormouse.server.options.FileHandles;
import dev.dormouse.server.options.ProcessEnd;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.options.ServerStartException;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.server.tls.CertificateWatch;
import dev.dormouse.server.tls.TlsFiles;
import dev.dormouse.storage.BackupReport;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.Scratch;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Wires and runs one node: gateway, host and store, and the threads and ports that they use. A
 * start goes from the store outwards, so that clients come last; a stop goes from the sockets
 * inwards.
 */
public final class Node implements AutoCloseable {
  private static final Logger log = Log.of(Node.class);
  private static final int GOING_AWAY = 1001;
  private static final int SERVICE_RESTART = 1012;

  /** The seconds that a stop of the process may take beyond the drain time. */
  private static final int STOP_MORE_S = 4;

  private static final long TICK_MS = 25;
  private static final long ALARMS_REST_MS = 20;

  /**
   * The rest between two looks for alarms, in milliseconds, while more alarms are due than may be
   * under way.
   */
  private static final long ALARMS_BEHIND_MS = 1;

  private static final int ROUND_TICKS = 10;
  private static final long CERTIFICATE_LOOK_MS = 2_000;
  private static final Duration LEFTOVERS_BEFORE_OPENING = Duration.ofSeconds(10);

  /** Longer than {@link #STOP_MORE_S}: at a stop of the process the watchdog comes first. */
  private static final Duration EVENT_LOOPS_LIMIT = Duration.ofSeconds(STOP_MORE_S + 2);

  /** The options of the caller, with no more connections than there are file handles for. */
  public final ServerOptions options;

  public final Vertx vertx;
  public final ActorHost host;
  public final WebSocketGateway gateway;
  public final Observers observers;
  public final ServerMetrics metrics;
  public final AdminServer admin;
  public final HttpListeners listeners;

  private final NodeStore store;

  /** The parts that this node has as one of several; null if it is alone. */
  private final @Nullable ClusterNode cluster;

  /** The folder for files that Vert.x and Netty unpack. */
  private final Scratch scratch;

  private final HandlerThreads threads;

  /** The thread that looks for alarms that are due. */
  private final RepeatingThread alarms;

  private final Watchdog watchdog;

  /**
   * The thread that looks for turns that take too long and for idle actors. No handler can block
   * it.
   */
  private final RepeatingThread rounds;

  /** The watch over the certificate's files; null without TLS. */
  private final @Nullable CertificateWatch certificate;

  /** The access log; null if there is none. */
  private final @Nullable AccessLog accessLog;

  private final Map<String, ActorDefinition> actors = new LinkedHashMap<>();

  /** The names of the types that the application has mounted on routers of its own. */
  private final Set<String> mounted = ConcurrentHashMap.newKeySet();

  /** Held by the thread that closes the node; other callers of {@code close()} wait for it. */
  private final ReentrantLock ending = new ReentrantLock();

  private final AtomicBoolean isClosed = new AtomicBoolean();
  private volatile boolean isStarted;

  /** Removes this node's listener for caught failures. */
  private volatile Runnable listening = () -> {};

  private Node(
      List<ActorDefinition> actors,
      List<DormouseObserver> observers,
      ServerOptions options,
      AdminOptions adminOptions,
      @Nullable CertificateWatch certificate,
      Scratch scratch,
      Vertx vertx,
      Foundation foundation) {
    ProcessEnd.prepare();
    actors.forEach(actor -> this.actors.put(actor.name(), actor));
    this.options = options;
    this.certificate = certificate;
    this.scratch = scratch;
    this.store = foundation.store();
    this.cluster = foundation.cluster();
    this.observers = new Observers(options.time());
    observers.forEach(this.observers::add);
    this.vertx = vertx;
    vertx.exceptionHandler(failure -> log.error("a task of an event loop failed", failure));
    this.threads = new HandlerThreads(((VertxInternal) vertx).eventLoopGroup(), options.time());
    this.host =
        new ActorHost(
            actors.stream()
                .map(actor -> actor.type(id -> threads.of(actor.options().threading(), id)))
                .toList(),
            store,
            foundation.transport(),
            foundation.name(),
            foundation.placement(),
            foundation.calls(),
            options.time(),
            HostOptions.defaults()
                .withIdle(options.idle())
                .withActiveActorsMax(options.actorsInMemoryMax()),
            this.observers);
    this.alarms =
        new RepeatingThread(
            "alarms", () -> host.ringAlarms() ? ALARMS_BEHIND_MS : ALARMS_REST_MS, options.time());
    this.rounds = new RepeatingThread("rounds", this::tick, options.time());
    this.watchdog =
        new Watchdog(
            watched(),
            new ClassPathWatch(System.getProperty("java.class.path", "")),
            options.stallExit().orElse(Duration.ZERO),
            options.time(),
            this::endProcess);
    GatewayOptions sockets = options.gateway();
    this.gateway =
        new WebSocketGateway(
            certificate == null ? sockets : sockets.tls(certificate.tls()),
            vertx,
            foundation.placement(),
            foundation.transport(),
            options.time(),
            store.run(),
            this.observers);
    foundation.transport().connect(host, gateway);
    foundation.transport().measure(gateway::underWayBytes);
    this.accessLog =
        options.accessLog() == AccessLogFormat.OFF
            ? null
            : new AccessLog(options.accessLog(), options.time());
    if (accessLog != null) {
      this.observers.add(accessLog);
    }
    this.listeners = new HttpListeners(options, vertx, gateway, accessLog);
    this.metrics =
        new ServerMetrics(vertx, this.observers, this::snapshot, options.time(), cluster != null);
    this.admin =
        new AdminServer(
            vertx,
            host,
            this::whyNotReady,
            adminOptions,
            options.time(),
            new BackupPage(vertx, options.data(), this::backup),
            new ClusterPage(cluster),
            new Dashboard(vertx, host, store, gateway, this.observers, options.time(), cluster),
            new InspectorPage(
                vertx,
                this.observers,
                options.time(),
                host,
                gateway,
                actors.stream().map(ActorDefinition::route).toList(),
                options.tls() != null,
                () -> options.host() + ":" + listeners.port()),
            metrics);
  }

  /** Creates a node over the store that the options name; the node is not started yet. */
  public static Node of(
      List<ActorDefinition> actors, List<DormouseObserver> observers, ServerOptions asked) {
    FileHandles handles = FileHandles.ofProcess(HttpListeners.eventLoops(asked));
    ServerOptions options = endingOnce(handles.fitted(asked));
    return wired(
        actors,
        observers,
        options,
        adminOf(options, handles),
        certificateOf(options),
        handles,
        options.cluster() == null ? Foundation.alone(options, handles) : null);
  }

  /**
   * Creates a node without TLS over a store that is open already; closing the node closes the
   * store.
   */
  public static Node of(
      List<ActorDefinition> actors,
      List<DormouseObserver> observers,
      ServerOptions asked,
      NodeStore store,
      Transport transport) {
    FileHandles handles = FileHandles.ofProcess(HttpListeners.eventLoops(asked));
    ServerOptions options = endingOnce(handles.fitted(asked));
    return wired(
        actors,
        observers,
        options,
        adminOf(options, handles),
        null,
        handles,
        Foundation.alone(store, transport));
  }

  /**
   * Creates a node; if that fails, everything that was opened for it is closed.
   *
   * @param alone the foundation of a node that is alone; null to open that of a node of a cluster
   */
  private static Node wired(
      List<ActorDefinition> actors,
      List<DormouseObserver> observers,
      ServerOptions options,
      AdminOptions admin,
      @Nullable CertificateWatch certificate,
      FileHandles handles,
      @Nullable Foundation alone) {
    Scratch scratch = null;
    Vertx vertx = null;
    Foundation foundation = alone;
    try {
      scratch = scratchOf(options);
      vertx = HttpListeners.vertx(options, scratch.path());
      ClusterOptions several = options.cluster();
      if (foundation == null && several != null) {
        foundation = Foundation.ofCluster(several, options, handles, vertx);
      }
      return new Node(
          actors,
          observers,
          options,
          admin,
          certificate,
          scratch,
          vertx,
          Objects.requireNonNull(foundation));
    } catch (RuntimeException | Error e) {
      if (foundation != null) {
        foundation.close();
      }
      if (vertx != null) {
        vertx.close();
      }
      if (scratch != null) {
        scratch.close();
      }
      throw e;
    }
  }

  private static Scratch scratchOf(ServerOptions options) {
    List<Path> bases =
        options.durability() == Durability.MEMORY
            ? List.of(Scratch.temporaryFolder())
            : List.of(options.data(), Scratch.temporaryFolder());
    try {
      return Scratch.in(bases);
    } catch (IOException e) {
      throw new ServerStartException(
          "there is no folder for temporary files ("
              + e.getMessage()
              + "): name one that can be written with java -Djava.io.tmpdir=FOLDER",
          e);
    }
  }

  private static AdminOptions adminOf(ServerOptions options, FileHandles handles) {
    return AdminOptions.of(options.adminHost(), options.adminTokenFile())
        .connectionsMax(handles.adminConnections());
  }

  /** Returns the watch over the certificate's files; null without TLS. */
  private static @Nullable CertificateWatch certificateOf(ServerOptions options) {
    TlsFiles tls = options.tls();
    return tls == null ? null : CertificateWatch.open(tls, options.time());
  }

  private List<Watchdog.Part> watched() {
    List<Watchdog.Part> parts = new ArrayList<>();
    VertxInternal loops = (VertxInternal) vertx;
    loops.eventLoopGroup().forEach(loop -> parts.add(new Watchdog.LoopPart(loop, "event_loop")));
    loops
        .acceptorEventLoopGroup()
        .forEach(loop -> parts.add(new Watchdog.LoopPart(loop, "acceptor")));
    parts.add(new Watchdog.StorePart(store));
    parts.add(new Watchdog.HeapPart(options.time(), Watchdog.HeapPart::collectionMsOfProcess));
    parts.add(alarms);
    parts.add(rounds);
    return parts;
  }

  /** Ends the process if a caught failure requires that; other failures are ignored here. */
  private void caught(Throwable failure) {
    ProcessEnd end = ProcessEnd.of(failure);
    if (end != null) {
      endProcess(end);
    }
  }

  private void endProcess(ProcessEnd end) {
    options.onFatal().accept(end);
  }

  /** Returns the options, with an {@link ServerOptions#onFatal} that is called at most once. */
  private static ServerOptions endingOnce(ServerOptions options) {
    Consumer<ProcessEnd> onFatal = options.onFatal();
    AtomicBoolean isEnding = new AtomicBoolean();
    return options.onFatal(
        end -> {
          if (isEnding.compareAndSet(false, true)) {
            onFatal.accept(end);
          }
        });
  }

  /** Returns why the node is not ready for clients; empty if it is. */
  public Optional<String> whyNotReady() {
    if (!isStarted || isClosed.get()) {
      return Optional.of("not ready");
    }
    long waitingNs = threads.oldestWaiting(options.time().nowNs());
    if (waitingNs >= TimeUnit.SECONDS.toNanos(Watchdog.REPORTED_AFTER_S)) {
      return Optional.of(
          "not ready: an event has waited for a thread for %s s, since handlers hold up all others"
              .formatted(TimeUnit.NANOSECONDS.toSeconds(waitingNs)));
    }
    return Optional.ofNullable(watchdog.stalled()).map(why -> "not ready: " + why);
  }

  /**
   * Starts the node and returns when clients can connect. If the start fails, the caller closes the
   * node.
   *
   * @param routes adds the application's own routes
   */
  public void start(Consumer<Router> routes) {
    listening = Log.listen(this::caught);
    watchdog.start();
    rounds.start();
    if (certificate != null) {
      vertx.setPeriodic(CERTIFICATE_LOOK_MS, timer -> lookAt(certificate));
    }
    if (cluster == null) {
      closeLeftovers();
    } else {
      store.listen(host);
      cluster.start(host::accept, request -> host.owns(request.target()));
    }
    alarms.start(); // not earlier: the alarms' handlers would see connections that are gone
    Router router = router(routes);
    HttpListeners.await(
        admin.listen(options.adminPort()),
        "--admin-port " + options.adminPort() + " on " + options.adminHost());
    if (store.durability() != Durability.MEMORY) {
      AdminPortNote.write(options.data(), admin.port());
    }
    if (!isHostOnly()) {
      listeners.open(router);
    }
    isStarted = true;
  }

  private boolean isHostOnly() {
    ClusterOptions several = options.cluster();
    return several != null && several.role() == ClusterOptions.Role.HOST;
  }

  /** Returns the view of the cluster; null if this node is alone. */
  public @Nullable ClusterView cluster() {
    return cluster;
  }

  private long tick() {
    host.tick(ROUND_TICKS);
    return TICK_MS;
  }

  private void lookAt(CertificateWatch certificate) {
    vertx
        .executeBlocking(certificate::look, false)
        .onFailure(
            e ->
                log.error(
                    "the certificate's files could not be read; the old certificate stays in use",
                    e));
  }

  private void closeLeftovers() {
    CompletableFuture<Long> closing =
        host.closeLeftovers()
            .whenComplete(
                (number, error) -> {
                  if (error != null) {
                    log.error("connections of the last run could not all be closed", error);
                  } else if (number > 0) {
                    log.info(
                        "closed {} that the last run left behind",
                        Counted.of(number, "connection"));
                    warnOfOwedCloses();
                  }
                });
    try {
      closing.get(LEFTOVERS_BEFORE_OPENING.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      log.warn("connections of the last run are still being closed; opening the port meanwhile");
    } catch (ExecutionException e) {
      throw new ServerStartException("the store cannot be read: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServerStartException("interrupted while starting", e);
    }
  }

  private void warnOfOwedCloses() {
    long owed = host.owedCloses();
    if (owed > 0) {
      log.warn(
          "onClose of {} could not take effect yet; it is tried again",
          Counted.of(owed, "connection"));
    }
  }

  private Router router(Consumer<Router> routes) {
    Router router = Router.router(vertx);
    router.errorHandler(
        500,
        failed -> {
          Throwable failure = failed.failure();
          if (failure != null) {
            log.error("a request could not be answered", failure);
          }
        });
    if (accessLog != null) {
      accessLog.listenTo(router);
    }
    routes.accept(router);
    actors.values().stream()
        .filter(actor -> !mounted.contains(actor.name()))
        .forEach(actor -> gateway.mount(router, actor.route()));
    return router;
  }

  /** Makes the actors of a type reachable on a router; see {@link DormouseServer#mount}. */
  public Route mount(Router router, String type) {
    ActorDefinition actor = actors.get(type);
    if (actor == null) {
      throw new IllegalArgumentException(
          "there is no actor type '%s'; there are %s".formatted(type, actors.keySet()));
    }
    mounted.add(type);
    return gateway.mount(router, actor.route());
  }

  /** Takes a backup as {@link DormouseServer#backup} describes. */
  public BackupReport backup(Path to) {
    return store.backup(to, options.time().instant());
  }

  private Snapshot snapshot() {
    return new Snapshot(
        gateway.counts(),
        host.counts(),
        host.alarmCounts(),
        host.overdueAlarms(),
        store.commitCounts(),
        host.activeActors(),
        gateway.countActors(actor -> !host.isActive(actor)),
        gateway.outboundBytes(),
        gateway.activeRequests(),
        host.owedCloses(),
        host.eventsGivenUp(),
        host.droppedReleases(),
        store.durability() == Durability.MEMORY ? 0 : ServerMetrics.bytesIn(options.data()),
        observers.failures(),
        threads.oldestWaiting(options.time().nowNs()),
        threads.refusedThreads(),
        watchdog.stillNsByKind(),
        cluster == null ? null : cluster.status());
  }

  /**
   * Stops the node because the process stops. The process ends within the drain time and {@value
   * #STOP_MORE_S} s, whatever goes wrong.
   */
  public void closeWithProcess() {
    watchdog.endWithin(options.drain().plusSeconds(STOP_MORE_S));
    try {
      close();
    } catch (RuntimeException | Error e) {
      ProcessEnd end = ProcessEnd.of(e);
      endProcess(
          end != null
              ? end
              : new ProcessEnd(ProcessEnd.FAILED, "the stop failed; the process ends (" + e + ")"));
    }
  }

  /** Stops the node as {@link DormouseServer#close} describes. */
  @Override
  public void close() {
    boolean isInterrupted = Thread.interrupted();
    ending.lock();
    try {
      if (isClosed.compareAndSet(false, true)) {
        isInterrupted |= stop();
        Log.flush();
      }
    } finally {
      ending.unlock();
      if (isInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Stops the parts from the sockets inwards. A part that fails to stop does not keep the others,
   * above all the store, from being stopped; its exception is thrown at the end.
   *
   * @return whether the thread was interrupted meanwhile
   */
  private boolean stop() {
    long deadlineNs = options.time().nowNs() + options.drain().toNanos();
    Duration forSockets = options.drain().dividedBy(2);
    int code = options.restarts() ? SERVICE_RESTART : GOING_AWAY;
    boolean isInterrupted = false;
    if (cluster != null) {
      ClusterNode several = cluster;
      isInterrupted =
          drain(
              () ->
                  host.giveUpAll(forSockets)
                      .thenCompose(left -> several.handOver(forSockets.dividedBy(2))),
              deadlineNs,
              "hand-over of actors");
    }
    isInterrupted |=
        drain(() -> gateway.shutdown(code, forSockets).toCompletionStage(), deadlineNs, "sockets");
    isInterrupted |= drain(host::stop, deadlineNs, "actors");
    List<Throwable> failures = new ArrayList<>();
    stop(failures, this::warnOfOwedCloses, alarms::close, rounds::close, store::close);
    if (cluster != null) {
      stop(failures, cluster::close);
    }
    stop(failures, threads::close, watchdog::partsAreStopping);
    long loopsDeadlineNs = options.time().nowNs() + EVENT_LOOPS_LIMIT.toNanos();
    isInterrupted |= drain(() -> vertx.close().toCompletionStage(), loopsDeadlineNs, "event loops");
    stop(failures, watchdog::close, listening, scratch::close);
    for (Throwable failure : failures) {
      if (failure instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) failure;
    }
    return isInterrupted;
  }

  private static void stop(List<Throwable> failures, Runnable... steps) {
    for (Runnable step : steps) {
      try {
        step.run();
      } catch (RuntimeException | Error e) {
        failures.add(e);
      }
    }
  }

  /**
   * Begins a step and waits until it is done or the deadline has come.
   *
   * @return whether the thread was interrupted meanwhile
   */
  private boolean drain(
      Supplier<? extends CompletionStage<?>> beginning, long deadlineNs, String what) {
    CompletableFuture<?> done;
    try {
      done = beginning.get().toCompletableFuture();
    } catch (RuntimeException | Error e) {
      done = CompletableFuture.failedFuture(e);
    }
    boolean isInterrupted = false;
    while (true) {
      try {
        done.get(Math.max(0, deadlineNs - options.time().nowNs()), TimeUnit.NANOSECONDS);
        return isInterrupted;
      } catch (InterruptedException e) {
        isInterrupted = true;
      } catch (TimeoutException e) {
        log.warn(
            "the stop waits no longer for the {}; the next start deals with what is left", what);
        return isInterrupted;
      } catch (ExecutionException e) {
        log.warn("the {} did not stop cleanly", what, e.getCause());
        return isInterrupted;
      }
    }
  }
}
