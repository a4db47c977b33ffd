package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.zip.Deflater;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What clients may do to a server with a small heap: they are ended as the README's table of limits
 * says, and others are served meanwhile. Each test prints what it cost. One process serves all
 * tests of the larger heap, one after the other, so that what one leaves behind is held against the
 * next. With the smaller heap each test has a process of its own.
 */
@Tag("full")
@Tag("once")
@ParameterizedClass(name = "-Xmx{0}m")
@MethodSource("heapsMib")
class AbuseIT {
  /**
   * What a JVM and RocksDB take, in MiB, besides the heap and as much for the network's buffers.
   */
  private static final long RESIDENT_MIB_BESIDES = 308;

  private static final int LAST_LINES = 40;
  private static final int WITNESSES = 8;

  /** A heap, in MiB, that is large enough for one process for all tests. */
  private static final int SHARED_HEAP_MIB = 256;

  private static final String DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate";
  private static final int KIB_64 = 64 << 10;

  /** No close code. */
  private static final int ANSWERED = 0;

  /** No status: the connection was ended before, by the server, or by what it did not read. */
  private static final int UNANSWERED = 0;

  private static List<Integer> heapsMib() {
    Integer chosen = Integer.getInteger("dormouse.test.heap");
    return chosen == null ? List.of(96, 256) : List.of(chosen);
  }

  @TempDir private static Path directory;
  private static ServerProcess server;
  private static ProcessMemory memory;
  private static ExecutorService threads;

  @Parameter private int heapMib;

  private Witness witness;
  private String name;
  private long startNs;

  private final List<RawClient> others = new ArrayList<>();

  /** What is closed after the test, however it ends. */
  private final Queue<RawClient> opened = new ConcurrentLinkedQueue<>();

  @BeforeParameterizedClassInvocation
  static void start(int heapMib) throws Exception {
    threads = Executors.newCachedThreadPool();
    if (heapMib >= SHARED_HEAP_MIB) {
      startServer(heapMib, "all");
    }
  }

  private static void startServer(int heapMib, String test) throws Exception {
    server =
        ServerProcess.startTestActors(
            directory.resolve(test + heapMib), List.of("-Xmx" + heapMib + "m"));
    memory = new ProcessMemory(server.pid());
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    threads.shutdownNow();
    server.close();
  }

  @BeforeEach
  void watch(TestInfo test) throws Exception {
    name = test.getTestMethod().orElseThrow().getName();
    if (heapMib < SHARED_HEAP_MIB) {
      startServer(heapMib, name);
    }
    memory.forgetPeak();
    witness = new Witness(server, WITNESSES);
    for (int i = 0; i < 16; i++) {
      others.add(RawClient.open(server.port(), "/bench/echo/other" + i));
    }
    startNs = System.nanoTime();
  }

  @AfterEach
  void judge() throws Exception {
    assertServerLives();
    long tookMs = (System.nanoTime() - startNs) / 1_000_000;
    try (Witness seen = witness) {
      System.out.printf(
          "AbuseIT.%s, -Xmx%dm: %d ms; resident %d MiB, at most %d MiB; %s%n",
          name, heapMib, tookMs, memory.residentMib(), memory.peakMib(), seen.seen());
    } finally {
      for (RawClient client : opened) {
        client.close();
      }
    }
    assertThat(memory.peakMib()).isLessThan(2L * heapMib + RESIDENT_MIB_BESIDES);
    assertThat(server.output()).doesNotContain("OutOfMemoryError", "ERROR");
    assertThat(server.output().lines().filter(line -> line.contains("WARN")))
        .allMatch(line -> line.contains("LimitLog"));
    if (heapMib < SHARED_HEAP_MIB) {
      server.close();
    }
  }

  /** If the server has ended, or does in a moment, whatever else failed is no news. */
  private void assertServerLives() throws Exception {
    if (server.endsWithin(Duration.ZERO)) {
      throw new AssertionError(
          "%s, -Xmx%dm: the server ended with exit code %d; it said last:%n%s"
              .formatted(name, heapMib, server.awaitExit(), lastLines(server.output())));
    }
  }

  private static String lastLines(String output) {
    List<String> lines = output.lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
  }

