package dev.dormouse.examples;

import dev.dormouse.examples.Bench.AfterEcho;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Compression;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.Threading;
import dev.dormouse.sdk.WebSocketActor;
import io.vertx.core.json.JsonObject;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/** The program that serves the examples, and the actors that only tests need. */
final class TestActors {
  private TestActors() {}

  public static void main(String[] args) {
    Examples.server()
        .actor(
            "/deflate/:key",
            Bench.class,
            () -> new Bench(AfterEcho.NOTHING),
            o -> o.compression(Compression.ON))
        .actor("/burst/:key", Burst.class, Burst::new)
        .actor("/calls/:key", Calls.class, Calls::new)
        .actor("/den/:key", Den.class, Den::new)
        .actor("/pause/:key", Pause.class, Pause::new)
        .actor("/goodbyes/:key", Goodbyes.class, Goodbyes::new)
        .actor("/harm/:key", Harm.class, Harm::new)
        .actor("/harm-loop/:key", Harm.class, Harm::new, TestActors::onEventLoops)
        .actor("/hoard/:key", Hoard.class, Hoard::new)
        .actor("/failing/:key", Failing.class, Failing::new, o -> o.threading(Threading.EVENT_LOOP))
        .start(args);
  }

  /** Prints the question on an event loop, and fails. */
  static final class Failing extends WebSocketActor<Void> {
    @Override
    protected HttpResponse onRequest(HttpRequest request) {
      System.out.println("asked ".repeat(1_000));
      throw new IllegalStateException("fails as asked");
    }
  }

  /**
   * An application that has files open: {@code take} opens as many as the process may have, {@code
   * give} closes them; either is answered with their number.
   */
  static final class Hoard extends WebSocketActor<Void> {
    private static final Path FILE = Path.of("hoarded");

    /**
     * The open files. They are no field of the actor, since its fields do not outlive its sleep.
     */
    private static final Deque<Closeable> TAKEN = new ConcurrentLinkedDeque<>();

    @Override
    protected void onMessage(Connection<Void> from, String text) {
      try {
        if (text.equals("take")) {
          take();
        } else {
          for (Closeable file = TAKEN.poll(); file != null; file = TAKEN.poll()) {
            file.close();
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      from.send(text + " " + TAKEN.size());
    }

    private static void take() throws IOException {
      if (!Files.exists(FILE)) {
        Files.createFile(FILE);
      }
      try {
        while (true) {
          TAKEN.add(FileChannel.open(FILE));
        }
      } catch (FileSystemException e) {
        if (!String.valueOf(e.getReason()).contains("Too many open files")) {
          throw e;
        }
      }
    }
  }

  /**
   * Answers a small question with much. A text states the number of messages of 64 KiB that answer
   * it. A request states the {@code bytes} of the body that answers it, once the question is
   * stored. {@code knock} is answered automatically.
   */
  static final class Burst extends WebSocketActor<Void> {
    @Override
    protected void onActivate() {
      autoReply("knock", "come in");
    }

    @Override
    protected void onMessage(Connection<Void> from, String number) {
      for (int i = 0; i < Integer.parseInt(number); i++) {
        from.send(ByteBuffer.allocate(64 << 10));
      }
    }

    @Override
    protected HttpResponse onRequest(HttpRequest request) {
      int bytes = Integer.parseInt(request.head().query("bytes").orElse("0"));
      storage().increment("asked", 1);
      return HttpResponse.of(200, List.of(), new byte[bytes]);
    }
  }

  /**
   * Answers calls of the client for JavaScript: {@code add} with the sum, {@code close} with a
   * close of that code, anything else with an error. A message without an id comes back.
   */
  static final class Calls extends WebSocketActor<Void> {
    @Override
    protected void onMessage(Connection<Void> from, String text) {
      JsonObject message = new JsonObject(text);
      JsonObject answer = new JsonObject().put("$re", message.getValue("$id"));
      switch (message.getString("type")) {
        case "add" ->
            from.send(
                answer.put("sum", message.getInteger("a") + message.getInteger("b")).encode());
        case "close" -> from.close(message.getInteger("code"), "as asked");
        case "say" -> from.send(text);
        default -> {
          JsonObject error =
              new JsonObject().put("code", "unknown type").put("message", "there is no such type");
          from.send(answer.put("$error", error).encode());
        }
      }
    }
  }

  /** Blocks its thread for as many milliseconds as a text says, and answers it. */
  static final class Pause extends WebSocketActor<Void> {
    @Override
    protected void onMessage(Connection<Void> from, String ms) throws Exception {
      TimeUnit.MILLISECONDS.sleep(Long.parseLong(ms));
      from.send(ms);
    }
  }

  private static ActorOptions onEventLoops(ActorOptions options) {
    return options.name("harm-loop").threading(Threading.EVENT_LOOP);
  }

  /** Does the process harm, as it is told to, and echoes anything else. */
  static final class Harm extends WebSocketActor<Void> {
    private static final List<byte[]> HOARD = new ArrayList<>();

    @Override
    protected void onMessage(Connection<Void> from, String text) {
      switch (text) {
        case "hoard" -> {
          while (true) {
            HOARD.add(new byte[64 << 10]);
          }
        }
        case "spin" -> {
          while (true) {
            Thread.onSpinWait(); // interrupts do not end the loop
          }
        }
        default -> from.send(text);
      }
    }
  }

  /**
   * Broadcasts each message, and keeps how its connections ended: {@code GET} returns {@code code
   * cause number}, a line each. The text {@code until <file>} keeps its turn open until that file
   * exists.
   */
  static final class Goodbyes extends WebSocketActor<Void> {
    private static final String ENDED = "ended ";
    private static final String UNTIL = "until ";
    private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(5);

    @Override
    protected void onMessage(Connection<Void> from, String text) {
      if (text.startsWith(UNTIL)) {
        while (!Files.exists(Path.of(text.substring(UNTIL.length())))) {
          LockSupport.parkNanos(POLL_NS);
        }
        count("waited");
      }
      connections().broadcast(text);
    }

    @Override
    protected void onMessage(Connection<Void> from, ByteBuffer bytes) {
      connections().broadcast(bytes);
    }

    @Override
    protected void onClose(Connection<Void> gone, CloseReason reason) {
      count(reason.code() + " " + reason.cause());
    }

    private void count(String what) {
      storage().put(ENDED + what, storage().get(ENDED + what, Integer.class).orElse(0) + 1);
    }

    @Override
    protected HttpResponse onRequest(HttpRequest request) {
      return HttpResponse.text(
          200,
          storage().list(KeyRange.prefix(ENDED), Integer.class).stream()
              .map(entry -> entry.key().substring(ENDED.length()) + " " + entry.value())
              .collect(Collectors.joining("\n")));
    }
  }
}
