package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
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
 * What clients may do to a server with a small heap: they are ended as the README's table of limits
 * says, and others are served meanwhile. Each test prints what it cost.
 */
@Tag("full")
class AbuseIT {
  private static final List<String> SMALL_HEAP = List.of("-Xmx96m");

  /** The heap, as much for the network's buffers, and what a JVM and RocksDB take besides. */
  private static final long RESIDENT_MIB_MAX = 500;

  private static final String DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate";
  private static final int KIB_64 = 64 << 10;

  /** No close code. */
  private static final int ANSWERED = 0;

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
    server = ServerProcess.startTestActors(directory.resolve("data"), SMALL_HEAP);
    memory = new ProcessMemory(server.pid());
  }

  @AfterAll
  static void stop() {
    threads.shutdownNow();
    server.close();
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
          "AbuseIT.%s: %d ms; resident %d MiB, at most %d MiB; %s%n",
          name, tookMs, memory.residentMib(), memory.peakMib(), seen.seen());
    }
    assertThat(memory.peakMib()).isLessThan(RESIDENT_MIB_MAX);
    assertThat(server.output()).doesNotContain("OutOfMemoryError", "ERROR");
    assertThat(server.output().lines().filter(line -> line.contains("WARN")))
        .allMatch(line -> line.contains("LimitLog"));
  }

  private static void tell(String format, Object... args) {
    System.out.printf("AbuseIT:   " + format + "%n", args);
  }

  /** Sends it again and again, until that is enough or the server wants no more. */
  private static int send(RawClient client, byte[] bytes, int times) {
    int sent = 0;
    try {
      while (sent < times) {
        client.send(bytes);
        sent++;
      }
    } catch (IOException ended) {
      assertThat(sent).isPositive();
    }
    return sent;
  }

  /** How the server ends a client that sends this. */
  private static int closeAfter(String path, byte[] bytes, String... headers) throws IOException {
    try (RawClient client = RawClient.open(server.port(), path, headers)) {
      client.send(bytes);
      int code = client.readClose();
      client.awaitEnd();
      return code;
    }
  }

  private static <T> List<T> atOnce(int number, Callable<T> action) throws Exception {
    List<Future<T>> futures = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      futures.add(threads.submit(action));
    }
    List<T> results = new ArrayList<>();
    for (Future<T> future : futures) {
      results.add(future.get(Child.LIMIT.toSeconds(), TimeUnit.SECONDS));
    }
    return results;
  }

  @Test
  @DisplayName("200,000 pings of a client that does not read: only the latest is answered")
  void pings() throws Exception {
    int pings = 200_000;
    int atOnce = 1_000;
    byte[] payload = new byte[125];
    Arrays.fill(payload, (byte) ' ');
    byte[] ping = Frames.of(Frames.FINAL | Frames.PING, payload);
    byte[] some = Frames.repeat(ping, atOnce);
    try (RawClient client = new RawClient(server.port(), 4_096).open("/bench/echo/pings")) {
      for (int i = 0; i < pings; i++) {
        byte[] number = Crowd.number(i).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(number, 0, some, i % atOnce * ping.length + 6, number.length);
        if (i % atOnce == atOnce - 1) {
          client.send(some);
        }
      }
      int pongs = 0;
      int last = -1;
      while (last != pings - 1) {
        RawClient.Frame pong = client.read();
        assertThat(pong.opcode()).isEqualTo(Frames.PONG);
        int number = Integer.parseInt(pong.text().strip());
        assertThat(number).isGreaterThan(last);
        last = number;
        pongs++;
      }
      tell("%d pongs, the last for the last ping", pongs);
      assertThat(pongs).isLessThan(pings);
      assertThat(client.ask("still open")).isEqualTo("still open");
    }
  }

  @Test
  @DisplayName("20,000 echoes of 16 KiB that are not read: 1013")
  void unreadEchoes() throws Exception {
    byte[] message = Frames.of(Frames.FINAL | Frames.BINARY, new byte[16 << 10]);
    try (RawClient client = new RawClient(server.port(), 4_096).open("/goodbyes/unread")) {
      tell("%d messages went out", send(client, message, 20_000));
      server.admin().poll("goodbyes", "unread", actor -> actor.connections() == 0);
    }
    assertThat(Http.get(server.http("/goodbyes/unread")).body()).isEqualTo("1013 VIOLATION 1");
  }

  @Test
  @DisplayName("200,000 fragments of one byte, 500,000 empty ones: 1008")
  void shortFragments() throws Exception {
    assertThat(closeAfter("/bench/echo/bytes", fragments(new byte[1], 200_000))).isEqualTo(1008);
    assertThat(closeAfter("/bench/echo/empty", fragments(new byte[0], 500_000))).isEqualTo(1008);
  }

  private static byte[] fragments(byte[] payload, int number) {
    byte[] all = Frames.repeat(Frames.of(Frames.CONTINUATION, payload), number);
    all[0] = Frames.BINARY;
    return all;
  }

  @Test
  @DisplayName("a frame that declares 2^62 bytes, and trickles: 1009")
  void hugeFrame() throws Exception {
    try (RawClient client = RawClient.open(server.port(), "/bench/echo/huge")) {
      client.send(Frames.of(Frames.FINAL | Frames.BINARY, 1L << 62, new byte[1]));
      assertThat(client.readClose()).isEqualTo(1009);
      tell("%d bytes went out after it", send(client, new byte[1], Integer.MAX_VALUE));
    }
  }

  @Test
  @DisplayName("64 frames that declare 16 MiB, and trickle: memory is taken as bytes come")
  void declaredFrames() throws Exception {
    List<RawClient> clients = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      clients.add(RawClient.open(server.port(), "/echo/declared" + i));
    }
    long beforeMib = memory.residentMib();
    byte[] begun = Frames.of(Frames.FINAL | Frames.BINARY, 16 << 20, new byte[1]);
    for (RawClient client : clients) {
      client.send(begun);
    }
    for (int i = 0; i < 100; i++) {
      for (RawClient client : clients) {
        client.send(new byte[1]);
      }
    }
    try (RawClient other = RawClient.open(server.port(), "/echo/other")) {
      assertThat(other.ask("here")).isEqualTo("here");
    }
    long tookMib = memory.residentMib() - beforeMib;
    tell("1 GiB declared took %d MiB", tookMib);
    assertThat(tookMib).isLessThan(100);
    for (RawClient client : clients) {
      client.close();
    }
  }

  @Test
  @DisplayName("a message of 100 MiB in fragments: 1009")
  void oversize() throws Exception {
    byte[] fragment = Frames.of(Frames.CONTINUATION, new byte[KIB_64]);
    try (RawClient client = RawClient.open(server.port(), "/bench/echo/oversize")) {
      client.send(Frames.of(Frames.BINARY, new byte[KIB_64]));
      // So many that the limit is passed, and no more than the server reads on its way to the end.
      tell("%d fragments of 64 KiB went out", send(client, fragment, 16));
      assertThat(client.readClose()).isEqualTo(1009);
      send(client, fragment, 1_600 - 17);
    }
  }

  private static byte[] deflated(byte[] message) {
    Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION, true);
    try {
      deflater.setInput(message);
      byte[] bytes = new byte[message.length / 500 + 1_000];
      int size = deflater.deflate(bytes, 0, bytes.length, Deflater.SYNC_FLUSH);
      return Arrays.copyOf(bytes, size - 4);
    } finally {
      deflater.end();
    }
  }

  private static byte[] compressed(byte[] payload) {
    return Frames.of(Frames.FINAL | Frames.RSV1 | Frames.BINARY, payload);
  }

  @Test
  @DisplayName("60 KB that inflate to 61 MB, of eight clients at once, ten times: 1009")
  void bombs() throws Exception {
    byte[] bomb = compressed(deflated(new byte[61_000_000]));
    assertThat(bomb).hasSizeLessThan(62_000);
    for (int i = 0; i < 10; i++) {
      assertThat(atOnce(8, () -> closeAfter("/deflate/bomb", bomb, DEFLATE))).containsOnly(1009);
    }
  }

  @Test
  @DisplayName("40 messages of 1 MiB in 40 KB, of eight clients at once: all are answered")
  void squeezedMessages() throws Exception {
    int messages = 40;
    byte[] all = Frames.repeat(compressed(deflated(new byte[1 << 20])), messages);
    assertThat(all).hasSizeLessThan(KIB_64);
    List<Integer> answered =
        atOnce(
            8,
            () -> {
              try (RawClient client = RawClient.open(server.port(), "/deflate/squeezed", DEFLATE)) {
                client.send(all);
                int number = 0;
                while (number < messages && client.read().opcode() == Frames.BINARY) {
                  number++;
                }
                return number;
              }
            });
    assertThat(answered).containsOnly(messages);
  }

  @Test
  @DisplayName("what is no compressed data: 1007; reserved bits that mean nothing: 1002")
  void garbage() throws Exception {
    byte[] junk = new byte[KIB_64];
    Arrays.fill(junk, (byte) 0xFF);
    byte[] reserved = Frames.of(Frames.FINAL | Frames.RSV1 | Frames.TEXT, new byte[1]);
    for (int i = 0; i < 10; i++) {
      assertThat(atOnce(8, () -> closeAfter("/deflate/junk", compressed(junk), DEFLATE)))
          .containsOnly(1007);
      assertThat(atOnce(8, () -> closeAfter("/bench/echo/rsv", reserved))).containsOnly(1002);
    }
  }

  @Test
  @DisplayName(
      "100 clients that send without end to actors that are stuck: it stays in the network")
  void stuckActors() throws Exception {
    Path unstuck = directory.resolve("unstuck");
    byte[] tiny = Frames.repeat(Frames.of(Frames.FINAL | Frames.BINARY, new byte[0]), 100_000);
    List<RawClient> clients = new ArrayList<>();
    List<Future<Integer>> senders = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      RawClient client = RawClient.open(server.port(), "/goodbyes/stuck" + i);
      clients.add(client);
      client.send(Frames.text("until " + unstuck));
      senders.add(threads.submit(() -> send(client, tiny, 1)));
    }
    for (Future<Integer> sender : senders) {
      sender.get(Child.LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
    try (RawClient other = RawClient.open(server.port(), "/goodbyes/other")) {
      assertThat(other.ask("here")).isEqualTo("here");
    }
    for (RawClient client : clients) {
      client.close();
    }
    Files.createFile(unstuck);
    awaitEnd("stuck", 100);
  }

  /** What these actors' clients sent is handled then, and takes no memory from the next test. */
  private static void awaitEnd(String keys, int number) throws Exception {
    for (int i = 0; i < number; i++) {
      server.admin().poll("goodbyes", keys + i, actor -> actor.connections() == 0);
    }
  }

  @Test
  @DisplayName(
      "150 clients, each with a message of 1 MiB for an actor that is stuck: some get 1013")
  void stuckMessages() throws Exception {
    Path unstuck = directory.resolve("unstuck-messages");
    byte[] large = Frames.of(Frames.FINAL | Frames.BINARY, new byte[1 << 20]);
    CountDownLatch firstRefused = new CountDownLatch(1);
    List<Future<Integer>> outcomes = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      RawClient client = RawClient.open(server.port(), "/goodbyes/large" + i);
      client.send(Frames.text("until " + unstuck));
      outcomes.add(
          threads.submit(
              () -> {
                int code = answerTo(client, large);
                if (code == 1013) {
                  firstRefused.countDown();
                }
                return code;
              }));
    }
    assertThat(firstRefused.await(Child.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    Files.createFile(unstuck);
    tell("%d refused", refused(outcomes));
    awaitEnd("large", 150);
  }

  /** How many got 1013; the others must have been answered. */
  private static long refused(List<Future<Integer>> outcomes) throws Exception {
    List<Integer> codes = new ArrayList<>();
    for (Future<Integer> outcome : outcomes) {
      codes.add(outcome.get(Child.LIMIT.toSeconds(), TimeUnit.SECONDS));
    }
    assertThat(codes).containsOnly(ANSWERED, 1013);
    return codes.stream().filter(code -> code == 1013).count();
  }

  /** Sends it and reads its echo; or the code of the close. */
  private static int answerTo(RawClient client, byte[] large) throws IOException {
    try (RawClient ended = client) {
      send(ended, large, 1);
      while (true) {
        RawClient.Frame frame = ended.read();
        if (frame.opcode() == Frames.CLOSE) {
          return frame.code();
        } else if (frame.opcode() == Frames.BINARY) {
          return ANSWERED;
        }
      }
    }
  }

  @Test
  @DisplayName("200 half handshakes at a byte a second: 408 after 10 s")
  void halfHandshakes() throws Exception {
    byte[] request = RawClient.upgrade("/bench/echo/half").getBytes(StandardCharsets.US_ASCII);
    List<RawClient> clients = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      clients.add(new RawClient(server.port()));
    }
    var dripping = Executors.newSingleThreadScheduledExecutor();
    try {
      var unused = dripping.scheduleAtFixedRate(new Drip(clients, request), 0, 1, TimeUnit.SECONDS);
      List<Integer> statuses = new ArrayList<>();
      for (RawClient client : clients) {
        statuses.add(threads.submit(client::readStatus).get(1, TimeUnit.MINUTES));
        client.awaitEnd();
      }
      assertThat(statuses).containsOnly(408);
    } finally {
      dripping.shutdownNow();
    }
  }

  /** A byte more to each. */
  private static final class Drip implements Runnable {
    private final List<RawClient> clients;
    private final byte[] request;
    private int sent;

    Drip(List<RawClient> clients, byte[] request) {
      this.clients = clients;
      this.request = request;
    }

    @Override
    public void run() {
      for (RawClient client : clients) {
        try {
          client.send(new byte[] {request[sent]});
        } catch (IOException ended) {
          // That is what is awaited.
        }
      }
      sent++;
    }
  }
}
