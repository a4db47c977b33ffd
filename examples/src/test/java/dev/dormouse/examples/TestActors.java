package dev.dormouse.examples;

import dev.dormouse.examples.Bench.AfterEcho;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Compression;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.WebSocketActor;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/** The program that serves the examples, and actors that only tests need. */
final class TestActors {
  private TestActors() {}

  public static void main(String[] args) {
    Examples.server()
        .actor(
            "/deflate/:key",
            Bench.class,
            () -> new Bench(AfterEcho.NOTHING),
            o -> o.compression(Compression.ON))
        .actor("/den/:key", Den.class, Den::new)
        .actor("/goodbyes/:key", Goodbyes.class, Goodbyes::new)
        .start(args);
  }

  /**
   * Broadcasts each message, and keeps how its connections ended: {@code GET} returns {@code code
   * cause number}, a line each. The text {@code until <file>} keeps its turn until there is that
   * file, then is kept too.
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
    protected void onRequest(HttpRequest request) {
      request.respond(
          HttpResponse.text(
              200,
              storage().list(KeyRange.prefix(ENDED), Integer.class).stream()
                  .map(entry -> entry.key().substring(ENDED.length()) + " " + entry.value())
                  .collect(Collectors.joining("\n"))));
    }
  }
}
