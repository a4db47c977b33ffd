package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a client may do to a server with little memory: it ends as the README's table of limits
 * says, and others are served meanwhile. Each test prints what it cost.
 */
@Tag("full")
class AbuseIT {
  private static final List<String> SMALL = List.of("-Xmx96m");

  /** A heap of 96 MiB, as much for buffers, and what a JVM with RocksDB takes besides. */
  private static final long RESIDENT_MIB_MAX = 400;

  @TempDir private static Path directory;
  private static ServerProcess server;
  private static ProcessMemory memory;
  private static ExecutorService threads;

  private Witness witness;
  private String name;
  private long startNs;

  @BeforeAll
  static void start() throws Exception {
    threads = Executors.newCachedThreadPool();
    server = ServerProcess.startTestActors(directory.resolve("data"), SMALL);
    memory = new ProcessMemory(server.pid());
  }

  @AfterAll
  static void stop() {
    threads.shutdownNow();
    server.close();
    System.out.println(server.output());
  }

  @BeforeEach
  void watch(TestInfo test) throws Exception {
    name = test.getTestMethod().orElseThrow().getName();
    memory.forgetPeak();
    witness = new Witness(server);
    startNs = System.nanoTime();
  }

  @AfterEach
  void judge() throws Exception {
    long tookMs = (System.nanoTime() - startNs) / 1_000_000;
    try (Witness seen = witness) {
      System.out.printf(
          "%s: %d ms; %s; resident %d MiB, at most %d MiB%n",
          name, tookMs, seen.seen(), memory.residentMib(), memory.peakMib());
    }
    assertThat(memory.peakMib()).isLessThan(RESIDENT_MIB_MAX);
    assertThat(server.output()).doesNotContain("OutOfMemoryError", "ERROR");
  }