  private static void tell(String format, Object... args) {
    System.out.printf("AbuseIT:   " + format + "%n", args);
  }

  /** A key that no other test has. */
  private String key(String what) {
    return name + heapMib + what;
  }

  private RawClient open(String path, String... headers) throws IOException {
    RawClient client = RawClient.open(server.port(), path, headers);
    opened.add(client);
    return client;
  }

  /** One that the network holds little for. */
  private RawClient small() throws IOException {
    RawClient client = new RawClient(server.port(), 4_096);
    opened.add(client);
    return client;
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
      // That is for the caller to judge.
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
    try (RawClient client = small().open("/goodbyes/" + key("unread"))) {
      tell("%d messages went out", send(client, message, 20_000));
      server.admin().poll("goodbyes", key("unread"), actor -> actor.connections() == 0);
    }
    assertThat(Http.get(server.http("/goodbyes/" + key("unread"))).body())
        .isEqualTo("1013 VIOLATION 1");
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
      clients.add(open("/echo/declared" + i));
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
    Path unstuck = directory.resolve(key("unstuck"));
    byte[] tiny = Frames.repeat(Frames.of(Frames.FINAL | Frames.BINARY, new byte[0]), 100_000);
    List<RawClient> clients = new ArrayList<>();
    List<Future<Integer>> senders = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      RawClient client = open("/goodbyes/" + key("stuck") + i);
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
    awaitEnd(key("stuck"), 100);
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
    Path unstuck = directory.resolve(key("unstuck-messages"));
    byte[] large = Frames.of(Frames.FINAL | Frames.BINARY, new byte[1 << 20]);
    CountDownLatch firstRefused = new CountDownLatch(1);
    List<Future<Integer>> outcomes = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      RawClient client = open("/goodbyes/" + key("large") + i);
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
    try {
      assertThat(firstRefused.await(Child.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } finally {
      Files.createFile(unstuck);
    }
    tell("%d refused", refused(outcomes));
    awaitEnd(key("large"), 150);
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
      clients.add(small());
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

  private static String request(String method, String path, int bodyBytes) {
    return method
        + " "
        + path
        + " HTTP/1.1\r\nHost: dormouse.test\r\nContent-Length: "
        + bodyBytes
        + "\r\n\r\n";
  }

  /** The status of the next answer, or that there was none. */
  private static int statusOf(RawClient client) {
    try {
      return client.readStatus();
    } catch (IOException ended) {
      return UNANSWERED;
    }
  }

  /** Waits for the others. */
  private static void meet(CountDownLatch all) throws InterruptedException {
    all.countDown();
    assertThat(all.await(Child.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  private static String counted(List<Integer> outcomes) {
    return outcomes.stream()
        .collect(Collectors.groupingBy(code -> code, TreeMap::new, Collectors.counting()))
        .toString();
  }

  @Test
  @DisplayName("A2: 379 clients send bodies of 1 MiB less a byte to one actor: 200 or 503")
  void bodies() throws Exception {
    int clients = 379;
    byte[] body = new byte[(1 << 20) - 1];
    byte[] most = Arrays.copyOf(body, body.length - 1);
    CountDownLatch allButLast = new CountDownLatch(clients);
    List<Integer> statuses =
        atOnce(
            clients,
            () -> {
              RawClient client = new RawClient(server.port());
              opened.add(client);
              client.send(request("POST", "/journal/" + key("bodies"), body.length));
              send(client, most, 1);
              meet(allButLast);
              send(client, new byte[1], 1);
              return statusOf(client);
            });
    tell("statuses %s", counted(statuses));
    assertThat(statuses).contains(503).isSubsetOf(200, 503, UNANSWERED);
  }

  @Test
  @DisplayName("A2: requests with bodies of 64 KB wait for actors that are stuck: 200 or 503")
  void bodiesForStuckActors() throws Exception {
    Path unstuck = directory.resolve(key("unstuck-bodies"));
    byte[] body = new byte[64_000];
    List<RawClient> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        open("/goodbyes/" + key("posted") + i).send(Frames.text("until " + unstuck));
      }
      for (int i = 0; i < 4; i++) {
        String path = "/goodbyes/" + key("posted") + i;
        // A connection costs heap, too, and that is in no account: the small one has room for
        // fewer.
        for (int j = 0; j < (heapMib < SHARED_HEAP_MIB ? 100 : 500); j++) {
          RawClient client = new RawClient(server.port());
          opened.add(client);
          clients.add(client);
          client.send(request("POST", path, body.length));
          send(client, body, 1);
        }
      }
      someAreServed();
    } finally {
      Files.createFile(unstuck);
    }
    List<Integer> statuses = new ArrayList<>();
    for (RawClient client : clients) {
      statuses.add(statusOf(client));
    }
    tell("statuses %s", counted(statuses));
    assertThat(statuses).contains(200, 503).isSubsetOf(200, 503, UNANSWERED);
  }

  /** They have sockets already, on each event loop: what was sent before has been read then. */
  private void someAreServed() throws IOException {
    for (RawClient other : others) {
      synchronized (other) {
        assertThat(other.ask("here")).isEqualTo("here");
      }
    }
  }

  @Test
  @DisplayName("A8: 3,885 clients with 63 KB of an unfinished message each: some get 1013")
  void unfinishedMessages() throws Exception {
    byte[] fragment = Frames.of(Frames.BINARY, new byte[63_000]);
    byte[] half = Arrays.copyOf(Frames.of(Frames.FINAL | Frames.BINARY, new byte[65_000]), 63_000);
    byte[] ping = Frames.of(Frames.FINAL | Frames.PING, new byte[0]);
    AtomicInteger numbers = new AtomicInteger();
    List<Integer> codes =
        atOnce(
                15,
                () -> {
                  List<Integer> some = new ArrayList<>();
                  for (int i = 0; i < 3_885 / 15; i++) {
                    RawClient client = open("/bench/echo/unfinished" + numbers.get() % 100);
                    if (numbers.incrementAndGet() % 2 == 0) {
                      send(client, half, 1);
                    } else {
                      send(client, fragment, 1);
                      send(client, ping, 1);
                      some.add(codeOf(client));
                    }
                  }
                  return some;
                })
            .stream()
            .flatMap(List::stream)
            .toList();
    tell("codes %s", counted(codes));
    assertThat(codes).contains(ANSWERED, 1013).isSubsetOf(ANSWERED, 1013, RawClient.NO_CLOSE);
    someAreServed();
  }

  /** The code of the close, or that a pong came instead. */
  private static int codeOf(RawClient client) {
    try {
      RawClient.Frame frame = client.read();
      return frame.opcode() == Frames.CLOSE ? frame.code() : ANSWERED;
    } catch (IOException ended) {
      return RawClient.NO_CLOSE;
    }
  }

  /** 16 clients send it again and again, then close. */
  private void flood(String path, byte[] frame) throws Exception {
    byte[] some = Frames.repeat(frame, 1_000);
    List<Integer> codes =
        atOnce(
            16,
            () -> {
              RawClient client = open(path);
              send(client, some, 50);
              client.send(Frames.close(1000));
              return client.readClose();
            });
    assertThat(codes).containsOnly(1000);
  }

  @Test
  @DisplayName("A12: 16 clients send 50,000 empty pings each: they are not read for a while")
  void emptyPings() throws Exception {
    flood("/bench/echo/floods", Frames.of(Frames.FINAL | Frames.PING, new byte[0]));
  }

  @Test
  @DisplayName("A12: 16 clients have 50,000 messages each answered automatically: the same")
  void automaticReplies() throws Exception {
    flood("/burst/" + key("floods"), Frames.text("knock"));
  }

  @Test
  @DisplayName("A15: 64 clients ask for 16 answers of 1 MiB each, and read none: 200 or 503")
  void bigAnswers() throws Exception {
    unreadAnswers(64, 16, 1 << 20);
  }

  @Test
  @DisplayName("A15: 16 clients ask for 2,000 answers of 60 KB each, and read none: the same")
  void manyAnswers() throws Exception {
    unreadAnswers(16, 2_000, 60_000);
  }

  private void unreadAnswers(int number, int requests, int bytes) throws Exception {
    AtomicInteger numbers = new AtomicInteger();
    CountDownLatch allSent = new CountDownLatch(number);
    List<Integer> statuses =
        atOnce(
            number,
            () -> {
              String key = key("answers") + numbers.incrementAndGet() % 8;
              String ask = request("GET", "/burst/" + key + "?bytes=" + bytes, 0);
              RawClient client = small();
              send(client, ask.repeat(requests).getBytes(StandardCharsets.US_ASCII), 1);
              meet(allSent);
              return statusOf(client);
            });
    tell("statuses %s", counted(statuses));
    assertThat(statuses).isSubsetOf(200, 503, UNANSWERED);
    someAreServed();
  }

  @Test
  @DisplayName("64 clients ask for 64 MiB of messages each, and read them late: 1000 or 1013")
  void bursts() throws Exception {
    int clients = 64;
    CountDownLatch allSent = new CountDownLatch(clients);
    AtomicInteger numbers = new AtomicInteger();
    List<Integer> codes =
        atOnce(
            clients,
            () -> {
              RawClient client =
                  small().open("/burst/" + key("bursts") + numbers.getAndIncrement());
              send(client, Frames.text("16"), 64);
              meet(allSent);
              send(client, Frames.close(1000), 1);
              return client.readClose();
            });
    tell("codes %s", counted(codes));
    assertThat(codes).contains(1013).isSubsetOf(1000, 1013, RawClient.NO_CLOSE);
  }

  @Test
  @DisplayName("3,600 upgrades to actors that are stuck, with 64 KB behind each: 101 or 503")
  void earlyFrames() throws Exception {
    Path unstuck = directory.resolve(key("unstuck-upgrades"));
    byte[] message = Frames.of(Frames.FINAL | Frames.BINARY, new byte[64_000]);
    List<RawClient> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        open("/goodbyes/" + key("early") + i).send(Frames.text("until " + unstuck));
      }
      for (int i = 0; i < 4; i++) {
        String path = "/goodbyes/" + key("early") + i;
        for (int j = 0; j < 900; j++) {
          RawClient client = new RawClient(server.port());
          opened.add(client);
          clients.add(client);
          send(client, RawClient.upgrade(path).getBytes(StandardCharsets.US_ASCII), 1);
          send(client, message, 1);
        }
      }
      someAreServed();
    } finally {
      // They go before they are let in: each would be sent what all others said.
      for (RawClient client : clients.subList(4, clients.size())) {
        client.close();
      }
      Files.createFile(unstuck);
    }
    List<Integer> statuses = clients.subList(0, 4).stream().map(AbuseIT::statusOf).toList();
    tell("statuses %s", counted(statuses));
    assertThat(statuses).isSubsetOf(101, 503, UNANSWERED);
  }

  @Test
  @DisplayName("A2: 1,000 requests with 1,500 headers each wait for stuck actors: 200 or 503")
  void manyHeaders() throws Exception {
    Path unstuck = directory.resolve(key("unstuck-headers"));
    String headers = "a:1\r\n".repeat(1_500);
    List<RawClient> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 2; i++) {
        open("/goodbyes/" + key("headers") + i).send(Frames.text("until " + unstuck));
      }
      for (int i = 0; i < 2; i++) {
        String path = "/goodbyes/" + key("headers") + i;
        for (int j = 0; j < 500; j++) {
          RawClient client = new RawClient(server.port());
          opened.add(client);
          clients.add(client);
          client.send("GET " + path + " HTTP/1.1\r\nHost: dormouse.test\r\n" + headers + "\r\n");
        }
      }
      someAreServed();
    } finally {
      Files.createFile(unstuck);
    }
    List<Integer> statuses = clients.stream().map(AbuseIT::statusOf).toList();
    tell("statuses %s", counted(statuses));
    assertThat(statuses).contains(200, 503).isSubsetOf(200, 503, UNANSWERED);
  }

