package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Compression;
import dev.dormouse.sdk.OutboundPolicy;
import dev.dormouse.server.gateway.http.ActorRoute;
import dev.dormouse.server.gateway.limits.GatewayCounts;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.HandledKinds;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Time;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.transport.Transport;
import io.vertx.ext.web.Router;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A gateway behind an HTTP server on a free port, with a fake host. */
public final class TestServer implements AutoCloseable {
  /** The actor of {@code /chat/lobby}. */
  public static final ActorId LOBBY = new ActorId("chat", "lobby");

  /** The longest message at {@code /chat}. */
  public static final int MESSAGE_BYTES_MAX = 1 << 20;

  /** The number of messages a second that a client may send at {@code /calm}. */
  public static final int MESSAGES_PER_SECOND = 5;

  /** The subprotocols of {@code /chat}; the other routes have none. */
  static final List<String> SUBPROTOCOLS = List.of("v2", "v1");

  /** The number of the run of the gateway's node. */
  public static final long RUN = 7;

  private static final int EVENT_LOOPS = 2;

  public final FakeHost host = new FakeHost(this::awaitIdleLoops);
  public final WebSocketGateway gateway;
  public final Observers observers = new Observers(Time.system());
  private final Vertx vertx;
  private final String deployment;

  /** Is null until it is needed, and after the server is closed. */
  private @Nullable LoopFence fence;

  private boolean isClosed;
  private volatile int port;

  public TestServer(Vertx vertx) {
    this(vertx, GatewayOptions.defaults(), router -> {});
  }

  public TestServer(Vertx vertx, GatewayOptions options) {
    this(vertx, options, router -> {});
  }

  public TestServer(Vertx vertx, GatewayOptions options, Time time) {
    this(vertx, options, time, router -> {});
  }

  public TestServer(Vertx vertx, GatewayOptions options, Consumer<Router> before) {
    this(vertx, options, Time.system(), before);
  }

  private TestServer(Vertx vertx, GatewayOptions options, Time time, Consumer<Router> before) {
    this(vertx, options, time, before, null);
  }

  /**
   * Opens a gateway.
   *
   * @param before adds routes before those of actors
   * @param hosts the hosts between which actors move; null if one fake host has them all
   */
  public TestServer(
      Vertx vertx,
      GatewayOptions options,
      Time time,
      Consumer<Router> before,
      @Nullable FakeHosts hosts) {
    this.vertx = vertx;
    Router router = Router.router(vertx);
    before.accept(router);
    GatewayOptions named = options.hosts().isEmpty() ? options.hosts(Set.of("*")) : options;
    gateway =
        hosts == null
            ? new WebSocketGateway(named, vertx, host.transport(), time, RUN, observers)
            : new WebSocketGateway(named, vertx, hosts, hosts, time, RUN, observers);
    mount(router, "chat", false, o -> o.subprotocols(SUBPROTOCOLS.toArray(String[]::new)));
    mount(router, "small", true, o -> o.messageBytesMax(100));
    mount(
        router,
        "calm",
        false,
        o -> o.messageBytesMax(100).messagesPerSecondMax(MESSAGES_PER_SECOND));
    mount(router, "large", false, o -> o.messageBytesMax(8 << 20));
    mount(router, "deflate", false, o -> o.compression(Compression.ON));
    mount(router, "context", false, o -> o.compression(Compression.WITH_CONTEXT));
    mount(router, "beat", false, o -> o.heartbeat("are you there?", "yes"));
    mount(router, "beatless", false, ActorOptions::noHeartbeat);
    mount(router, "text", new HandledKinds(true, false, false), o -> o);
    mount(router, "binary", new HandledKinds(false, true, true), o -> o);
    mount(router, "mute", new HandledKinds(false, false, false), o -> o);
    mount(router, "drop", false, o -> o.outboundPolicy(OutboundPolicy.DROP_OLDEST));
    mount(router, "conflate", false, o -> o.outboundPolicy(OutboundPolicy.CONFLATE));
    if (hosts == null) {
      host.connect(gateway);
    } else {
      hosts.connect((run, epoch, record) -> {}, gateway);
    }
    SocketAddress address = SocketAddress.sharedRandomPort(1, "127.0.0.1");
    deployment =
        await(
            vertx.deployVerticle(
                () -> context -> listen(router, address),
                new DeploymentOptions().setInstances(EVENT_LOOPS)));
  }

  private void mount(
      Router router, String type, boolean answersHttp, UnaryOperator<ActorOptions> choice) {
    mount(router, type, new HandledKinds(true, true, answersHttp), choice);
  }

  private void mount(
      Router router, String type, HandledKinds handled, UnaryOperator<ActorOptions> choice) {
    ActorOptions options = choice.apply(ActorOptions.defaults().messageBytesMax(MESSAGE_BYTES_MAX));
    gateway.mount(router, new ActorRoute(type, "/" + type + "/:key", handled, options));
  }

  /**
   * Starts one of several servers that share a port, so that sockets are on several event loops.
   */
  private Future<?> listen(Router router, SocketAddress address) {
    return vertx
        .createHttpServer(gateway.httpOptions())
        .connectionHandler(gateway::meet)
        .requestHandler(gateway.inFrontOf(router))
        .listen(address)
        .onSuccess(server -> port = server.actualPort());
  }

  public static Vertx vertx() {
    return Vertx.builder()
        .with(new VertxOptions().setEventLoopPoolSize(EVENT_LOOPS))
        .withTransport(transport(System.getProperty("dormouse.test.transport", "epoll")))
        .build();
  }

  /** Returns a transport, or the next best one if it does not work on this machine. */
  private static Transport transport(String name) {
    return Stream.of(Transport.IO_URING, Transport.EPOLL, Transport.NIO)
        .dropWhile(t -> !t.name().equals(name))
        .filter(Transport::available)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no transport " + name));
  }

  public int port() {
    return port;
  }

  public RawClient client() {
    return new RawClient(port());
  }

  /** Opens a client whose upgrade the host's script accepts. */
  public RawClient open(String path) {
    return client().open(path);
  }

  /** Waits until the event loops have done all work that clients, host and tests gave them. */
  public void awaitIdleLoops() {
    if (fence == null) {
      fence = new LoopFence(vertx, EVENT_LOOPS);
    }
    fence.pass();
  }

  /** Waits until the gateway's counts are as wanted. */
  public void awaitCounts(Predicate<GatewayCounts> wanted) {
    Promise<Void> reached = Promise.promise();
    long timer =
        vertx.setPeriodic(
            1,
            look -> {
              if (wanted.test(gateway.counts())) {
                reached.tryComplete();
              }
            });
    try {
      await(reached.future());
    } finally {
      vertx.cancelTimer(timer);
    }
  }

  public static <T> T await(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Closes the HTTP servers, and with them every connection. Further calls do nothing. */
  @Override
  public void close() {
    if (!isClosed) {
      isClosed = true;
      await(vertx.undeploy(deployment));
      if (fence != null) {
        fence.close();
        fence = null;
      }
    }
  }
}
