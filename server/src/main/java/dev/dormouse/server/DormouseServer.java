package dev.dormouse.server;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.OutsideRef;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.gateway.limits.GatewayCounts;
import dev.dormouse.server.gateway.socket.ConnectionStatus;
import dev.dormouse.server.host.ActorStatus;
import dev.dormouse.server.host.alarm.AlarmCounts;
import dev.dormouse.server.node.ActorDefinition;
import dev.dormouse.server.node.Node;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.BackupReport;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.NodeStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Represents a running server: gateway, host and store of one node. All methods may be called from
 * any thread.
 */
public final class DormouseServer implements AutoCloseable {
  private final Node node;

  private DormouseServer(Node node) {
    this.node = node;
  }

  static DormouseServer open(
      List<ActorDefinition> actors,
      List<BiConsumer<Router, DormouseServer>> routes,
      List<DormouseObserver> observers,
      ServerOptions options) {
    return start(Node.of(actors, observers, options), routes);
  }

  /**
   * Starts a server without TLS over a store that is open already; closing the server closes the
   * store.
   */
  static DormouseServer open(
      List<ActorDefinition> actors,
      List<BiConsumer<Router, DormouseServer>> routes,
      List<DormouseObserver> observers,
      ServerOptions options,
      NodeStore store,
      Transport transport) {
    return start(Node.of(actors, observers, options, store, transport), routes);
  }

  private static DormouseServer start(Node node, List<BiConsumer<Router, DormouseServer>> routes) {
    DormouseServer server = new DormouseServer(node);
    try {
      node.start(router -> routes.forEach(r -> r.accept(router, server)));
      return server;
    } catch (RuntimeException | Error e) {
      server.close();
      throw e;
    }
  }

  /**
   * Returns the options of this server, with no more connections than the process has file handles
   * for.
   */
  public ServerOptions options() {
    return node.options;
  }

  /**
   * Returns the Vert.x instance that the server's own router runs on, for handlers that need one.
   * The application must not close it.
   */
  public Vertx vertx() {
    return node.vertx;
  }

  /**
   * Makes the actors of a type reachable on a router of the application. Their path there is the
   * type's path, relative to that router. A type may be mounted more than once.
   *
   * <p><b>A sub-router of the server's own router.</b> The call belongs into {@link
   * Dormouse#routes}: the server does not mount a type again that was mounted there.
   *
   * <p><b>A router of an HTTP server of the application.</b> The call may come at any time until
   * {@link #close}; the actors stay reachable on the server's own port, too. The HTTP server may
   * run on any Vert.x instance, on event loops. What the server does before its own router is then
   * left to the application: TLS, the PROXY protocol, headers of proxies, the check of {@code
   * Host}, limits of TCP connections and of heads, and the times of HTTP. {@code server/README.md}
   * lists everything under "Embedding".
   *
   * @param type the type's name
   * @return the route, which the caller may narrow, for example to a virtual host
   * @throws IllegalArgumentException if no actor type has this name
   */
  public Route mount(Router router, String type) {
    return node.mount(router, type);
  }

  /**
   * Returns the port that the server listens on for clients.
   *
   * @throws IllegalStateException if the server was asked to choose a free port and is still
   *     starting, so the port is not known yet
   */
  public int port() {
    int port = node.listeners.port();
    if (port == 0) {
      throw new IllegalStateException(
          "the server does not listen yet; its free port is not chosen yet");
    }
    return port;
  }

  /**
   * Returns the port of the admin pages.
   *
   * @throws IllegalStateException if the admin port is not open yet, since the server is still
   *     starting
   */
  public int adminPort() {
    return node.admin.port();
  }

  /**
   * Returns the URL of the admin port, as seen from this machine.
   *
   * @throws IllegalStateException if the admin port is not open yet, since the server is still
   *     starting
   */
  public String adminUrl() {
    return node.admin.url();
  }

  /**
   * Adds an observer, which hears what the server does from now on.
   *
   * @return removes the observer; running it again does nothing
   */
  public Runnable observe(DormouseObserver observer) {
    return node.observers.add(observer);
  }

