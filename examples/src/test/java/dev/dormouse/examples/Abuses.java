package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.zip.Deflater;

/**
 * The catalogue of abuses: the deeds of clients, and the server's answer to each by the guide's
 * table of limits. An object stands for the clients of one abuse, who have actors of their own;
 * {@link #close} ends them all.
 */
final class Abuses implements AutoCloseable {
  private static final String DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate";
  private static final int KIB_64 = 64 << 10;
  static final int OTHERS = 16;

  /** Stands for an answer where the code of a close is expected. */
  private static final int ANSWERED = 0;

  /** Stands for the end of a connection where a status is expected. */
  private static final int UNANSWERED = 0;

  /** The action of an abuse. */
  interface Deed {
    void by(Abuses clients) throws Exception;
  }

  /** An abuse, with a sentence that states the clients' action and its outcome. */
  record Abuse(String name, String sentence, Deed deed) {
    @Override
    public String toString() {
      return name + ": " + sentence;
    }
  }

  /** Returns all abuses. */
  static List<Abuse> all() {
    return List.of(
        new Abuse(
            "pings",
            "a client sends 200,000 pings and reads nothing: only the latest one is answered",
            Abuses::pings),
        new Abuse(
            "unreadEchoes",
            "a client reads none of 20,000 echoes of 16 KiB: it is closed with 1013",
            Abuses::unreadEchoes),
        new Abuse(
            "shortFragments",
            "a client sends 200,000 fragments of one byte, or 500,000 empty ones: it is closed with 1008",
            Abuses::shortFragments),
        new Abuse(
            "hugeFrame",
            "a client declares a frame of 2^62 bytes, and trickles: it is closed with 1009",
            Abuses::hugeFrame),
        new Abuse(
            "declaredFrames",
            "64 clients declare a frame of 16 MiB each, and trickle: memory is taken as bytes come",
            Abuses::declaredFrames),
        new Abuse(
            "oversize",
            "a client sends a message of 100 MiB in fragments: it is closed with 1009",
            Abuses::oversize),
        new Abuse(
            "bombs",
            "eight clients send 60 KB that inflate to 61 MB, ten times: each is closed with 1009",
            Abuses::bombs),
        new Abuse(
            "squeezedMessages",
            "eight clients send 40 messages of 1 MiB each, compressed to 40 KB: answers, or 1013",
            Abuses::squeezedMessages),
        new Abuse(
            "garbage",
            "clients send what is no compressed data, or meaningless reserved bits: 1007 or 1002",
            Abuses::garbage),
        new Abuse(
            "stuckActors",
            "100 clients send without end to actors that are stuck: what they send stays in the network",
            Abuses::stuckActors),
        new Abuse(
            "stuckMessages",
            "150 clients send a message of 1 MiB each to actors that are stuck: some are closed with 1013",
            Abuses::stuckMessages),
        new Abuse(
            "halfHandshakes",
            "200 clients send a handshake at a byte a second: each gets 408 after 10 s",
            Abuses::halfHandshakes),
        new Abuse(
            "bodies",
            "A2: 379 clients send bodies of 1 MiB less a byte to one actor: 200 or 503",
            Abuses::bodies),
        new Abuse(
            "bodiesForStuckActors",
            "A2: clients send stuck actors requests with bodies of 64 KB: 200 or 503",
            Abuses::bodiesForStuckActors),
        new Abuse(
            "unfinishedMessages",
            "A8: 3,885 clients send 63 KB of an unfinished message each: some are closed with 1013",
            Abuses::unfinishedMessages),
        new Abuse(
            "emptyPings",
            "A12: 16 clients send 50,000 empty pings each: the server stops reading them for a while",
            Abuses::emptyPings),
        new Abuse(
            "automaticReplies",
            "A12: 16 clients have 50,000 messages each answered automatically: the server stops reading them for a while",
            Abuses::automaticReplies),
        new Abuse(
            "bigAnswers",
            "A15: 64 clients ask for 16 answers of 1 MiB each, and read none: 200 or 503",
            Abuses::bigAnswers),
        new Abuse(
            "manyAnswers",
            "A15: 16 clients ask for 2,000 answers of 60 KB each, and read none: 200 or 503",
            Abuses::manyAnswers),
        new Abuse(
            "bursts",
            "64 clients ask for 64 MiB of messages each, and read them late: 1000 or 1013",
            Abuses::bursts),
        new Abuse(
            "earlyFrames",
            "3,600 clients ask stuck actors for an upgrade and send 64 KB behind it: 101 or 503",
            Abuses::earlyFrames),
        new Abuse(
            "manyHeaders",
            "A2: 1,000 clients send stuck actors a request with 1,500 headers: 200 or 503",
            Abuses::manyHeaders),
        new Abuse(
            "halfHeads",
            "1,000 clients send 1,500 headers of a request that does not end: some are ended",
            Abuses::halfHeads),
        new Abuse(
            "keysOfOneHash",
            "A9: 16 clients open 1,024 sockets whose keys have one hash, and drop them at once",
            Abuses::keysOfOneHash));
  }

