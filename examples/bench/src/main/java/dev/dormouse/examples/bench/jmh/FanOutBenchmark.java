package dev.dormouse.examples.bench.jmh;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.gateway.http.ActorRoute;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.HandledKinds;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Measures one release that sends a message to all sockets of an actor, through the gateway alone,
 * until it is written to each socket: the time for each of {@value #SOCKETS} real sockets, most of
 * which the system call to write takes.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init") // set by JMH, or by the set-up
public class FanOutBenchmark {
  private static final int SOCKETS = 200;
  private static final ActorId ID = new ActorId("bench", "all");
  private static final String UPGRADE =
      String.join(
          "\r\n",
          "GET /bench/all HTTP/1.1",
          "Host: localhost",
          "Upgrade: websocket",
          "Connection: Upgrade",
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
          "Sec-WebSocket-Version: 13",
          "\r\n");

  private Vertx vertx;
  private WebSocketGateway gateway;
  private Selector clients;
  private Release release;
  private long sent;

  /** Connects a gateway whose sockets are all of one actor to clients that read. */
  @Setup
  public void connect() throws IOException, TimeoutException {
    vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
    DirectTransport transport = new DirectTransport();
    gateway =
        new WebSocketGateway(
            GatewayOptions.defaults(),
            vertx,
            transport,
            Time.system(),
            1,
            new Observers(Time.system()));
    transport.connect((from, epoch, record) -> accept(transport, record), gateway);
    Router router = Router.router(vertx);
    gateway.mount(
        router, new ActorRoute("bench", "/bench/:key", HandledKinds.ALL, ActorOptions.defaults()));
    HttpServer server =
        vertx
            .createHttpServer(new HttpServerOptions().setHttp2ClearTextEnabled(false))
            .connectionHandler(gateway::meet)
            .requestHandler(gateway.inFrontOf(router))
            .listen(0, "127.0.0.1")
            .await(10, TimeUnit.SECONDS);
    clients = Selector.open();
    for (int i = 0; i < SOCKETS; i++) {
      open(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.actualPort()));
    }
    Thread reader = new Thread(this::read, "clients");
    reader.setDaemon(true);
    reader.start();
    Payload message = Payload.text("x".repeat(128));
    release = new Release(ID, 1, List.of(new ToGateway.Broadcast(List.of(), Set.of(), message)));
    sent = gateway.counts().messagesOut();
  }

  private static void accept(DirectTransport transport, ToHost record) {
    if (record instanceof ToHost.Open open) {
      ToGateway accepted = new ToGateway.Accepted(open.connection(), List.of(), List.of());
      transport.toGateway(0, new Release(ID, 1, List.of(accepted)));
    }
  }

  private void open(InetSocketAddress address) throws IOException {
    SocketChannel client = SocketChannel.open(address);
    client.write(ByteBuffer.wrap(UPGRADE.getBytes(StandardCharsets.US_ASCII)));
    ByteBuffer answer = ByteBuffer.allocate(1024);
    while (!new String(answer.array(), 0, answer.position(), StandardCharsets.US_ASCII)
        .endsWith("\r\n\r\n")) {
      if (client.read(answer) < 0) {
        throw new IOException("the gateway has closed the connection");
      }
    }
    client.configureBlocking(false);
    client.register(clients, SelectionKey.OP_READ);
  }

  private void read() {
    ByteBuffer bytes = ByteBuffer.allocateDirect(64 << 10);
    try {
      while (clients.isOpen()) {
        clients.select();
        for (SelectionKey key : clients.selectedKeys()) {
          ((SocketChannel) key.channel()).read(bytes.clear());
        }
        clients.selectedKeys().clear();
      }
    } catch (ClosedSelectorException over) {
      // The trial has ended.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Measures a broadcast of a text of 128 bytes. */
  @Benchmark
  @OperationsPerInvocation(SOCKETS)
  public void broadcast() {
    gateway.accept(release);
    sent += SOCKETS;
    while (gateway.counts().messagesOut() < sent) {
      Thread.onSpinWait();
    }
  }

  /** Ends the sockets. */
  @TearDown
  public void close() throws IOException, TimeoutException {
    for (SelectionKey key : clients.keys()) {
      key.channel().close();
    }
    clients.close();
    vertx.close().await(10, TimeUnit.SECONDS);
  }
}