  @Test
  @DisplayName("1,000 requests with 1,500 headers each that do not end: some are ended")
  void halfHeads() throws Exception {
    String headers = "a:1\r\n".repeat(1_500);
    for (int i = 0; i < 1_000; i++) {
      RawClient client = new RawClient(server.port());
      opened.add(client);
      client.send("GET /bench/echo/half HTTP/1.1\r\nHost: dormouse.test\r\n" + headers);
    }
    someAreServed();
  }

  @Test
  @DisplayName("A9: 16 clients open 1,024 sockets whose keys have one hash, and drop them at once")
  void keysOfOneHash() throws Exception {
    AtomicInteger numbers = new AtomicInteger();
    List<RawClient> clients =
        atOnce(
                16,
                () -> {
                  List<RawClient> some = new ArrayList<>();
                  for (int i = 0; i < 64; i++) {
                    RawClient client = open("/bench/echo/" + key("") + ofOneHash(numbers));
                    some.add(client);
                    assertThat(client.ask("here")).isEqualTo("here");
                  }
                  return some;
                })
            .stream()
            .flatMap(List::stream)
            .toList();
    for (RawClient client : clients) {
      client.close();
    }
    someAreServed();
  }

  private static String ofOneHash(AtomicInteger numbers) {
    int number = numbers.getAndIncrement();
    StringBuilder key = new StringBuilder();
    for (int bit = 1; bit < 1_024; bit *= 2) {
      key.append((number & bit) == 0 ? "Aa" : "BB");
    }
    return key.toString();
  }

