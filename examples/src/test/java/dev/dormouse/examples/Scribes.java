package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Many clients that write into journals, each on a socket of its own. A scribe sends its next
 * message a while after the answer to the one before. At the end the journals must have each
 * message of each scribe once, in order, and the scribes must have heard the right answers.
 *
 * <p>A scribe whose socket is closed with 1012 before an answer connects again and goes on with its
 * next message. The message without an answer may be in the journal or not.
 */
final class Scribes implements AutoCloseable {
  private static final int LOOPS = 2;

  /** The answers of a round: the first may have been on its way before. */
  private static final int ROUND = 2;

  private static final short RESTART = 1012;

  /** A scribe. Its event loop uses it, and the test when all scribes rest. */
  private static final class Scribe {
    final String name;
    final String journal;
    final List<String> sent = new ArrayList<>();
    final List<Optional<String>> answers = new ArrayList<>();
    final AtomicInteger rounds = new AtomicInteger();
    WebSocket socket;
    long sentNs;
    long longestNs;

    Scribe(String name, String journal) {
      this.name = name;
      this.journal = journal;
    }
  }

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(LOOPS));

  /** The client of all sockets, which would close them if nothing referred to it. */
  private final WebSocketClient client;

  private final List<Scribe> scribes = new ArrayList<>();

  /** The closes of sockets, whatever their code. */
  private final Queue<String> closed = new ConcurrentLinkedQueue<>();

  /** The faults: closes with another code than 1012, and closes without need. */
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();

  private final AtomicInteger waiting = new AtomicInteger();
  private final int port;
  private final int pauseMs;
  private volatile boolean isResting = true;

  /**
   * Connects scribes, who rest at first.
   *
   * @param port the port of a server or a balancer
   * @param pauseMs the time in milliseconds between an answer and the next message
   */
  Scribes(int port, int number, int journals, int pauseMs) throws Exception {
    this.port = port;
    this.pauseMs = pauseMs;
    client =
        vertx.createWebSocketClient(
            new WebSocketClientOptions().setMaxConnections(number).setConnectTimeout(30_000));
    for (int i = 0; i < number; i++) {
      Scribe scribe = new Scribe("s" + i, "j" + i % journals);
      scribes.add(scribe);
      scribe.socket =
          client
              .connect(port, "127.0.0.1", "/journal/" + scribe.journal)
              .toCompletionStage()
              .toCompletableFuture()
              .get(Child.LIMIT.toSeconds(), TimeUnit.SECONDS);
      use(scribe);
    }
  }

  private void use(Scribe scribe) {
    scribe.socket.textMessageHandler(
        text -> {
          scribe.longestNs = Math.max(scribe.longestNs, System.nanoTime() - scribe.sentNs);
          ended(scribe, Optional.of(text));
        });
    scribe.socket.closeHandler(end -> closed(scribe));
  }

  private void closed(Scribe scribe) {
    Short code = scribe.socket.closeStatusCode();
    closed.add("%s %s %s".formatted(scribe.name, code, scribe.socket.closeReason()));
    if (code == null || code != RESTART || scribe.answers.size() == scribe.sent.size()) {
      wrong.add(closed.peek());
      return;
    }
    client
        .connect(port, "127.0.0.1", "/journal/" + scribe.journal)
        .onSuccess(
            socket -> {
              scribe.socket = socket;
              use(scribe);
              ended(scribe, Optional.empty());
            })
        .onFailure(failure -> wrong.add(scribe.name + " cannot connect again: " + failure));
  }

  /** Lets all scribes write. */
  void write() {
    isResting = false;
    scribes.forEach(this::send);
  }

  private void send(Scribe scribe) {
    waiting.incrementAndGet();
    scribe.sentNs = System.nanoTime();
    String message = scribe.name + "-" + scribe.sent.size();
    scribe.sent.add(message);
    scribe.socket.writeTextMessage(message);
  }

  private void ended(Scribe scribe, Optional<String> answer) {
    scribe.answers.add(answer);
    scribe.rounds.incrementAndGet();
    waiting.decrementAndGet();
    vertx.setTimer(
        pauseMs,
        elapsed -> {
          if (!isResting) {
            send(scribe);
          }
        });
  }

  /** Waits until every scribe has written on and has its answer. */
  void awaitRound() throws Exception {
    List<Integer> before = scribes.stream().map(scribe -> scribe.rounds.get()).toList();
    Until.isTrue(
        () -> {
          checkOpen();
          for (int i = 0; i < scribes.size(); i++) {
            if (scribes.get(i).rounds.get() < before.get(i) + ROUND) {
              return false;
            }
          }
          return true;
        });
  }

  /** Lets no scribe write any more, and waits until all have their answers. */
  void rest() throws Exception {
    isResting = true;
    Until.isTrue(
        () -> {
          checkOpen();
          return waiting.get() == 0;
        });
  }

  /** Checks that every socket that was closed had to be. */
  void checkOpen() {
    assertThat(wrong).isEmpty();
  }

  /** Returns the closes of sockets so far. */
  List<String> closes() {
    return List.copyOf(closed);
  }

  /** Returns the longest wait for an answer since the last call, in milliseconds. */
  long longestMs() {
    long longest = 0;
    for (Scribe scribe : scribes) {
      longest = Math.max(longest, scribe.longestNs);
      scribe.longestNs = 0;
    }
    return TimeUnit.NANOSECONDS.toMillis(longest);
  }

  /** Compares the journals, which a server or a balancer returns, with what was sent and heard. */
  void check(int port) throws Exception {
    checkOpen();
    for (String journal : scribes.stream().map(s -> s.journal).distinct().toList()) {
      List<String> lines =
          Http.get(URI.create("http://127.0.0.1:" + port + "/journal/" + journal))
              .body()
              .lines()
              .toList();
      List<String> answers = HashChain.answers(lines);
      int ofScribes = 0;
      for (Scribe scribe : scribes) {
        if (scribe.journal.equals(journal)) {
          ofScribes += check(scribe, lines, answers);
        }
      }
      assertThat(lines).hasSize(ofScribes);
    }
  }

  /** Compares a scribe with its journal, and returns the number of its messages there. */
  private static int check(Scribe scribe, List<String> lines, List<String> answers) {
    List<String> kept = new ArrayList<>();
    List<String> right = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).startsWith(scribe.name + "-")) {
        kept.add(lines.get(i));
        right.add(answers.get(i));
      }
    }
    int next = 0;
    for (int i = 0; i < scribe.sent.size(); i++) {
      boolean isKept = next < kept.size() && kept.get(next).equals(scribe.sent.get(i));
      if (isKept) {
        String answer = right.get(next++);
        scribe.answers.get(i).ifPresent(heard -> assertThat(heard).isEqualTo(answer));
      } else {
        assertThat(scribe.answers.get(i)).as("lost: " + scribe.sent.get(i)).isEmpty();
      }
    }
    assertThat(kept).as(scribe.name).hasSize(next);
    return next;
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
  }
}
