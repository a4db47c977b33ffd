package dev.dormouse.server;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.cli.ServerCommand;
import dev.dormouse.server.node.ActorDefinition;
import dev.dormouse.server.node.NettyVersions;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.tracing.Tracing;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.options.ServerStartException;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.codec.ValueCodec;
import io.opentelemetry.api.OpenTelemetry;
import io.vertx.ext.web.Router;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Describes a server before it starts: its actor types, the application's own routes, and
 * observers. One thread at a time may use a description; {@link #start} or {@link #open} runs it.
 *
 * <pre>{@code
 * public static void main(String[] args) {
 *   Dormouse.server()
 *       .actor("/chat/:key", ChatRoom.class, ChatRoom::new)
 *       .start(args);
 * }
 * }</pre>
 */
public final class Dormouse {
  private final List<ActorDefinition> actors = new ArrayList<>();
  private final List<BiConsumer<Router, DormouseServer>> routes = new ArrayList<>();
  private final List<DormouseObserver> observers = new ArrayList<>();
  private @Nullable OpenTelemetry telemetry;

  private final List<String> mistakes = new ArrayList<>();

  private Dormouse() {}

  /** Creates a description of a server without actors. */
  public static Dormouse server() {
    return new Dormouse();
  }

  /**
   * Adds an actor type with the default options; see the method with options for paths and
   * mistakes.
   */
  public <T extends WebSocketActor<?>> Dormouse actor(
      String path, Class<T> type, Supplier<? extends T> factory) {
    return actor(path, type, factory, UnaryOperator.identity());
  }

  /**
   * Adds an actor type. A path without {@code :key}, a name that another type has, and a class that
   * cannot be stored are mistakes; the start reports the mistakes of all actor types at once.
   *
   * @param path where clients reach the actors; the parameter {@code :key} is the actor's key, as
   *     in {@code /chat/:key}. A path that ends with {@code :key*}, as {@code /docs/:key*} does,
   *     takes the rest of a request's path as the key, slashes included. The key is decoded once,
   *     after the router has resolved dot segments and doubled slashes
   * @param type the actor class; its attachment's type is read from {@code extends
   *     WebSocketActor<…>}, through any number of base classes. Messages and requests are refused
   *     if this class and its base classes do not override the handlers for them, even if the
   *     factory's objects are of a subclass
   * @param factory makes a new actor object for each activation
   * @param options changes the default options
   */
  public <T extends WebSocketActor<?>> Dormouse actor(
      String path,
      Class<T> type,
      Supplier<? extends T> factory,
      UnaryOperator<ActorOptions> options) {
    try {
      ActorDefinition actor =
          ActorDefinition.of(path, type, factory, options.apply(ActorOptions.defaults()));
      if (actors.stream().anyMatch(other -> other.name().equals(actor.name()))) {
        throw new IllegalArgumentException(
            "two actor types are named '%s'; name one of them with ActorOptions.name"
                .formatted(actor.name()));
      }
      actors.add(actor);
    } catch (IllegalArgumentException e) {
      String where = "actor %s at %s: ".formatted(type.getSimpleName(), path);
      String.valueOf(e.getMessage()).lines().map(where::concat).forEach(mistakes::add);
    }
    return this;
  }

  private void checkActors() {
    if (!mistakes.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", mistakes));
    }
  }

  /**
   * Adds the application's own routes and middleware to the router that upgrades pass through too.
   * These routes come before the actors' routes, in the order in which they are added. Headers and
   * cookies that a handler sets on the response are part of the 101 too, and a handler may answer
   * in place of the 101. {@link DormouseServer#mount} makes actors reachable on another router.
   *
   * <pre>{@code
   * .routes((router, server) -> {
   *   router.route("/chat/*").handler(JWTAuthHandler.create(auth)); // upgrade.head().user() is who it says
   *   Router games = Router.router(server.vertx());
   *   server.mount(games, "game");
   *   router.route("/games/*").virtualHost("*.example.org").subRouter(games);
   * })
   * }</pre>
   *
   * <p>A handler that works asynchronously must pause the request; those of vertx-web do.
   */
  public Dormouse routes(BiConsumer<Router, DormouseServer> routes) {
    this.routes.add(routes);
    return this;
  }

  /** Adds an observer, which hears what the server does from the start on. */
  public Dormouse observe(DormouseObserver observer) {
    observers.add(observer);
    return this;
  }

  /**
   * Reports each upgrade, connection and turn to this telemetry as a span, as {@link Tracing}
   * describes. Without this call there are no spans.
   */
  public Dormouse openTelemetry(OpenTelemetry telemetry) {
    this.telemetry = telemetry;
    return this;
  }

  private List<DormouseObserver> observers(ServerOptions options) {
    List<DormouseObserver> all = new ArrayList<>(observers);
    if (telemetry != null) {
      all.add(new Tracing(telemetry, options.time()));
    }
    return all;
  }

  /**
   * Runs the server as the command line says, until the process is told to stop. The call returns
   * when the server is up. If the server cannot start, the reason goes to the standard error stream
   * and the process ends with 1, or with 2 if the command line or an actor type is at fault. With
   * {@code --help} or {@code --version} the process prints the answer and ends with 0. With one of
   * the commands {@code backup}, {@code restore}, {@code verify}, {@code dump} and {@code salvage}
   * the process runs the command and ends with its exit code.
   */
  public void start(String... args) {
    if (!mistakes.isEmpty()) {
      System.exit(ServerCommand.refuse(mistakes));
    }
    ServerCommand.run(options -> open(options).node(), this::codecOf, args)
        .ifPresent(
            code -> {
              Log.flush();
              System.exit(code);
            });
  }

  private @Nullable ValueCodec codecOf(String type) {
    return actors.stream()
        .filter(actor -> actor.name().equals(type))
        .map(ActorDefinition::codec)
        .findFirst()
        .orElse(null);
  }

  /**
   * Starts the server inside this process, and returns when clients can connect. The caller closes
   * it.
   *
   * @throws dev.dormouse.storage.StoreOpenException if the data folder cannot be used
   * @throws ServerStartException if a port cannot be opened, the process has too few file handles,
   *     or the class path has an unfit Netty
   * @throws IllegalArgumentException if an actor type has a mistake (the message has a line for
   *     each), or the certificate cannot be used (the message names the file)
   */
  public DormouseServer open(ServerOptions options) {
    checkActors();
    NettyVersions.check();
    return DormouseServer.open(actors, routes, observers(options), options);
  }

  /** Starts the server over a store that is open already; closing the server closes the store. */
  DormouseServer open(ServerOptions options, NodeStore store, Transport transport) {
    checkActors();
    return DormouseServer.open(actors, routes, observers(options), options, store, transport);
  }
}