  /** Something that is done to a server. */
  private record Abuse(String name, Callable<Void> action) {
    private interface Doing {
      void run() throws Exception;
    }

    static Abuse of(String name, Doing doing) {
      return new Abuse(
          name,
          () -> {
            doing.run();
            return null;
          });
    }
  }

  @Test
  @DisplayName("any three at once: whatever becomes of those who do it, others are served")
  void threeAtOnce() throws Exception {
    List<Abuse> abuses = new ArrayList<>();
    abuses.add(Abuse.of("pings", this::pings));
    abuses.add(Abuse.of("unreadEchoes", this::unreadEchoes));
    abuses.add(Abuse.of("shortFragments", this::shortFragments));
    abuses.add(Abuse.of("declaredFrames", this::declaredFrames));
    abuses.add(Abuse.of("oversize", this::oversize));
    abuses.add(Abuse.of("bombs", this::bombs));
    abuses.add(Abuse.of("squeezedMessages", this::squeezedMessages));
    abuses.add(Abuse.of("garbage", this::garbage));
    abuses.add(Abuse.of("stuckMessages", this::stuckMessages));
    abuses.add(Abuse.of("bodies", this::bodies));
    abuses.add(Abuse.of("bodiesForStuckActors", this::bodiesForStuckActors));
    abuses.add(Abuse.of("unfinishedMessages", this::unfinishedMessages));
    abuses.add(Abuse.of("emptyPings", this::emptyPings));
    abuses.add(Abuse.of("automaticReplies", this::automaticReplies));
    abuses.add(Abuse.of("earlyFrames", this::earlyFrames));
    abuses.add(Abuse.of("manyHeaders", this::manyHeaders));
    abuses.add(Abuse.of("halfHeads", this::halfHeads));
    abuses.add(Abuse.of("keysOfOneHash", this::keysOfOneHash));
    abuses.add(Abuse.of("bigAnswers", this::bigAnswers));
    abuses.add(Abuse.of("manyAnswers", this::manyAnswers));
    abuses.add(Abuse.of("bursts", this::bursts));
    int rounds = Integer.getInteger("dormouse.test.rounds", 1);
    for (int i = 0; i < rounds; i++) {
      name = "threeAtOnce" + i;
      threeOf(abuses, Long.getLong("dormouse.test.seed", new Random().nextLong()));
      assertServerLives();
      for (RawClient client : opened) {
        client.close();
      }
      opened.clear();
    }
  }

  private void threeOf(List<Abuse> all, long seed) throws Exception {
    List<Abuse> abuses = new ArrayList<>(all);
    System.out.println("AbuseIT.threeAtOnce: -Ddormouse.test.seed=" + seed);
    Collections.shuffle(abuses, new Random(seed));
    List<Future<Void>> done = new ArrayList<>();
    for (Abuse abuse : abuses.subList(0, 3)) {
      tell("%s", abuse.name());
      done.add(threads.submit(abuse.action()));
    }
    for (Future<Void> abuse : done) {
      try {
        abuse.get(3 * Child.LIMIT.toSeconds(), TimeUnit.SECONDS);
      } catch (ExecutionException notAsWhenAlone) {
        tell("an abuser met with %s", notAsWhenAlone.getCause().getClass().getSimpleName());
      }
    }
    someAreServed();
  }
}
