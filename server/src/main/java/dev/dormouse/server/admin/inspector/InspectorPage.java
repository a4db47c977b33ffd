package dev.dormouse.server.admin.inspector;

import dev.dormouse.server.admin.AdminPage;
import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.gateway.http.ActorRoute;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Time;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Answers DevTools and other clients of its protocol:
 *
 * <ul>
 *   <li>{@code GET /json/version}, {@code /json/list} or {@code /json}: the targets that can be
 *       inspected, each with its {@code webSocketDebuggerUrl}
 *   <li>{@code GET /json/protocol}: the methods and events of the domains {@code Network} and
 *       {@code Dormouse} on this server
 *   <li>{@code /devtools/node?type={type}&key={key}}: a WebSocket that speaks the DevTools
 *       protocol; a type and a key restrict it to these actors
 * </ul>
 *
 * <p>At most {@value #INSPECTORS_MAX} inspectors are attached at a time; a further one is answered
 * 503. A message from an inspector has at most 256 KiB; a longer one closes the inspector with
 * 1009. Unread events are bounded: see {@code dropped} in the domain {@code Dormouse}.
 */
public final class InspectorPage implements AdminPage {
  private static final int INSPECTORS_MAX = 16;
  private static final short GOING_AWAY = 1001;
  private static final short TEXT_ONLY = 1003;
  private static final short TOO_BIG = 1009;

  /** The time for the answer to a close frame, in milliseconds. */
  private static final long CLOSING_MS = 1_000;

  private final Vertx vertx;
  private final InspectorParts parts;
  private final List<String> types;
  private final Supplier<String> authority;
  private final boolean isTls;
  private final AtomicInteger attached = new AtomicInteger();

  /**
   * Creates the page of a server.
   *
   * @param routes the routes of the server's actor types
   * @param isTls whether the server speaks TLS
   * @param authority returns the server's host and port
   */
  public InspectorPage(
      Vertx vertx,
      Observers observers,
      Time time,
      ActorHost host,
      WebSocketGateway gateway,
      Collection<ActorRoute> routes,
      boolean isTls,
      Supplier<String> authority) {
    this.vertx = vertx;
    this.types = routes.stream().map(ActorRoute::type).toList();
    this.isTls = isTls;
    this.authority = authority;
    this.parts =
        new InspectorParts(
            observers,
            time,
            host,
            gateway,
            new SocketUrls(
                isTls,
                authority,
                routes.stream().collect(Collectors.toMap(ActorRoute::type, ActorRoute::path))),
            new Redaction(
                routes.stream()
                    .flatMap(route -> route.options().subprotocols().stream())
                    .collect(Collectors.toSet())));
  }

  @Override
  public void mount(Router router) {
    router.get("/json/version").handler(this::version);
    router.get("/json/list").handler(this::list);
    router.get("/json").handler(this::list);
    router.get("/json/protocol").handler(context -> answer(context, protocol()));
    router.get(Targets.PATH).handler(this::attach);
  }

  private void version(RoutingContext context) {
    answer(context, Targets.version(host(context)).toBuffer());
  }

  private void list(RoutingContext context) {
    String origin = (isTls ? "https://" : "http://") + authority.get();
    answer(context, Targets.list(host(context), origin, types).toBuffer());
  }

  private static String host(RoutingContext context) {
    return String.valueOf(context.request().getHeader("Host"));
  }

  private static Buffer protocol() {
    try (InputStream in =
        Objects.requireNonNull(InspectorPage.class.getResourceAsStream("protocol.json"))) {
      return Buffer.buffer(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void answer(RoutingContext context, Buffer json) {
    context
        .response()
        .putHeader("Content-Type", "application/json; charset=UTF-8")
        .putHeader("Cache-Control", "no-store")
        .end(json);
  }

  private static void refuse(RoutingContext context, int status, String text) {
    context
        .response()
        .setStatusCode(status)
        .putHeader("Content-Type", "text/plain; charset=utf-8")
        .end(text + "\n");
  }

  // ---- inspectors

  private void attach(RoutingContext context) {
    String upgrade = context.request().getHeader("Upgrade");
    if (!"websocket".equalsIgnoreCase(upgrade)) {
      context.response().putHeader("Upgrade", "websocket").putHeader("Connection", "Upgrade");
      refuse(context, 426, "this path needs a WebSocket of a client of the DevTools protocol");
      return;
    }
    InspectorFilter filter;
    try {
      filter =
          new InspectorFilter(
              context.request().getParam("type"), context.request().getParam("key"));
    } catch (IllegalArgumentException malformed) {
      refuse(context, 400, String.valueOf(malformed.getMessage()));
      return;
    }
    if (filter.type() != null && !types.contains(filter.type())) {
      refuse(context, 404, "there is no actor type " + filter.type());
    } else if (attached.incrementAndGet() > INSPECTORS_MAX) {
      attached.decrementAndGet();
      refuse(context, 503, "there are " + INSPECTORS_MAX + " inspectors attached already");
    } else {
      Channel channel = ((ConnectionBase) context.request().connection()).channel();
      context
          .request()
          .toWebSocket()
          .onSuccess(socket -> serve(socket, channel, filter))
          .onFailure(failure -> attached.decrementAndGet()); // Vert.x answers it
    }
  }

  private void serve(ServerWebSocket socket, Channel channel, InspectorFilter filter) {
    SocketWire wire = new SocketWire(socket, channel, vertx);
    Outbox outbox = new Outbox(wire);
    Inspector inspector = new Inspector(parts, filter, outbox);
    wire.whenClosing = inspector::end;
    socket
        .textMessageHandler(inspector::ask)
        .binaryMessageHandler(bytes -> wire.close(TEXT_ONLY, "text only"))
        .shutdownHandler(stopping -> wire.shutDown())
        .drainHandler(room -> outbox.drain())
        .exceptionHandler(
            failure -> wire.close(codeOf(failure), "the message is too big, or broken"))
        .closeHandler(
            closed -> {
              inspector.end();
              attached.decrementAndGet();
            });
  }

  /** Returns the close code for a failure that Vert.x reports, such as a message over its limit. */
  private static short codeOf(Throwable failure) {
    return failure instanceof CorruptedWebSocketFrameException broken
        ? (short) broken.closeStatus().code()
        : TOO_BIG;
  }

  /** Writes to the socket of an inspector. Text for a socket that is gone is lost. */
  private static final class SocketWire implements Outbox.Wire {
    private final ServerWebSocket socket;
    private final Channel channel;
    private final Context loop;
    private Runnable whenClosing = () -> {};

    /** Ends the TCP connection later; null until this class closes the socket. */
    private @Nullable Runnable closing;

    SocketWire(ServerWebSocket socket, Channel channel, Vertx vertx) {
      this.socket = socket;
      this.channel = channel;
      this.loop = vertx.getOrCreateContext();
    }

    @Override
    public void run(Runnable task) {
      loop.runOnContext(now -> task.run());
    }

    @Override
    public boolean isFull() {
      return socket.isClosed() || socket.writeQueueFull();
    }

    @Override
    public void send(String text) {
      socket.writeTextMessage(text);
    }

    /**
     * Closes the socket once. Vert.x waits until the close frame is written, which never happens
     * with a client that does not read; so this class ends the TCP connection soon after.
     */
    @Override
    public void close(int code, String reason) {
      if (closing == null) {
        whenClosing.run();
        closing = () -> socket.close((short) code, reason);
        closing.run();
        var unused = channel.eventLoop().schedule(this::endTcp, CLOSING_MS, TimeUnit.MILLISECONDS);
      }
    }

    /**
     * Ends the inspector when Vert.x asks for a close frame: after a close, or because the server
     * stops.
     */
    void shutDown() {
      if (closing == null) {
        close(GOING_AWAY, "the server stops");
      } else {
        closing.run();
      }
    }

    /**
     * Closes the channel directly, since the handlers of Vert.x would wait for the close frame too.
     */
    private void endTcp() {
      ChannelHandlerContext first = channel.pipeline().firstContext();
      if (first != null) {
        var unused = first.close();
      }
    }
  }
}
