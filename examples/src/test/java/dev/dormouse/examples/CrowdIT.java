package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many clients at once. Each test prints what was seen. */
@Tag("full")
class CrowdIT {
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
  @DisplayName("of a room of 1,000 the 100 that do not read get 1013; the 900 hear all, in order")
  void deafMembers() throws Exception {
    // No pings: who does not read does not answer them either, and would be given up for that.
    try (ServerProcess server =
            ServerProcess.startTestActors(
                directory.resolve("data"), List.of("-Xmx192m"), "--ping", "0s");
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
      try (RawClient speaker = RawClient.open(server.port(), "/goodbyes/room")) {
        while (!isLeftWith(server, 901)) {
          assertThat(said).isLessThan(1_000);
          for (int i = 0; i < 100; i++, said++) {
            assertThat(speaker.ask(Crowd.number(said) + filler)).startsWith(Crowd.number(said));
          }
        }
        long closedMs = (System.nanoTime() - startNs) / 1_000_000;
        int all = said;
        room.await("done", member -> member.numbered == all);
        System.out.printf(
            "deafMembers: 100 closed after %d ms; 900 heard %d messages of 16 KiB in %d ms;"
                + " %s; resident %d MiB, at most %d MiB%n",
            closedMs,
            said,
            (System.nanoTime() - startNs) / 1_000_000,
            witness.seen(),
            memory.residentMib(),
            memory.peakMib());
        assertThat(room.members()).noneMatch(member -> member.isGone || member.wrong != null);
      }
      for (RawClient client : deaf) {
        client.close();
      }
      assertThat(Http.get(server.http("/goodbyes/room")).body()).contains("1013 VIOLATION 100");
      assertThat(server.output()).doesNotContain("OutOfMemoryError", "WARN", "ERROR");
    }
  }

  /** Whether there are so many in the end; those that are closed are given the time to go. */
  private static boolean isLeftWith(ServerProcess server, int connections) throws Exception {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(8);
    while (System.nanoTime() < deadlineNs) {
      if (server.admin().actor("goodbyes", "room").connections() == connections) {
        return true;
      }
    }
    return false;
  }

  /** One that does not read; the network holds some pongs for it, so that it soon has no room. */
  private static RawClient deafClient(ServerProcess server, String path) throws Exception {
    RawClient client = new RawClient(server.port(), 4_096).open(path);
    client.send(Frames.repeat(Frames.of(Frames.FINAL | Frames.PING, new byte[125]), 30_000));
    return client;
  }
}
