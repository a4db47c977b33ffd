package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.options.ProcessEnd;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.Stores;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.vertx.core.internal.VertxInternal;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks which failures end a server's process, and which cost only their author. */
@Tag("kind3")
@Timeout(120)
class ServerEndsTest {
  @TempDir private Path folder;

  private final LinkedBlockingQueue<ProcessEnd> ends = new LinkedBlockingQueue<>();
  private DormouseServer server;

  /** Fails in the way that its message names. */
  public static final class Faulty extends WebSocketActor<Void> {
    @Override
    protected void onMessage(Connection<Void> from, String text) {
      switch (text) {
        case "heap" -> throw new OutOfMemoryError("Java heap space");
        case "caused" -> throw new CompletionException(new OutOfMemoryError("Metaspace"));
        case "array" -> from.send("" + new byte[Integer.MAX_VALUE].length);
        case "thread" -> throw new OutOfMemoryError("unable to create native thread: …");
        case "stack" -> onMessage(from, text);
        case "class" -> throw new NoClassDefFoundError("of/the/Application");
        default -> from.send(text);
      }
    }
  }

  @BeforeEach
  void open() {
    server =
        Dormouse.server()
            .actor("/faulty/:key", Faulty.class, Faulty::new)
            .routes(
                (router, itself) ->
                    router
                        .get("/heap")
                        .handler(
                            request -> {
                              throw new OutOfMemoryError("Java heap space");
                            }))
            .open(
                ServerOptions.defaults()
                    .port(0)
                    .adminPort(0)
                    .data(folder.resolve("data"))
                    .durability(Durability.MEMORY)
                    .onFatal(ends::add));
  }

  @AfterEach
  void close() {
    server.close();
  }

  private ProcessEnd end() throws InterruptedException {
    ProcessEnd end = ends.poll(60, TimeUnit.SECONDS);
    assertThat(end).as("an end of the process").isNotNull();
    return end;
  }

  @ParameterizedTest
  @ValueSource(strings = {"heap", "caused"})
  @DisplayName("A2: a handler that is out of memory ends the process, without an option of the JVM")
  void wantOfMemoryInAHandlerEndsTheProcess(String text) throws Exception {
    try (TextClient client = new TextClient(server, "/faulty/one")) {
      client.send(text);
      ProcessEnd end = end();
      assertThat(end.exitCode()).isEqualTo(ProcessEnd.OUT_OF_MEMORY);
      assertThat(end.why()).contains("memory is exhausted (java.lang.OutOfMemoryError");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"array", "thread", "stack", "class"})
  @DisplayName("kind 3: another Error of a handler costs its turn and no more")
  void anotherErrorOfAHandlerCostsItsTurn(String text) throws Exception {
    try (TextClient client = new TextClient(server, "/faulty/one")) {
      client.send(text);
      client.send("hello");
      assertThat(client.next()).isEqualTo("hello");
      assertThat(ends).isEmpty();
    }
  }

  @Test
  @DisplayName("A2: want of memory in a task that Netty runs, and logs, ends the process")
  void wantOfMemoryThatNettyLogsEndsTheProcess() throws Exception {
    // Netty's own loggers are older than the server if another test of this JVM used it before.
    InternalLoggerFactory.getInstance(ServerEndsTest.class)
        .warn("A task raised an exception. Task: {}", "a task", new OutOfMemoryError("made up"));
    assertThat(end().exitCode()).isEqualTo(ProcessEnd.OUT_OF_MEMORY);
  }

  @Test
  @DisplayName("A2: want of memory in a route of the application ends the process")
  void wantOfMemoryInARouteEndsTheProcess() throws Exception {
    HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/heap"))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(end().exitCode()).isEqualTo(ProcessEnd.OUT_OF_MEMORY);
  }

  @Test
  @DisplayName("kind 3: want of memory in a Vert.x timer ends the process; other failures do not")
  void wantOfMemoryInATimerEndsTheProcess() throws Exception {
    CountDownLatch failed = new CountDownLatch(1);
    server
        .vertx()
        .setTimer(
            1,
            timer -> {
              failed.countDown();
              throw new NoClassDefFoundError("of/the/Application");
            });
    assertThat(failed.await(60, TimeUnit.SECONDS)).isTrue();
    server
        .vertx()
        .setTimer(
            1,
            timer -> {
              throw new OutOfMemoryError("Java heap space");
            });
    assertThat(end().exitCode()).isEqualTo(ProcessEnd.OUT_OF_MEMORY);
  }

  @Test
  @DisplayName(
      "F44: an event loop that has ended ends the process, and a stop of the server does not")
  void anEventLoopThatHasEndedEndsTheProcess() throws Exception {
    VertxInternal vertx = (VertxInternal) server.vertx();
    var unused = vertx.acceptorEventLoopGroup().next().shutdownGracefully(0, 1, TimeUnit.SECONDS);
    ProcessEnd end = end();
    assertThat(end.exitCode()).isEqualTo(ProcessEnd.FAILED);
    assertThat(end.why()).contains("the event loop").contains("has ended");
    server.close();
    assertThat(ends).isEmpty();
  }

  @Test
  @DisplayName("kind 3: an Error in a stop keeps no other part from being stopped")
  void anErrorInAStopDoesNotEndIt() {
    NodeStore store = Stores.memory(new MemoryDisk());
    NodeStore failing =
        (NodeStore)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {NodeStore.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("close")) {
                    throw new NoClassDefFoundError("made up");
                  }
                  return method.invoke(store, arguments);
                });
    DormouseServer faulty =
        DormouseServer.open(
            List.of(),
            List.of(),
            List.of(),
            ServerOptions.defaults().port(0).adminPort(0).onFatal(ends::add),
            failing,
            new DirectTransport());
    VertxInternal vertx = (VertxInternal) faulty.vertx();
    assertThatThrownBy(faulty::close).isInstanceOf(NoClassDefFoundError.class);
    assertThat(vertx.eventLoopGroup().isShuttingDown()).isTrue();
    store.close();
  }
}
