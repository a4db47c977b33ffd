package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.examples.KillPoint.Moment;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.KilledServer;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Kills the server at named points of its work, starts the plain one on the same folder, and
 * compares the messages that clients heard with its data. {@code -Ddormouse.test.kills} sets the
 * number of kills at each point.
 */
@Tag("full")
// The order of commits and releases is the same on each JVM.
@Tag("once")
class KillPointsIT {
  private static final int KILLS = Integer.getInteger("dormouse.test.kills", 3);
  private static final List<Moment> MOMENTS = List.of(Moment.values());
  private static final int KILLED = 128 + 9;
  private static final Pattern PORT = Pattern.compile("port (?<port>\\d+)\\.");
  private static final List<String> ACTORS = List.of("left", "right");
  private static final int TALKERS_PER_ACTOR = 3;
  private static final int COMERS_PER_ACTOR = 1;
  private static final int IN_FLIGHT = 3;

  @TempDir private Path directory;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void endThreads() {
    threads.shutdownNow();
  }

  @ParameterizedTest
  @EnumSource
  void whatAClientHeardIsThereAndNothingIsHalf(KillPoint point) throws Exception {
    Random random = Seed.random("KillPointsIT, " + point);
    Path data = directory.resolve("data");
    Map<String, Map<String, String>> before = new HashMap<>();
    for (int kill = 0; kill < KILLS; kill++) {
      Moment moment = MOMENTS.get(kill % MOMENTS.size());
      int times = 1 + random.nextInt(timesMax(point));
      List<Talker> talkers = runUntilKilled(data, point, moment, times, "kill" + kill);
      try (DormouseServer plain = open(data)) {
        for (String actor : ACTORS) {
          assertThat(plain.status(new ActorId("witness", actor)).connections()).isZero();
          URI uri = URI.create("http://127.0.0.1:" + plain.port() + "/witness/" + actor);
          Map<String, String> stored = storedOnceAllHasRung(uri);
          check(stored, talkers.stream().filter(t -> t.actor.equals(actor)).toList());
          assertThat(stored).containsAllEntriesOf(settled(before.getOrDefault(actor, Map.of())));
          before.put(actor, stored);
        }
      }
    }
  }

  /** Returns a number of passes so small that the clients reach the point within a moment. */
  private static int timesMax(KillPoint point) {
    return switch (point) {
      case BEFORE_WRITE, AFTER_WRITE_BEFORE_RELEASE -> 200;
      case MID_BROADCAST -> 60;
      case MID_HIBERNATE, MID_WAKE, MID_ACCEPT, MID_CLOSE, MID_ALARM -> 12;
    };
  }

  private static DormouseServer open(Path data) {
    return Chronicle.server(Chronicle::new)
        .open(
            ServerOptions.defaults().port(0).adminPort(0).data(data).durability(Durability.FSYNC));
  }

