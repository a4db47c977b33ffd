package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the server while clients talk to it, starts it again on the same data, and compares the
 * clients' answers with the data it still has. {@code -Ddormouse.test.crashes} sets the number of
 * kills with fsync.
 */
@Tag("once") // what a killed process leaves on the disk does not depend on its JVM
class CrashIT {
  private static final List<String> JOURNALS = List.of("left", "right");
  private static final int WRITERS_PER_JOURNAL = 2;
  private static final int WRITERS = JOURNALS.size() * WRITERS_PER_JOURNAL;
  private static final int ANSWERS_MAX = 400;
  private static final int IN_FLIGHT = 4;

  @TempDir private Path directory;
  private final ExecutorService threads = Executors.newFixedThreadPool(WRITERS);

  @AfterEach
  void endThreads() {
    threads.shutdownNow();
  }

  @Test
  void whatWasAnsweredSurvivesKill9WithFsync() throws Exception {
    crash("fsync", Integer.getInteger("dormouse.test.crashes", 10));
  }

  @Test
  void whatWasAnsweredSurvivesKill9WithWal() throws Exception {
    crash("wal", 5);
  }

  private void crash(String durability, int kills) throws Exception {
    Random random = Seed.random("CrashIT, " + durability);
    Path data = directory.resolve("data");
    List<List<String>> known =
        new ArrayList<>(JOURNALS.stream().map(j -> List.<String>of()).toList());
    List<Writer> writers = List.of();
    for (int life = 0; life <= kills; life++) {
      try (ServerProcess server = ServerProcess.start(data, "--durability", durability)) {
        if (life > 0) {
          // Each writer, and the one in the chat.
          assertThat(server.output())
              .contains("closed " + (WRITERS + 1) + " connections that the last run left behind");
        }
        for (int i = 0; i < JOURNALS.size(); i++) {
          known.set(i, check(server, JOURNALS.get(i), known.get(i), writers));
        }
        try (Client chat = chat(server, life)) {
          if (life < kills) {
            writers = writeUntilKilled(server, life, 1 + random.nextInt(ANSWERS_MAX));
            server.awaitExit();
            assertThat(chat.next()).isInstanceOfAny(Client.Lost.class, Client.Closed.class);
          }
        }
      }
    }
    assertThat(known).allSatisfy(lines -> assertThat(lines).hasSizeGreaterThan(kills));
  }

  /**
   * Compares a journal with its content before the crash and with the messages of its writers
   * since.
   *
   * @return the content of the journal
   */
  private static List<String> check(
      ServerProcess server, String journal, List<String> before, List<Writer> writers)
      throws Exception {
    assertThat(server.admin().actor("journal", journal).connections()).isZero();
    List<String> lines = Http.get(server.http("/journal/" + journal)).body().lines().toList();
    List<String> answers = HashChain.answers(lines);
    assertBegins(lines, before);
    List<String> since = lines.subList(before.size(), lines.size());
    int ofWriters = 0;
    for (Writer writer : writers) {
      if (writer.journal.equals(journal)) {
        List<String> kept = since.stream().filter(line -> line.startsWith(writer.name)).toList();
        // The messages come in order, without gaps, once each: all that were answered, and perhaps
        // some others.
        assertBegins(writer.sent, kept);
        assertBegins(
            kept.stream().map(line -> answers.get(lines.indexOf(line))).toList(), writer.answers);
        ofWriters += kept.size();
      }
    }
    assertThat(since).hasSize(ofWriters);
    return lines;
  }

  private static void assertBegins(List<String> whole, List<String> beginning) {
    assertThat(whole).hasSizeGreaterThanOrEqualTo(beginning.size());
    assertThat(whole.subList(0, beginning.size())).isEqualTo(beginning);
  }

  /**
   * Enters the chat, where nobody from before the crash may be left, and nobody may leave twice.
   */
  private static Client chat(ServerProcess server, int life) throws Exception {
    Client client = server.connect("/chat/crash?name=life" + life);
    JsonObject welcome = client.nextJson();
    assertThat(Chat.members(welcome)).containsExactly("life" + life);
    assertThat(Chat.history(welcome))
        .isEqualTo(IntStream.range(0, life).mapToObj(i -> "said in life " + i).toList());
    client.send(Chat.say("said in life " + life));
    JsonObject said = client.nextJson();
    assertThat(said.getString("type")).isEqualTo("said");
    assertThat(said.getString("text")).isEqualTo("said in life " + life);
    return client;
  }

  /**
   * Lets all writers write; the writer that hears the last of that many answers, counted over all,
   * kills the server.
   */
  private List<Writer> writeUntilKilled(ServerProcess server, int life, int answersUntilKill)
      throws Exception {
    AtomicInteger answersLeft = new AtomicInteger(answersUntilKill);
    List<Writer> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      String journal = JOURNALS.get(i % JOURNALS.size());
      writers.add(
          new Writer(
              server.connect("/journal/" + journal),
              journal,
              "life " + life + " writer " + i + " "));
    }
    List<Future<?>> running = new ArrayList<>();
    for (Writer writer : writers) {
      running.add(
          threads.submit(
              () -> {
                writer.write(answersLeft, server);
                return null;
              }));
    }
    for (Future<?> future : running) {
      future.get(Child.LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
    return writers;
  }

  /** A connection that writes to a journal, with everything it sent and heard. */
  private static final class Writer {
    private final Client client;
    private final String journal;
    private final String name;
    private final List<String> sent = new ArrayList<>();
    private final List<String> answers = new ArrayList<>();

    Writer(Client client, String journal, String name) {
      this.client = client;
      this.journal = journal;
      this.name = name;
    }

    /** Keeps some messages in flight until the connection is lost. */
    void write(AtomicInteger answersLeft, ServerProcess server) throws Exception {
      for (int i = 0; i < IN_FLIGHT; i++) {
        send();
      }
      while (client.next() instanceof Client.Text answer) {
        answers.add(answer.text());
        if (answersLeft.decrementAndGet() == 0) {
          server.kill9();
        }
        send();
      }
    }

    private void send() throws Exception {
      String message = name + sent.size();
      sent.add(message);
      try {
        client.send(message);
      } catch (ExecutionException e) {
        // The connection is lost; the next event says so, too.
        assertThat(e).hasCauseInstanceOf(IOException.class);
      }
    }
  }
}