  @Test
  @DisplayName("1,000,000 pings of a client that does not read: the latest is answered")
  void pings() throws Exception {
    int pings = 1_000_000;
    int atOnce = 1_000;
    try (RawClient client = new RawClient(server.port(), 4_096).open("/bench/echo/pings")) {
      ByteArrayOutputStream some = new ByteArrayOutputStream();
      for (int sent = 0; sent < pings; sent += atOnce) {
        some.reset();
        for (int i = sent; i < sent + atOnce; i++) {
          some.writeBytes(
              Frames.of(
                  Frames.FINAL | Frames.PING,
                  "%-125d".formatted(i).getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
        }
        client.send(some.toByteArray());
      }
      String last = "%-125d".formatted(pings - 1);
      int pongs = 1;
      while (!client.read().text().equals(last)) {
        pongs++;
      }
      System.out.printf("pings: %d pongs%n", pongs);
      assertThat(pongs).isLessThan(pings);
      assertThat(client.ask("still open")).isEqualTo("still open");
    }
  }

  @Test
  @DisplayName("20,000 echoes of 16 KiB that are not read: 1013")
  void unreadEchoes() throws Exception {
    byte[] message = Frames.of(Frames.FINAL | Frames.BINARY, new byte[16 << 10]);
    int sent = 0;
    try (RawClient client = new RawClient(server.port(), 4_096).open("/goodbyes/unread")) {
      for (; sent < 20_000; sent++) {
        client.send(message);
      }
    } catch (IOException gone) {
      System.out.println("unreadEchoes: gone after " + sent);
    }
    awaitGoodbyes("unread", "1013 VIOLATION 1");
  }

  private static void awaitGoodbyes(String key, String expected) throws Exception {
    server.admin().poll("goodbyes", key, actor -> actor.connections() == 0);
    assertThat(Http.get(server.http("/goodbyes/" + key)).body()).isEqualTo(expected);
  }

  @Test
  @DisplayName("200,000 fragments of a byte, 500,000 empty ones: 1008")
  void fragments() throws Exception {
    assertThat(closeAfter("/bench/echo/f", fragments(new byte[1], 200_000))).isEqualTo(1008);
    assertThat(closeAfter("/bench/echo/f", fragments(new byte[0], 500_000))).isEqualTo(1008);
  }

  private static byte[] fragments(byte[] payload, int number) {
    byte[] all = Frames.repeat(Frames.of(Frames.CONTINUATION, payload), number);
    all[0] = Frames.BINARY;
    return all;
  }

  /** How the server ends it. */
  private static int closeAfter(String path, byte[] bytes, String... headers) throws IOException {
    try (RawClient client = RawClient.open(server.port(), path, headers)) {
      client.send(bytes);
      int code = client.readClose();
      client.awaitEnd();
      return code;
    }
  }

  @Test
  @DisplayName("a frame that declares 2^62 bytes, and trickles: 1009 at once")
  void hugeFrame() throws Exception {
    try (RawClient client = RawClient.open(server.port(), "/bench/echo/huge")) {
      client.send(Frames.of(Frames.FINAL | Frames.BINARY, 1L << 62, new byte[1]));
      assertThat(client.readClose()).isEqualTo(1009);
      int sent = 0;
      try {
        for (; sent < 1_000_000; sent++) {
          client.send(new byte[1]);
        }
      } catch (IOException gone) {
        System.out.println("hugeFrame: gone after " + sent);
      }
    }
  }

  @Test
  @DisplayName("64 clients that declare 16 MiB each, and send a byte: nothing is taken for them")
  void declaredFrames() throws Exception {
    long beforeMib = memory.residentMib();
    List<RawClient> clients = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      RawClient client = RawClient.open(server.port(), "/echo/declared" + i);
      client.send(Frames.of(Frames.FINAL | Frames.BINARY, 16 << 20, new byte[1]));
      clients.add(client);
    }
    for (RawClient client : clients) {
      client.send(new byte[100]);
    }
    try (RawClient other = RawClient.open(server.port(), "/echo/other")) {
      assertThat(other.ask("hello")).isEqualTo("hello");
    }
    System.out.println("declared: +" + (memory.residentMib() - beforeMib));
    for (RawClient client : clients) {
      client.close();
    }
  }

  @Test
  @DisplayName("a message of 100 MiB in fragments of 64 KiB: 1009")
  void oversizeInFragments() throws Exception {
    byte[] fragment = Frames.of(Frames.CONTINUATION, new byte[64 << 10]);
    try (RawClient client = RawClient.open(server.port(), "/bench/echo/oversize")) {
      client.send(Frames.of(Frames.BINARY, new byte[64 << 10]));
      int sent = 1;
      try {
        for (; sent < 1_600; sent++) {
          client.send(fragment);
        }
      } catch (IOException gone) {
        System.out.println("oversize: gone after " + sent);
      }
      assertThat(client.readClose()).isEqualTo(1009);
    }
  }

  private static byte[] deflated(byte[] message) {
    Deflater deflater = new Deflater(9, true);
    deflater.setInput(message);
    byte[] bytes = new byte[message.length / 500 + 1_000];
    int size = deflater.deflate(bytes, 0, bytes.length, Deflater.SYNC_FLUSH);
    deflater.end();
    return Arrays.copyOf(bytes, size - 4);
  }

  @Test
  @DisplayName("62 KB that inflate to 61 MB, of eight clients at once: 1009")
  void bombs() throws Exception {
    byte[] payload = deflated(new byte[61_000_000]);
    System.out.println("bomb of " + payload.length);
    byte[] bomb = Frames.of(Frames.FINAL | Frames.RSV1 | Frames.BINARY, payload);
    List<Future<Integer>> codes = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      int number = i;
      codes.add(
          threads.submit(
              () ->
                  closeAfter(
                      "/deflate/bomb" + number,
                      bomb,
                      "Sec-WebSocket-Extensions: permessage-deflate")));
    }
    for (Future<Integer> code : codes) {
      assertThat(code.get(60, TimeUnit.SECONDS)).isEqualTo(1009);
    }
  }
}