  private final ServerProcess server;
  private final Path directory;
  private final String prefix;
  private final ProcessMemory memory;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  /** The clients that behave, and that were connected before the abuse. */
  private final List<RawClient> others = new ArrayList<>();

  private final Queue<RawClient> opened = new ConcurrentLinkedQueue<>();

  /**
   * Opens the sockets of clients that behave.
   *
   * @param directory a folder in which files may be made
   * @param prefix the beginning of the keys of all actors, and the names of all files
   */
  Abuses(ServerProcess server, Path directory, String prefix) throws IOException {
    this.server = server;
    this.directory = directory;
    this.prefix = prefix;
    this.memory = new ProcessMemory(server.pid());
    for (int i = 0; i < OTHERS; i++) {
      others.add(open("/bench/echo/" + key("other") + i));
    }
  }

  @Override
  public void close() throws IOException {
    threads.shutdownNow();
    for (RawClient client : opened) {
      client.close();
    }
  }

  static void tell(String format, Object... args) {
    System.out.printf("AbuseIT:   " + format + "%n", args);
  }

  /** Returns a key that no other abuse has. */
  private String key(String what) {
    return prefix + what;
  }

  private RawClient open(String path, String... headers) throws IOException {
    return kept(RawClient.open(server.port(), path, headers));
  }

  /** Opens a TCP connection with small buffers in the operating system. */
  private RawClient small() throws IOException {
    return kept(new RawClient(server.port(), 4_096));
  }

  /** Opens a TCP connection. */
  private RawClient plain() throws IOException {
    return kept(new RawClient(server.port()));
  }

  private RawClient kept(RawClient client) {
    opened.add(client);
    return client;
  }

  /**
   * Sends the bytes that many times, or until the server ends the connection; returns how often.
   */
  private static int send(RawClient client, byte[] bytes, int times) {
    int sent = 0;
    try {
      while (sent < times) {
        client.send(bytes);
        sent++;
      }
    } catch (IOException ended) {
      // The caller judges by the number of times that the bytes went out.
    }
    return sent;
  }

  /** Returns the code with which the server closes a client that sends these bytes. */
  private int closeAfter(String path, byte[] bytes, String... headers) throws IOException {
    try (RawClient client = RawClient.open(server.port(), path, headers)) {
      client.send(bytes);
      int code = client.readClose();
      client.awaitEnd();
      return code;
    }
  }