  /**
   * Returns a reference to an actor, by which code outside of actors calls it: a scheduler, an HTTP
   * handler, a controller of a web framework. The reference may be kept.
   *
   * @param type the class of the actor, which the server must have as one actor type
   * @param key the key of the actor
   * @throws IllegalArgumentException if the server has no actor type of this class or more than
   *     one, or the key cannot be one
   */
  public <T extends WebSocketActor<?>> OutsideRef<T> actor(Class<T> type, String key) {
    return node.host.actor(type, key);
  }

  /**
   * Returns why the server is not ready for clients, as {@code /readyz} of the admin port says it;
   * empty if the server is ready.
   */
  public Optional<String> whyNotReady() {
    return node.whyNotReady();
  }

  /**
   * Registers the server's meters with a registry of the application. They are those of {@code
   * /metrics}, except the ones of the JVM and the process. Measurements of durations and turns
   * begin with this call; counts are at most a second old. One registry is given once only.
   *
   * @return removes the meters for counts and ends the measurements, so that another server can use
   *     the registry; running it again does nothing
   */
  public Runnable meters(MeterRegistry registry) {
    return node.metrics.registerWith(registry);
  }

  /** Returns the current status of an actor, without waking the actor. */
  public ActorStatus status(ActorId actor) {
    return node.host.status(actor);
  }

  /** Returns the gateway's counts of connections, messages and requests since the start. */
  public GatewayCounts counts() {
    return node.gateway.counts();
  }

  /**
   * Returns a page of an actor's connections whose sockets are on this server, in the order of
   * their ids. The call does not wake the actor.
   *
   * @param after the last connection of the page before; null for the first page
   * @param limit the most connections of this page
   */
  public CompletionStage<List<ConnectionStatus>> connections(
      ActorId actor, @Nullable ConnectionId after, int limit) {
    return node.gateway.connections(actor, after, limit).toCompletionStage();
  }

  /**
   * Returns actors of a type that have connections or are in memory, in no order.
   *
   * @param limit the most actors; no more than about 20,000 stored ones are looked at
   */
  public List<ActorStatus> actors(String type, int limit) {
    return node.host.actors(type, limit);
  }

  /** Returns the alarms that are set for an actor, in the order in which they are due. */
  public List<Alarm> alarms(ActorId actor) {
    return node.host.alarms(actor);
  }

  /** Returns the counts of alarms since the start, by outcome. */
  public AlarmCounts alarmCounts() {
    return node.host.alarmCounts();
  }

  /**
   * Takes a backup while the server continues to run. The backup has everything that was answered
   * before the call, and each turn is in it completely or not at all. The call runs on the caller's
   * thread and may take minutes for a large data folder.
   *
   * @param to a folder that is missing or empty
   * @throws dev.dormouse.storage.BackupException if the backup cannot be written, or another backup
   *     is under way
   * @throws UnsupportedOperationException if the server keeps nothing ({@link Durability#MEMORY})
   */
  public BackupReport backup(Path to) {
    return node.backup(to);
  }

  /**
   * Drops an actor from memory once the events that wait for it are handled; its connections stay
   * open.
   *
   * @return completes with true once the actor is out of memory and all it did is in the store;
   *     with false if the next event brought the actor back before that
   * @throws IllegalArgumentException if no actor type of its name is registered
   */
  public CompletionStage<Boolean> hibernate(ActorId actor) {
    return node.host.hibernate(actor);
  }

  /**
   * Stops the server in good order and returns when everything is closed. The stop accepts no new
   * clients, sends each client a close frame with 1001 (1012 for a restart), runs their close
   * handlers, runs {@code onHibernate} for each actor in memory, waits for the background work of
   * actors, and closes the store. Work that is not done within {@link ServerOptions#drain()} is
   * left to the next start. A second call waits for the first one and does nothing else. An
   * interrupt does not shorten the stop; the thread's interrupt flag is set afterwards.
   */
  @Override
  public void close() {
    node.close();
  }

  /** Returns the node that this server runs. */
  Node node() {
    return node;
  }
}
