package dev.dormouse.testkit;

import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.Dormouse;
import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.AssertionFailedError;

/**
 * Starts the real server for an end-to-end test, in this process, on free ports, and with a store
 * in memory unless the test chooses otherwise.
 *
 * <pre>{@code
 * class ChatServerTest {
 *   @RegisterExtension
 *   final TestServer server = TestServer.of("/chat/:key", Chat.class, Chat::new);
 *
 *   @Test
 *   void aClientIsWelcome() {
 *     server.connect("/chat/tea?name=ann").expect("welcome");
 *   }
 * }
 * }</pre>
 *
 * <p>As an extension of JUnit 5 it starts a server before each test and stops it afterwards. A
 * start takes about a second, the first one more. Time is real here; what waits for time or for
 * failures is tested with {@link TestActors}.
 *
 * <p>The thread of the test is the only one that may call methods.
 */
public final class TestServer implements BeforeEachCallback, AfterEachCallback, AutoCloseable {
  /** The time for which a client waits for what it expects. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Dormouse described;
  private final UnaryOperator<ServerOptions> options;
  private @Nullable DormouseServer server;
  private @Nullable Transcript transcript;
  private final HttpClient http = HttpClient.newHttpClient();
  private int clients;

  private TestServer(Dormouse described, UnaryOperator<ServerOptions> options) {
    this.described = described;
    this.options = options;
  }

  /** Returns a server of one actor type with the default options; it is not started yet. */
  public static <T extends WebSocketActor<?>> TestServer of(
      String path, Class<T> type, Supplier<? extends T> factory) {
    return of(Dormouse.server().actor(path, type, factory));
  }

  /** Returns the server of an application, with its routes and middleware; not started yet. */
  public static TestServer of(Dormouse server) {
    return of(server, UnaryOperator.identity());
  }

  /**
   * Returns the server of an application; not started yet.
   *
   * @param options changes the options, which have free ports and a store in memory
   */
  public static TestServer of(Dormouse server, UnaryOperator<ServerOptions> options) {
    return new TestServer(server, options);
  }

  /** Starts the server; JUnit calls it. */
  @Override
  public void beforeEach(ExtensionContext context) {
    close();
    DormouseServer unused = server();
  }

  /** Stops the server; JUnit calls it. */
  @Override
  public void afterEach(ExtensionContext context) {
    close();
  }

  /** Stops the server, if it runs. */
  @Override
  public void close() {
    DormouseServer running = server;
    server = null;
    transcript = null;
    if (running != null) {
      running.close();
    }
  }

  /** Returns the running server; starts it if it does not run. */
  public DormouseServer server() {
    DormouseServer running = server;
    if (running == null) {
      ServerOptions defaults =
          ServerOptions.defaults().port(0).adminPort(0).durability(Durability.MEMORY);
      running = described.open(options.apply(defaults));
      server = running;
    }
    return running;
  }

  private Transcript transcript() {
    Transcript told = transcript;
    if (told == null) {
      var time = server().options().time();
      long begunNs = time.nowNs();
      told = new Transcript(() -> Duration.ofNanos(time.nowNs() - begunNs));
      transcript = told;
    }
    return told;
  }

  /**
   * Connects a client.
   *
   * @param target the path and the query, escaped as in a URL
   * @throws AssertionError if the upgrade is refused; the message has the status
   */
  public TestClient connect(String target) {
    return request(target).connect();
  }

  /** Sends a plain GET. */
  public HttpResponse get(String target) {
    return request(target).get();
  }

  /**
   * Begins a request, which can have headers and subprotocols.
   *
   * @param target the path and the query, escaped as in a URL
   */
  public TestRequest request(String target) {
    return new TestRequest(new OverHttp(), target);
  }

  /** Sends requests over real connections. */
  private final class OverHttp implements TestRequest.Sender {
    @Override
    public TestClient connect(TestRequest request) {
      clients++;
      TestClient client = new TestClient("client " + clients, request.target(), transcript());
      RealWire wire = new RealWire(client, request.target());
      try {
        wire.open(request);
        return client;
      } catch (CompletionException e) {
        HttpResponse refusal = refusalOf(e);
        throw new AssertionFailedError(client + " was refused: " + refusal.status(), e);
      }
    }

    @Override
    public HttpResponse refusal(TestRequest request) {
      clients++;
      TestClient client = new TestClient("client " + clients, request.target(), transcript());
      RealWire wire = new RealWire(client, request.target());
      try {
        wire.open(request);
      } catch (CompletionException e) {
        return refusalOf(e);
      }
      wire.drop();
      throw new AssertionFailedError(client + " expected a refusal and was connected");
    }

    private static HttpResponse refusalOf(CompletionException failed) {
      if (failed.getCause() instanceof WebSocketHandshakeException refused) {
        return answerOf(refused.getResponse(), new byte[0]);
      }
      throw failed;
    }

    private static HttpResponse answerOf(java.net.http.HttpResponse<?> answer, byte[] body) {
      List<Header> headers = new ArrayList<>();
      answer
          .headers()
          .map()
          .forEach((name, values) -> values.forEach(value -> headers.add(new Header(name, value))));
      return HttpResponse.of(answer.statusCode(), headers, body);
    }