  private <T> List<T> atOnce(int number, Callable<T> action) throws Exception {
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

  private void pings() throws Exception {
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

  private void unreadEchoes() throws Exception {
    byte[] message = Frames.of(Frames.FINAL | Frames.BINARY, new byte[16 << 10]);
    try (RawClient client = small().open("/goodbyes/" + key("unread"))) {
      tell("%d messages went out", send(client, message, 20_000));
      server.admin().poll("goodbyes", key("unread"), actor -> actor.connections() == 0);
    }
    assertThat(Http.get(server.http("/goodbyes/" + key("unread"))).body())
        .isEqualTo("1013 VIOLATION 1");
  }

  private void shortFragments() throws Exception {
    assertThat(closeAfter("/bench/echo/bytes", fragments(new byte[1], 200_000))).isEqualTo(1008);
    assertThat(closeAfter("/bench/echo/empty", fragments(new byte[0], 500_000))).isEqualTo(1008);
  }

  private static byte[] fragments(byte[] payload, int number) {
    byte[] all = Frames.repeat(Frames.of(Frames.CONTINUATION, payload), number);
    all[0] = Frames.BINARY;
    return all;
  }

  private void hugeFrame() throws Exception {
    try (RawClient client = RawClient.open(server.port(), "/bench/echo/huge")) {
      client.send(Frames.of(Frames.FINAL | Frames.BINARY, 1L << 62, new byte[1]));
      assertThat(client.readClose()).isEqualTo(1009);
      tell("%d bytes went out after it", send(client, new byte[1], Integer.MAX_VALUE));
    }
  }

  private void declaredFrames() throws Exception {
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

  private void oversize() throws Exception {
    byte[] fragment = Frames.of(Frames.CONTINUATION, new byte[KIB_64]);
    try (RawClient client = RawClient.open(server.port(), "/bench/echo/oversize")) {
      client.send(Frames.of(Frames.BINARY, new byte[KIB_64]));
      // These pass the limit, and are no more than the server reads after its close.
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

  private void bombs() throws Exception {
    byte[] bomb = compressed(deflated(new byte[61_000_000]));
    assertThat(bomb).hasSizeLessThan(62_000);
    for (int i = 0; i < 10; i++) {
      assertThat(atOnce(8, () -> closeAfter("/deflate/bomb", bomb, DEFLATE))).containsOnly(1009);
    }
  }

  private void squeezedMessages() throws Exception {
    int messages = 40;
    byte[] all = Frames.repeat(compressed(deflated(new byte[1 << 20])), messages);
    assertThat(all).hasSizeLessThan(KIB_64);
    List<Integer> codes =
        atOnce(
            8,
            () -> {
              try (RawClient client = RawClient.open(server.port(), "/deflate/squeezed", DEFLATE)) {
                client.send(all);
                int code = ANSWERED;
                for (int i = 0; i < messages && code == ANSWERED; i++) {
                  code = codeOf(client);
                }
                return code;
              }
            });
    tell("codes %s", counted(codes));
    assertThat(codes).contains(ANSWERED).isSubsetOf(ANSWERED, 1013, RawClient.NO_CLOSE);
  }

  private void garbage() throws Exception {
    byte[] junk = new byte[KIB_64];
    Arrays.fill(junk, (byte) 0xFF);
    byte[] reserved = Frames.of(Frames.FINAL | Frames.RSV1 | Frames.TEXT, new byte[1]);
    for (int i = 0; i < 10; i++) {
      assertThat(atOnce(8, () -> closeAfter("/deflate/junk", compressed(junk), DEFLATE)))
          .containsOnly(1007);
      assertThat(atOnce(8, () -> closeAfter("/bench/echo/rsv", reserved))).containsOnly(1002);
    }
  }

  private void stuckActors() throws Exception {
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

  /** Waits until the actors have handled all that their clients sent. */
  private void awaitEnd(String keys, int number) throws Exception {
    for (int i = 0; i < number; i++) {
      server.admin().poll("goodbyes", keys + i, actor -> actor.connections() == 0);
    }
  }

  private void stuckMessages() throws Exception {
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

  /** Returns how many clients got 1013; all others must have been answered. */
  private static long refused(List<Future<Integer>> outcomes) throws Exception {
    List<Integer> codes = new ArrayList<>();
    for (Future<Integer> outcome : outcomes) {
      codes.add(outcome.get(Child.LIMIT.toSeconds(), TimeUnit.SECONDS));
    }
    assertThat(codes).containsOnly(ANSWERED, 1013);
    return codes.stream().filter(code -> code == 1013).count();
  }

  /** Sends a message and reads until its echo, or until a close, whose code is returned. */
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

  private void halfHandshakes() throws Exception {
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

  /** Sends the next byte of each client's request at every run. */
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
          // The server may end a client meanwhile; the test waits for that.
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

  /** Returns the status of the next answer, or {@link #UNANSWERED}. */
  private static int statusOf(RawClient client) {
    try {
      return client.readStatus();
    } catch (IOException ended) {
      return UNANSWERED;
    }
  }

  /** Waits until all clients have come this far. */
  private static void meet(CountDownLatch all) throws InterruptedException {
    all.countDown();
    assertThat(all.await(Child.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  private static String counted(List<Integer> outcomes) {
    return outcomes.stream()
        .collect(Collectors.groupingBy(code -> code, TreeMap::new, Collectors.counting()))
        .toString();
  }

  private void bodies() throws Exception {
    int clients = 379;
    byte[] body = new byte[(1 << 20) - 1];
    byte[] most = Arrays.copyOf(body, body.length - 1);
    CountDownLatch allButLast = new CountDownLatch(clients);
    List<Integer> statuses =
        atOnce(
            clients,
            () -> {
              RawClient client = plain();
              client.send(request("POST", "/journal/" + key("bodies"), body.length));
              send(client, most, 1);
              meet(allButLast);
              send(client, new byte[1], 1);
              return statusOf(client);
            });
    tell("statuses %s", counted(statuses));
    assertThat(statuses).contains(503).isSubsetOf(200, 503, UNANSWERED);
  }

  private void bodiesForStuckActors() throws Exception {
    Path unstuck = directory.resolve(key("unstuck-bodies"));
    byte[] body = new byte[64_000];
    List<RawClient> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        open("/goodbyes/" + key("posted") + i).send(Frames.text("until " + unstuck));
      }
      for (int i = 0; i < 4; i++) {
        String path = "/goodbyes/" + key("posted") + i;
        for (int j = 0; j < 500; j++) {
          RawClient client = plain();
          clients.add(client);
          client.send(request("POST", path, body.length));
          send(client, body, 1);
        }
      }
      assertOthersAreServed();
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

  /**
   * Asks clients that were there before, on each event loop: once they are answered, the server has
   * read what abusers sent before.
   */
  void assertOthersAreServed() throws IOException {
    for (RawClient other : others) {
      other.send(Frames.text("here"));
      RawClient.Frame answer = other.read();
      while (answer.opcode() == Frames.PING) {
        answer = other.read();
      }
      assertThat(answer.text()).isEqualTo("here");
    }
  }

  private void unfinishedMessages() throws Exception {
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
    assertOthersAreServed();
  }

  /** Returns the code of the close, or {@link #ANSWERED} if another frame came instead. */
  private static int codeOf(RawClient client) {
    try {
      RawClient.Frame frame = client.read();
      return frame.opcode() == Frames.CLOSE ? frame.code() : ANSWERED;
    } catch (IOException ended) {
      return RawClient.NO_CLOSE;
    }
  }

  /** Has 16 clients send a frame 50,000 times each, then close. */
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

  private void emptyPings() throws Exception {
    flood("/bench/echo/floods", Frames.of(Frames.FINAL | Frames.PING, new byte[0]));
  }

  private void automaticReplies() throws Exception {
    flood("/burst/" + key("floods"), Frames.text("knock"));
  }

  private void bigAnswers() throws Exception {
    unreadAnswers(64, 16, 1 << 20);
  }

  private void manyAnswers() throws Exception {
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
    assertOthersAreServed();
  }

  private void bursts() throws Exception {
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

  private void earlyFrames() throws Exception {
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
          RawClient client = plain();
          clients.add(client);
          send(client, RawClient.upgrade(path).getBytes(StandardCharsets.US_ASCII), 1);
          send(client, message, 1);
        }
      }
      assertOthersAreServed();
    } finally {
      // Most clients go before they are let in; otherwise each would be sent the messages of all
      // others.
      for (RawClient client : clients.subList(4, clients.size())) {
        client.close();
      }
      Files.createFile(unstuck);
    }
    List<Integer> statuses = clients.subList(0, 4).stream().map(Abuses::statusOf).toList();
    tell("statuses %s", counted(statuses));
    assertThat(statuses).isSubsetOf(101, 503, UNANSWERED);
  }

  private void manyHeaders() throws Exception {
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
          RawClient client = plain();
          clients.add(client);
          client.send("GET " + path + " HTTP/1.1\r\nHost: dormouse.test\r\n" + headers + "\r\n");
        }
      }
      assertOthersAreServed();
    } finally {
      Files.createFile(unstuck);
    }
    List<Integer> statuses = clients.stream().map(Abuses::statusOf).toList();
    tell("statuses %s", counted(statuses));
    assertThat(statuses).contains(200, 503).isSubsetOf(200, 503, UNANSWERED);
  }

  private void halfHeads() throws Exception {
    String headers = "a:1\r\n".repeat(1_500);
    for (int i = 0; i < 1_000; i++) {
      RawClient client = plain();
      client.send("GET /bench/echo/half HTTP/1.1\r\nHost: dormouse.test\r\n" + headers);
    }
    assertOthersAreServed();
  }

  private void keysOfOneHash() throws Exception {
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
    assertOthersAreServed();
  }

  private static String ofOneHash(AtomicInteger numbers) {
    int number = numbers.getAndIncrement();
    StringBuilder key = new StringBuilder();
    for (int bit = 1; bit < 1_024; bit *= 2) {
      key.append((number & bit) == 0 ? "Aa" : "BB");
    }
    return key.toString();
  }
}