  private List<Talker> runUntilKilled(
      Path data, KillPoint point, Moment moment, int times, String life) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                System.getProperty("dormouse.test.java"),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                KilledServer.class.getName(),
                data.toString(),
                point.name(),
                moment.name(),
                Integer.toString(times)));
    command.addAll(ACTORS);
    try (Child server = Child.start(directory, Map.of(), command)) {
      int port = Integer.parseInt(server.awaitOutput(PORT).group("port"));
      List<Talker> talkers = new ArrayList<>();
      List<Future<?>> running = new ArrayList<>();
      for (String actor : ACTORS) {
        for (int i = 0; i < TALKERS_PER_ACTOR + COMERS_PER_ACTOR; i++) {
          Crowd crowd = new Crowd(port, actor, life + "-" + i, i >= TALKERS_PER_ACTOR);
          running.add(threads.submit(() -> crowd.talk(talkers)));
        }
      }
      for (Future<?> future : running) {
        future.get(Child.LIMIT.toSeconds(), TimeUnit.SECONDS);
      }
      assertThat(server.awaitExit()).isEqualTo(KILLED);
      assertThat(server.output()).contains("killed at " + point + ", " + moment);
      return talkers;
    }
  }

  /** Returns an actor's stored values, after the alarms that were set before the kill have come. */
  private static Map<String, String> storedOnceAllHasRung(URI uri) throws Exception {
    AtomicReference<Map<String, String>> stored = new AtomicReference<>(Map.of());
    Until.isTrue(
        () -> {
          stored.set(stored(Http.get(uri).body()));
          long set =
              under(Chronicle.LINE, stored.get()).values().stream()
                  .filter(line -> line.startsWith("all"))
                  .count();
          return under(Chronicle.RUNG, stored.get()).size() == set;
        });
    return stored.get();
  }

  private static Map<String, String> stored(String body) {
    Map<String, String> stored = new TreeMap<>();
    body.lines().forEach(l -> stored.put(l.split(" ", 2)[0], l.split(" ", 2)[1]));
    return stored;
  }

  /** Returns the stored values that never change once they are there. */
  private static Map<String, String> settled(Map<String, String> stored) {
    Map<String, String> settled = new TreeMap<>(stored);
    settled.keySet().removeIf(key -> !key.contains("/"));
    return settled;
  }

  private static Map<String, String> under(String prefix, Map<String, String> stored) {
    Map<String, String> found = new TreeMap<>();
    stored.forEach(
        (key, value) -> {
          if (key.startsWith(prefix)) {
            found.put(key.substring(prefix.length()), value);
          }
        });
    return found;
  }

  private static void check(Map<String, String> stored, List<Talker> talkers) throws Exception {
    // Each turn is whole: the lines, their number, the hash over them.
    List<String> lines = List.copyOf(under(Chronicle.LINE, stored).values());
    List<String> answers = HashChain.answers(lines);
    if (!lines.isEmpty()) {
      assertThat(stored.get("count") + " " + stored.get("hash"))
          .isEqualTo(answers.get(answers.size() - 1));
    }
    // Each connection that was accepted was closed once, with what it carried at last.
    Map<String, String> opened = under(Chronicle.OPENED, stored);
    Map<String, String> closed = under(Chronicle.CLOSED, stored);
    assertThat(closed.keySet()).isEqualTo(opened.keySet());
    assertThat(opened.values()).allMatch("1"::equals);
    // Each alarm took effect once.
    Map<String, String> rung = under(Chronicle.RUNG, stored);
    assertThat(rung.values()).allMatch("1"::equals);
    for (Talker talker : talkers) {
      List<String> kept = lines.stream().filter(l -> l.endsWith(" " + talker.name)).toList();
      if (talker.heard.contains("hello")) {
        assertThat(opened).containsKey(talker.name);
      }
      if (opened.containsKey(talker.name)) {
        String carried = kept.size() + " " + Chronicle.tagsAfter(talker.name, kept.size());
        assertThat(closed.get(talker.name))
            .isIn("1006 " + carried, talker.hasClosed ? "1000 " + carried : "");
      }
      // The answers come in order, without gaps, once each; so does everything that was heard.
      assertThat(kept).hasSizeLessThanOrEqualTo(talker.sent.size());
      assertThat(kept).isEqualTo(talker.sent.subList(0, kept.size()));
      int done = 0;
      for (String heard :
          talker.heard.subList(Math.min(1, talker.heard.size()), talker.heard.size())) {
        String[] words = heard.split(" ", 2);
        if (words[0].equals("rang")) {
          assertThat(rung).containsKey(words[1].substring(Chronicle.RUNG.length()));
          continue;
        }
        int count = Integer.parseInt(words[1].split(" ")[0]);
        assertThat(answers).hasSizeGreaterThanOrEqualTo(count);
        assertThat(words[1]).isEqualTo(answers.get(count - 1));
        if (words[0].equals("done")) {
          assertThat(lines.get(count - 1)).isEqualTo(talker.sent.get(done++));
        }
      }
    }
  }

  /** One connection with everything that it sent and heard. */
  private static final class Talker {
    private final String actor;
    private final String name;
    private final List<String> sent = new ArrayList<>();
    private final List<String> heard = new ArrayList<>();
    private boolean hasClosed;

    Talker(String actor, String name) {
      this.actor = actor;
      this.name = name;
    }

    /** Talks until the connection ends; after {@code most} answers it is closed in good order. */
    boolean talk(int port, int most) throws Exception {
      URI uri = URI.create("ws://127.0.0.1:%d/witness/%s?name=%s".formatted(port, actor, name));
      try (Client client = Client.connect(uri)) {
        for (int i = 0; i < IN_FLIGHT; i++) {
          send(client);
        }
        int answers = 0;
        while (client.next() instanceof Client.Text text) {
          heard.add(text.text());
          if (text.text().startsWith("done")) {
            answers++;
            if (answers == most) {
              hasClosed = true;
              client.sendClose(1000, "");
            } else if (answers < most) {
              send(client);
            }
          }
        }
        return hasClosed;
      } catch (ExecutionException e) {
        return false; // the server is gone
      }
    }

    private void send(Client client) throws Exception {
      sent.add((sent.size() % 3 == 0 ? "all " : "one ") + sent.size() + " of " + name);
      client.send(sent.get(sent.size() - 1));
    }
  }

  /** A client that comes once to stay, or again and again. */
  private record Crowd(int port, String actor, String name, boolean isComing) {
    Void talk(List<Talker> talkers) throws Exception {
      boolean isServed = true;
      for (int i = 0; isServed; i++) {
        Talker talker = new Talker(actor, name + "." + i);
        synchronized (talkers) {
          talkers.add(talker);
        }
        isServed = talker.talk(port, isComing ? 2 : Integer.MAX_VALUE);
      }
      return null;
    }
  }
}