    @Override
    public HttpResponse send(TestRequest request, String method, String body) {
      checkNoUser(request);
      HttpRequest.Builder real =
          HttpRequest.newBuilder(uri("http", request.target()))
              .timeout(PATIENCE)
              .method(method, HttpRequest.BodyPublishers.ofString(body));
      request.headers().forEach(header -> real.header(header.name(), header.value()));
      try {
        java.net.http.HttpResponse<byte[]> answer =
            http.send(real.build(), BodyHandlers.ofByteArray());
        return answerOf(answer, answer.body());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for an answer", e);
      }
    }
  }

  private static void checkNoUser(TestRequest request) {
    if (request.user() != null) {
      throw new UnsupportedOperationException(
          "the middleware of a real server says who the user is; send it what it wants to see");
    }
  }

  private URI uri(String scheme, String target) {
    return URI.create(scheme + "://127.0.0.1:" + server().port() + target);
  }

  /** A socket of the JDK's client. What it hears waits for the thread of the test. */
  private final class RealWire implements Wire, WebSocket.Listener {
    private final TestClient client;
    private final String target;
    private final BlockingQueue<Runnable> came = new LinkedBlockingQueue<>();
    private final StringBuilder text = new StringBuilder();
    private ByteBuffer bytes = ByteBuffer.allocate(0);
    private @Nullable WebSocket socket;

    /** True while messages are asked for. */
    private volatile boolean isReading = true;

    RealWire(TestClient client, String target) {
      this.client = client;
      this.target = target;
    }

    void open(TestRequest request) {
      checkNoUser(request);
      WebSocket.Builder builder = http.newWebSocketBuilder().connectTimeout(PATIENCE);
      request.headers().forEach(header -> builder.header(header.name(), header.value()));
      List<String> names = request.subprotocols();
      if (!names.isEmpty()) {
        builder.subprotocols(names.get(0), names.subList(1, names.size()).toArray(String[]::new));
      }
      WebSocket opened = builder.buildAsync(uri("ws", target), this).join();
      socket = opened;
      List<Header> headers =
          opened.getSubprotocol().isEmpty()
              ? List.of()
              : List.of(new Header("Sec-WebSocket-Protocol", opened.getSubprotocol()));
      client.opened(this, null, headers);
    }

    // Calls of the JDK, on its own threads.

    private void askForMore(WebSocket from) {
      if (isReading) {
        from.request(1);
      }
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
      text.append(part);
      if (isLast) {
        String whole = text.toString();
        text.setLength(0);
        came.add(() -> client.hear(whole));
      }
      askForMore(from);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer part, boolean isLast) {
      bytes =
          ByteBuffer.allocate(bytes.capacity() + part.remaining())
              .put(bytes.array())
              .put(part)
              .flip();
      if (isLast) {
        byte[] whole = bytes.array();
        bytes = ByteBuffer.allocate(0);
        came.add(() -> client.hear(whole));
      }
      askForMore(from);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onPing(WebSocket from, ByteBuffer message) {
      askForMore(from);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      came.add(() -> client.ended(code, reason));
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
      came.add(() -> client.ended(1006, ""));
    }

    // Calls of the client, on the thread of the test.

    private WebSocket socket() {
      if (socket == null) {
        throw new IllegalStateException("the socket is not open");
      }
      return socket;
    }

    @Override
    public void send(String message) {
      sent(socket().sendText(message, true));
    }

    @Override
    public void send(byte[] message) {
      sent(socket().sendBinary(ByteBuffer.wrap(message), true));
    }

    /** Waits until a message is sent. A message that meets the server's close goes nowhere. */
    private void sent(CompletableFuture<WebSocket> sending) {
      try {
        WebSocket unused = sending.join();
      } catch (CompletionException e) {
        if (!socket().isOutputClosed()) {
          throw e;
        }
      }
    }

    @Override
    public void close(int code, String reason) {
      WebSocket unused = socket().sendClose(code, reason).join();
      boolean goesOn = true;
      while (goesOn && !socket().isInputClosed()) {
        goesOn = await();
      }
    }

    @Override
    public void drop() {
      socket().abort();
    }

    @Override
    public void read(boolean isReading) {
      boolean begins = isReading && !this.isReading;
      this.isReading = isReading;
      if (begins) {
        socket().request(1);
      }
    }

    @Override
    public void settle() {
      for (Runnable next = came.poll(); next != null; next = came.poll()) {
        next.run();
      }
    }

    @Override
    public boolean await() {
      try {
        Runnable next = came.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        if (next != null) {
          next.run();
        }
        return next != null;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for a message", e);
      }
    }

    @Override
    public List<String> tags() {
      throw new UnsupportedOperationException("a client of a real socket does not learn its tags");
    }

    @Override
    public String story() {
      return "what clients saw:\n" + transcript().of(TestClient.path(target));
    }

    @Override
    public void explain(Throwable failed) {}
  }
}
