package dev.dormouse.server;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.ConnectionStatus;
import dev.dormouse.server.gateway.GatewayCounts;
import dev.dormouse.server.host.ActorStatus;
import dev.dormouse.server.host.AlarmCounts;
import dev.dormouse.server.node.ActorDefinition;
import dev.dormouse.server.node.Node;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.BackupReport;
import dev.dormouse.storage.Durability;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A server that runs: gateway, host and store of one node. All methods may be called from any
 * thread.
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

  /** The same over a store that is open, and is closed with the server; without TLS. */
  static DormouseServer open(
      List<ActorDefinition> actors,
      List<BiConsumer<Router, DormouseServer>> routes,
      List<DormouseObserver> observers,
      ServerOptions options,
      ActorStore store,
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

  /** The options it was started with. */
  public ServerOptions options() {
    return node.options;
  }

  /** What the server's own router runs on: for handlers that want one. To be left open. */
  public Vertx vertx() {
    return node.vertx;
  }

  /**
   * Makes the actors of a type reachable on a router of the application's, such as a sub-router, at
   * the type's path, as seen from there. For {@link Dormouse#routes}: a type that is mounted there
   * is not mounted again behind it. It may be mounted more than once.
   *
   * @param type the type's name
   * @return the route, which may be narrowed, to a virtual host for example
   * @throws IllegalArgumentException if there is no actor type of the name
   */
  public Route mount(Router router, String type) {
    return node.mount(router, type);
  }

  /**
   * The port it listens on.
   *
   * @throws IllegalStateException if that is to be a free one, and is not found yet, while the
   *     server starts
   */
  public int port() {
    int port = node.listeners.port();
    if (port == 0) {
      throw new IllegalStateException(
          "the server does not listen yet; its port is to be a free one");
    }
    return port;
  }

  /** The port of the admin pages. */
  public int adminPort() {
    return node.admin.port();
  }

  /** Where this machine finds the admin port. */
  public String adminUrl() {
    return node.admin.url();
  }

  /**
   * One more who hears what the server does.
   *
   * @return has it hear nothing more; idempotent
   */
  public Runnable observe(DormouseObserver observer) {
    return node.observers.add(observer);
  }

  /** What can be seen of an actor. */
  public ActorStatus status(ActorId actor) {
    return node.host.status(actor);
  }

  /** What the gateway has done so far. */
  public GatewayCounts counts() {
    return node.gateway.counts();
  }

  /**
   * An actor's connections, in the order of their ids, page by page. Wakes nobody.
   *
   * @param after the last of the page before; null for the first page
   * @param limit how many at most
   */
  public CompletionStage<List<ConnectionStatus>> connections(
      ActorId actor, @Nullable ConnectionId after, int limit) {
    return node.gateway.connections(actor, after, limit).toCompletionStage();
  }

  /** Actors of a type that have connections or are in memory, in no order, at most so many. */
  public List<ActorStatus> actors(String type, int limit) {
    return node.host.actors(type, limit);
  }

  /** The alarms of an actor that are set, the one that is due first first. */
  public List<Alarm> alarms(ActorId actor) {
    return node.host.alarms(actor);
  }

  /** What became of alarms since the start. */
  public AlarmCounts alarmCounts() {
    return node.host.alarmCounts();
  }

  /**
   * Takes a backup while the server goes on: all that was answered before the call is in it, every
   * turn as a whole. Runs on the caller's thread, and may take long.
   *
   * @param to a folder that is missing or empty
   * @throws dev.dormouse.storage.BackupException if it cannot be written, or another is being taken
   * @throws UnsupportedOperationException if the server keeps nothing ({@link Durability#MEMORY})
   */
  public BackupReport backup(Path to) {
    return node.backup(to);
  }

  /**
   * Drops an actor from memory once the events that wait for it are handled; its connections stay.
   *
   * @return completes when it is done
   * @throws IllegalArgumentException if no actor type of its name is registered
   */
  public CompletionStage<Boolean> hibernate(ActorId actor) {
    return node.host.hibernate(actor);
  }

  /**
   * Stops in good order: no new clients, a close frame with 1001 (1012 for a restart) to each one
   * that is there, their close handlers, {@code onHibernate} for each actor in memory, the end of
   * what actors do in the background, then the store. What is not done within the drain time is
   * left to the next start. Idempotent; returns when all is closed, whoever closes it; an interrupt
   * does not shorten that, and is still set afterwards.
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
