package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Connects many clients at once. Each test prints its findings. */
@Tag("once") // limits of a crowd are counted in bytes, on every JVM alike
@Tag("full")
class CrowdIT {
  /** The number of messages of 16 KiB sent at once: a sixth of what may wait for a client. */
  private static final int TALK_AT_ONCE = 10;

  /**
   * A number of messages of 16 KiB that is never waiting for one client: 64 MiB beyond the limit of
   * 1 MiB, for as long as nobody can say that the client does not read.
   */
  private static final int WAITING_MAX = 65 << 6;

  /**
   * Matches the count of clients that were closed because they do not read, or because others need
   * the memory.
   */
  private static final Pattern DEAF_CLIENTS =
      Pattern.compile(
          "dormouse_connections_closed_by_limit_total\\{[^}]*reason=\"(?:slow_client|overload)\"[^}]*}"
              + " (\\S+)");

  @TempDir private Path directory;

  @Test
  @DisplayName("beside 5,000 idle sockets a new client is in within 100 ms, with tenfold margin")
  void idle() throws Exception {
    try (ServerProcess server =
            ServerProcess.startTestActors(directory.resolve("data"), List.of("-Xmx192m"));
        Witness witness = new Witness(server)) {
      ProcessMemory memory = new ProcessMemory(server.pid());
      long emptyMib = memory.residentMib();
      long startNs = System.nanoTime();
      try (Crowd idle = Crowd.connect(server.port(), 5_000, i -> "/bench/echo/idle" + i % 500)) {
        long inMs = (System.nanoTime() - startNs) / 1_000_000;
        List<Long> tookNs = new ArrayList<>();
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
          long fromNs = System.nanoTime();
          clients.add(RawClient.open(server.port(), "/bench/echo/new" + i));
          tookNs.add(System.nanoTime() - fromNs);
        }
        Latencies latencies = Latencies.of(tookNs);
        System.out.printf(
            "idle: 5,000 in after %d ms; a new one %s; %s; resident %d MiB, before %d MiB%n",
            inMs, latencies, witness.seen(), memory.residentMib(), emptyMib);
        assertThat(latencies.p99Ms()).isLessThan(10 * 100);
        assertThat(idle.members()).noneMatch(member -> member.isGone || member.wrong != null);
        for (RawClient client : clients) {
          client.close();
        }
      }
      assertThat(server.output()).doesNotContain("OutOfMemoryError", "WARN", "ERROR");
    }
  }

  @Test
  @DisplayName(
      "of a room of 1,000 the 100 that do not read get 1013 within 30 s; the 900 hear all, in"
          + " order")
  void deafMembers() throws Exception {
    // There are no pings: a client that does not read answers no pings either, and would be given
    // up for that.
    try (ServerProcess server =
            ServerProcess.startTestActors(
                directory.resolve("data"), List.of("-Xmx192m"), "--ping", "off");
        Witness witness = new Witness(server);
        Crowd room = Crowd.connect(server.port(), 900, i -> "/goodbyes/room")) {
      ProcessMemory memory = new ProcessMemory(server.pid());
      List<RawClient> deaf = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        deaf.add(deafClient(server, "/goodbyes/room"));
      }
      String filler = "x".repeat((16 << 10) - 8);
      int said = 0;
      long startNs = System.nanoTime();
      long firstFullNs = 0;
      try (RawClient speaker = RawClient.open(server.port(), "/goodbyes/room")) {
        for (int full = 0; full < 100; full = closedClients(server)) {
          if (full > 0 && firstFullNs == 0) {
            firstFullNs = System.nanoTime(); // the other clients soon have no room either
          }
          assertThat(said).isLessThan(WAITING_MAX + TALK_AT_ONCE);
          for (int i = 0; i < TALK_AT_ONCE; i++, said++) {
            assertThat(speaker.ask(Crowd.number(said) + filler)).startsWith(Crowd.number(said));
          }
          // The clients that read are slow together, too; a client more than 1 MiB behind would be
          // closed.
          int all = said;
          room.await("up to " + all, member -> member.numbered == all || member.isGone);
        }
        long allFullNs = System.nanoTime();
        server.admin().poll("goodbyes", "room", actor -> actor.connections() <= 901);
        long endNs = System.nanoTime();
        Duration closing = Duration.ofNanos(endNs - (firstFullNs == 0 ? allFullNs : firstFullNs));
        System.out.printf(
            "deafMembers: 100 gone %d ms after the first had no room; 900 heard %d messages of 16"
                + " KiB in %d ms; %s; resident %d MiB, at most %d MiB%n",
            closing.toMillis(),
            said,
            (endNs - startNs) / 1_000_000,
            witness.seen(),
            memory.residentMib(),
            memory.peakMib());
        int all = said;
        assertThat(room.members())
            .allMatch(member -> member.numbered == all && !member.isGone && member.wrong == null);
        assertThat(closing).isLessThan(Duration.ofSeconds(30));
      }
      for (RawClient client : deaf) {
        client.close();
      }
      assertThat(Http.get(server.http("/goodbyes/room")).body()).contains("1013 VIOLATION 100");
      assertThat(server.output()).doesNotContain("OutOfMemoryError", "ERROR");
      assertThat(server.output().lines().filter(line -> line.contains("WARN")))
          .allMatch(line -> line.contains("LimitLog"));
    }
  }

  /** Returns the number of clients that were closed because they have no room. */
  private static int closedClients(ServerProcess server) throws Exception {
    String metrics = Http.get(server.admin().path("/metrics")).body();
    Matcher matcher = DEAF_CLIENTS.matcher(metrics);
    int closed = 0;
    while (matcher.find()) {
      closed += (int) Double.parseDouble(matcher.group(1));
    }
    return closed;
  }

  /**
   * Opens a client that does not read. The network holds some pongs for it, so that it soon has no
   * room.
   */
  private static RawClient deafClient(ServerProcess server, String path) throws Exception {
    RawClient client = new RawClient(server.port(), 4_096).open(path);
    client.send(Frames.repeat(Frames.of(Frames.FINAL | Frames.PING, new byte[125]), 30_000));
    return client;
  }
}
