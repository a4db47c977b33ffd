package dev.dormouse.server.cluster.link;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.dormouse.server.Certificates;
import dev.dormouse.server.Certificates.Identity;
import dev.dormouse.server.cluster.link.LinkOptions.Limits;
import dev.dormouse.server.protocol.Time;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the links between nodes over real sockets on loopback. */
class NodeLinksTest {
  private static final ClusterSecret SECRET = new ClusterSecret(new byte[32]);
  private static final Duration LONG = Duration.ofSeconds(20);

  private final Vertx vertx = Vertx.vertx();
  private final List<AutoCloseable> opened = new ArrayList<>();

  /** What a node has heard, in order. */
  private static final class Heard implements LinkReceiver {
    final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    volatile CompletableFuture<Void> mayAnswer = CompletableFuture.completedFuture(null);

    @Override
    public void up(Peer peer) {
      events.add("up " + peer.node() + " in run " + peer.run());
    }

    @Override
    public void down(Peer peer, String why) {
      events.add("down " + peer.node() + ": " + why);
    }

    @Override
    public void message(Peer peer, long id, byte[] body) {
      events.add(id + " " + new String(body, UTF_8));
    }

    @Override
    public void called(Peer peer, byte[] body, Answer answer) {
      String asked = new String(body, UTF_8);
      if (asked.equals("fail")) {
        answer.fail("as you wish");
      } else if (asked.equals("throw")) {
        throw new IllegalStateException("as you wish");
      } else {
        var unused = mayAnswer.thenRun(() -> answer.send(("you said " + asked).getBytes(UTF_8)));
      }
    }

    String next() throws InterruptedException {
      String event = events.poll(20, TimeUnit.SECONDS);
      assertThat(event).as("an event").isNotNull();
      return event;
    }
  }

  private record Node(NodeLinks links, Heard heard) {
    byte[] call(String peer, String body) throws Exception {
      return links
          .call(peer, Lane.RAFT, body.getBytes(UTF_8), LONG)
          .toCompletableFuture()
          .get(30, TimeUnit.SECONDS);
    }
  }

  private Node node(String name, ClusterSecret secret, Limits limits) throws Exception {
    return node(name, secret, null, limits);
  }

  private Node node(String name, ClusterSecret secret, @Nullable LinkTls tls, Limits limits)
      throws Exception {
    LinkOptions options =
        new LinkOptions(name, "1.2.3", new NodeAddress("127.0.0.1", 0), secret, tls, limits);
    Node node = new Node(new NodeLinks(vertx, options, Time.system()), new Heard());
    opened.add(node.links());
    node.links().receive(Lane.RAFT, node.heard());
    node.links().start(7).toCompletableFuture().get(10, TimeUnit.SECONDS);
    return node;
  }

  private Node node(String name) throws Exception {
    return node(name, SECRET, Limits.defaults());
  }

  private static void introduce(Node dialler, String listener, int port) {
    dialler.links().peer(listener, new NodeAddress("127.0.0.1", port));
  }

  /** Links two nodes, of which alpha dials through a port. */
  private static void link(Node alpha, Node beta, int port) throws Exception {
    beta.links().peer("alpha", new NodeAddress("127.0.0.1", alpha.links().port()));
    introduce(alpha, "beta", port);
    assertThat(alpha.heard().next()).isEqualTo("up beta in run 7");
    assertThat(beta.heard().next()).isEqualTo("up alpha in run 7");
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened) {
      each.close();
    }
    SwallowingProxy.await(vertx.close());
  }

  @Test
  void callsAreAnsweredAndMessagesArriveInOrderBothWays() throws Exception {
    Node alpha = node("alpha");
    Node beta = node("beta");
    link(alpha, beta, beta.links().port());

    assertThat(alpha.call("beta", "hello")).asString(UTF_8).isEqualTo("you said hello");
    assertThat(beta.call("alpha", "hello")).asString(UTF_8).isEqualTo("you said hello");
    for (int i = 0; i < 2_000; i++) {
      assertThat(alpha.links().message("beta", Lane.RAFT, i, new byte[i % 50])).isTrue();
    }
    for (int i = 0; i < 2_000; i++) {
      assertThat(beta.heard().next()).startsWith(i + " ");
    }
    String large = "x".repeat(3 << 20);
    assertThat(alpha.links().message("beta", Lane.RAFT, 7, large.getBytes(UTF_8))).isTrue();
    assertThat(beta.heard().next()).isEqualTo("7 " + large);
    assertThat(alpha.links().isUp("beta", Lane.RAFT)).isTrue();
    assertThat(alpha.links().counts().refused()).isZero();
  }

  @Test
  void aCallEndsInTheReasonWhyThereIsNoAnswer() throws Exception {
    Node alpha = node("alpha");
    Node beta = node("beta");
    assertThat(reasonOf(alpha, "beta", LONG)).isEqualTo(LinkException.Reason.NO_LINK);
    link(alpha, beta, beta.links().port());

    beta.heard().mayAnswer = new CompletableFuture<>();
    assertThat(reasonOf(alpha, "beta", Duration.ofMillis(1))).isEqualTo(LinkException.Reason.LATE);
    assertThatExceptionOfType(ExecutionException.class)
        .isThrownBy(() -> alpha.call("beta", "fail"))
        .withMessageContaining("as you wish");
    CompletableFuture<byte[]> waiting =
        alpha.links().call("beta", Lane.RAFT, new byte[0], LONG).toCompletableFuture();
    beta.links().close();
    assertThatExceptionOfType(ExecutionException.class)
        .isThrownBy(() -> waiting.get(20, TimeUnit.SECONDS))
        .withMessageContaining("ended");
    assertThat(alpha.heard().next()).startsWith("down beta: ");
  }

  private static LinkException.Reason reasonOf(Node from, String to, Duration limit) {
    CompletableFuture<byte[]> call =
        from.links().call(to, Lane.RAFT, new byte[1], limit).toCompletableFuture();
    try {
      call.orTimeout(20, TimeUnit.SECONDS).join();
      throw new AssertionError("there was an answer");
    } catch (CompletionException e) {
      return ((LinkException) e.getCause()).reason();
    }
  }

  @Test
  void aNodeThatStartsAgainIsDialledAgain() throws Exception {
    Node alpha = node("alpha");
    Node beta = node("beta");
    link(alpha, beta, beta.links().port());

    beta.links().close();
    assertThat(alpha.heard().next()).startsWith("down beta: ");
    Node again = node("beta");
    again.links().peer("alpha", new NodeAddress("127.0.0.1", alpha.links().port()));
    introduce(alpha, "beta", again.links().port());

    assertThat(alpha.heard().next()).isEqualTo("up beta in run 7");
    assertThat(alpha.call("beta", "hello")).asString(UTF_8).isEqualTo("you said hello");
  }

  @Test
  void aReceiverThatFailsCostsTheConnectionOnly() throws Exception {
    Node alpha = node("alpha");
    Node beta = node("beta");
    link(alpha, beta, beta.links().port());

    assertThatExceptionOfType(ExecutionException.class)
        .isThrownBy(() -> alpha.call("beta", "throw"))
        .withMessageContaining("ended");
    assertThat(alpha.heard().next()).startsWith("down beta: ");
    assertThat(alpha.heard().next()).isEqualTo("up beta in run 7");
  }

  @Test
  void aPeerThatFallsSilentIsGoneAndComesBack() throws Exception {
    Node alpha = node("alpha");
    Node beta = node("beta");
    SwallowingProxy proxy = new SwallowingProxy(vertx, beta.links().port());
    opened.add(proxy);
    link(alpha, beta, proxy.port());

    proxy.cut();
    CompletableFuture<byte[]> waiting =
        alpha.links().call("beta", Lane.RAFT, new byte[0], LONG).toCompletableFuture();
    assertThat(alpha.heard().next()).isEqualTo("down beta: it was silent for 1500 ms");
    assertThat(beta.heard().next()).isEqualTo("down alpha: it was silent for 1500 ms");
    assertThat(waiting).isCompletedExceptionally();
    assertThat(alpha.links().counts().dead()).isPositive();

    proxy.heal();
    assertThat(alpha.heard().next()).isEqualTo("up beta in run 7");
    assertThat(alpha.call("beta", "hello")).asString(UTF_8).isEqualTo("you said hello");
  }

  @Test
  void aPeerThatDoesNotReadFillsItsBoundAndNoMore() throws Exception {
    int bound = 1 << 20;
    Node alpha = node("alpha", SECRET, Limits.defaults().waitingBytesMax(bound));
    alpha.links().peer("beta", new NodeAddress("127.0.0.1", 9));
    Raw beta = null;
    try (java.net.ServerSocket listening = new java.net.ServerSocket(0)) {
      introduce(alpha, "beta", listening.getLocalPort());
      beta = new Raw(listening.accept());
      Greeting hello = Greeting.decode(ByteBuffer.wrap(beta.frame(1)));
      Greeting own = new Greeting(hello.lane(), "test", "beta", "alpha", "v1", 1, new byte[32]);
      beta.send(2, concat(own.encode(), proof(SECRET, Greeting.Role.LISTENER, hello, own)));
      beta.frame(3); // the proof; from now on beta reads nothing
      boolean isSent = true;
      int messages = 0;
      while (isSent && messages < 10_000) {
        isSent = alpha.links().message("beta", hello.lane(), 0, new byte[64 << 10]);
        messages += isSent ? 1 : 0;
      }
      assertThat(isSent).isFalse();
      assertThat(alpha.links().counts().full()).isPositive();
    } finally {
      if (beta != null) {
        beta.close();
      }
    }
  }

  @Test
  void nodesWithoutTheSecretAreRefused() throws Exception {
    byte[] other = new byte[32];
    other[31] = 1;
    Node beta = node("beta");
    beta.links().peer("alpha", new NodeAddress("127.0.0.1", 9));
    Node alpha = node("alpha", new ClusterSecret(other), Limits.defaults());
    try (Raw raw = new Raw(new Socket(InetAddress.getLoopbackAddress(), beta.links().port()))) {
      Greeting hello = new Greeting(Lane.RAFT, "test", "alpha", "beta", "v1", 1, new byte[32]);
      raw.send(1, hello.encode());
      Greeting answer = Greeting.decode(ByteBuffer.wrap(raw.frame(2)));
      raw.send(3, proof(new ClusterSecret(other), Greeting.Role.DIALER, hello, answer));
      raw.ends();
    }
    assertThat(beta.links().counts().refused()).isEqualTo(1);
    try (Raw raw = new Raw(new Socket(InetAddress.getLoopbackAddress(), beta.links().port()))) {
      // A proof of the listener is no proof of the dialler, so it cannot be sent back.
      Greeting hello = new Greeting(Lane.RAFT, "test", "alpha", "beta", "v1", 1, new byte[32]);
      raw.send(1, hello.encode());
      byte[] answer = raw.frame(2);
      raw.send(3, java.util.Arrays.copyOfRange(answer, answer.length - 32, answer.length));
      raw.ends();
    }
    introduce(alpha, "beta", beta.links().port());
    while (alpha.links().counts().refused() < 2) {
      Thread.onSpinWait();
    }
    assertThat(beta.links().counts().up()).isZero();
    assertThat(alpha.links().counts().up()).isZero();
    assertThat(beta.heard().events).isEmpty();
  }

  @Test
  void greetingsOfOtherClustersNodesAndVersionsAreRefused() throws Exception {
    Node beta = node("beta");
    beta.links().cluster("test");
    beta.links().peer("alpha", new NodeAddress("127.0.0.1", 9));
    byte[] nonce = new byte[32];
    byte[] good = new Greeting(Lane.RAFT, "test", "alpha", "beta", "v1", 1, nonce).encode();
    byte[] version = good.clone();
    version[4] = 2;
    byte[] magic = good.clone();
    magic[0] = 'G';
    byte[] lane = good.clone();
    lane[5] = 2;
    List<byte[]> hellos =
        List.of(
            new Greeting(Lane.RAFT, "other", "alpha", "beta", "v1", 1, nonce).encode(),
            new Greeting(Lane.RAFT, "test", "alpha", "gamma", "v1", 1, nonce).encode(),
            new Greeting(Lane.RAFT, "test", "nobody", "beta", "v1", 1, nonce).encode(),
            new Greeting(Lane.RAFT, "test", "gamma", "beta", "v1", 1, nonce).encode(),
            version,
            magic,
            lane,
            java.util.Arrays.copyOf(good, 20),
            new byte[0]);
    for (byte[] hello : hellos) {
      try (Raw raw = new Raw(new Socket(InetAddress.getLoopbackAddress(), beta.links().port()))) {
        raw.send(1, hello);
        raw.ends();
      }
    }
    assertThat(beta.links().counts().refused()).isEqualTo(hellos.size());
  }

  @Test
  void whoeverDoesNotGreetInTimeIsCutOff() throws Exception {
    Node beta = node("beta", SECRET, Limits.defaults().greetingLimit(Duration.ofMillis(100)));
    try (Raw silent = new Raw(new Socket(InetAddress.getLoopbackAddress(), beta.links().port()));
        Raw half = new Raw(new Socket(InetAddress.getLoopbackAddress(), beta.links().port()))) {
      half.socket.getOutputStream().write(new byte[] {0, 0, 0, 50, 1});
      silent.ends();
      half.ends();
    }
    try (Raw tooLong = new Raw(new Socket(InetAddress.getLoopbackAddress(), beta.links().port()))) {
      tooLong.socket.getOutputStream().write(new byte[] {0, 0, 4, 1, 1});
      tooLong.ends();
    }
    assertThat(beta.links().counts().refused()).isEqualTo(3);
  }

  @Test
  void mutatedFramesEndTheirConnectionOrAreHandledAndHurtNobodyElse() throws Exception {
    Node alpha = node("alpha");
    Node beta = node("beta");
    link(alpha, beta, beta.links().port());
    beta.links().peer("aaa", new NodeAddress("127.0.0.1", 9));
    Random random = new Random(7);
    for (int round = 0; round < 200; round++) {
      try (Raw raw = new Raw(new Socket(InetAddress.getLoopbackAddress(), beta.links().port()))) {
        boolean isGreeting = round % 2 == 0;
        if (!isGreeting) {
          Greeting hello =
              new Greeting(Lane.FRAMES, "test", "aaa", "beta", "v1", round, new byte[32]);
          raw.send(1, hello.encode());
          Greeting answer = Greeting.decode(ByteBuffer.wrap(raw.frame(2)));
          raw.send(3, proof(SECRET, Greeting.Role.DIALER, hello, answer));
        }
        byte[] bytes =
            isGreeting
                ? new Greeting(Lane.FRAMES, "test", "aaa", "beta", "v1", 1, new byte[32]).encode()
                : new byte[40];
        byte[] frame = Raw.frameOf(isGreeting ? 1 : 4 + random.nextInt(6), bytes);
        for (int i = 0; i < 3; i++) {
          frame[random.nextInt(frame.length)] = (byte) random.nextInt();
        }
        raw.socket.getOutputStream().write(frame);
        raw.socket.shutdownOutput();
        raw.ends();
      }
    }
    assertThat(alpha.call("beta", "hello")).asString(UTF_8).isEqualTo("you said hello");
    assertThat(beta.links().counts().up()).isLessThanOrEqualTo(3);
  }

  @Test
  void aNodeThatKnowsNoClusterIsTakenAndOneThatLearnsOfAnotherIsCutOff() throws Exception {
    Node alpha = node("alpha");
    Node beta = node("beta");
    beta.links().cluster("one");
    link(alpha, beta, beta.links().port());
    assertThat(alpha.links().softwareOf("beta")).isEqualTo("1.2.3");
    assertThat(beta.links().softwareOf("alpha")).isEqualTo("1.2.3");

    alpha.links().cluster("one");
    assertThat(alpha.call("beta", "hello")).asString(UTF_8).isEqualTo("you said hello");

    alpha.links().cluster("two");
    assertThat(alpha.heard().next()).isEqualTo("down beta: it belongs to the cluster one");
    while (alpha.links().counts().refused() + beta.links().counts().refused() < 2) {
      Thread.onSpinWait();
    }
    assertThat(alpha.links().counts().up()).isZero();
    assertThat(alpha.links().isUp("beta", Lane.RAFT)).isFalse();
  }

  @Test
  void nodesWithCertificatesOfTheAuthorityAloneAreLinked(@TempDir Path folder) throws Exception {
    Identity authority = Certificates.selfSigned("authority");
    LinkTls known = files(folder, "known", Certificates.signedBy(authority, "node"), authority);
    LinkTls stranger = files(folder, "stranger", Certificates.selfSigned("stranger"), authority);
    Node alpha = node("alpha", SECRET, known, Limits.defaults());
    Node beta = node("beta", SECRET, known, Limits.defaults());
    link(alpha, beta, beta.links().port());
    assertThat(alpha.call("beta", "hello")).asString(UTF_8).isEqualTo("you said hello");

    Node aaa = node("aaa", SECRET, stranger, Limits.defaults());
    Node plain = node("bbb");
    beta.links().peer("aaa", new NodeAddress("127.0.0.1", 9));
    introduce(aaa, "beta", beta.links().port());
    introduce(plain, "beta", beta.links().port());
    while (beta.links().counts().refused() < 2) {
      Thread.onSpinWait();
    }
    assertThat(aaa.links().counts().up() + plain.links().counts().up()).isZero();
    assertThat(alpha.call("beta", "hello")).asString(UTF_8).isEqualTo("you said hello");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LinkTls(known.certificates(), known.key(), folder.resolve("none")))
        .withMessageContaining("there is no file");
  }

  private static LinkTls files(Path folder, String name, Identity own, Identity authority)
      throws IOException {
    Path certificates = folder.resolve(name + ".crt");
    Path key = folder.resolve(name + ".key");
    own.write(certificates, key);
    Path ca = Files.writeString(folder.resolve(name + ".ca"), authority.certificatesPem());
    return new LinkTls(certificates, key, ca);
  }

  @Test
  void secretsAreReadFromFilesAndNeverShown(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("secret"), "x".repeat(31) + "\n");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClusterSecret.in(file))
        .withMessageContaining("31 bytes")
        .withMessageNotContaining("xxx");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClusterSecret.in(folder.resolve("none")))
        .withMessageContaining("there is no file");
    Files.writeString(file, "x".repeat(32) + "\n");
    assertThat(ClusterSecret.in(file).proofOf(new byte[1]))
        .isEqualTo(new ClusterSecret("x".repeat(32).getBytes(UTF_8)).proofOf(new byte[1]));
    assertThat(ClusterSecret.in(file).toString()).doesNotContain("xxx");
  }

  @Test
  void addressesAreRead() {
    assertThat(NodeAddress.parse("db1:70")).isEqualTo(new NodeAddress("db1", 70));
    assertThat(NodeAddress.parse("[::1]:70")).isEqualTo(new NodeAddress("::1", 70));
    assertThat(NodeAddress.parse("[::1]:70")).hasToString("[::1]:70");
    for (String bad : List.of("", "db1", ":70", "::1:70", "db1:x", "db1:70000")) {
      assertThatIllegalArgumentException().isThrownBy(() -> NodeAddress.parse(bad));
    }
  }

  private static byte[] proof(
      ClusterSecret secret, Greeting.Role role, Greeting dialler, Greeting listener) {
    return Greeting.proof(secret, role, dialler, listener);
  }

  private static byte[] concat(byte[] a, byte[] b) {
    return ByteBuffer.allocate(a.length + b.length).put(a).put(b).array();
  }

  /** A socket that speaks the link's frames by hand. */
  private record Raw(Socket socket) implements AutoCloseable {
    Raw {
      try {
        socket.setSoTimeout(20_000);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    static byte[] frameOf(int kind, byte[] body) {
      return ByteBuffer.allocate(13 + body.length)
          .putInt(9 + body.length)
          .put((byte) kind)
          .putLong(0)
          .put(body)
          .array();
    }

    void send(int kind, byte[] body) throws IOException {
      socket.getOutputStream().write(frameOf(kind, body));
    }

    /** Reads frames until one of a kind comes, and returns its body. */
    byte[] frame(int kind) throws IOException {
      InputStream in = socket.getInputStream();
      while (true) {
        ByteBuffer head = ByteBuffer.wrap(in.readNBytes(13));
        byte[] body = in.readNBytes(head.getInt() - 9);
        if (head.get() == kind) {
          return body;
        }
      }
    }

    /** Reads until the other side has closed. */
    void ends() {
      try {
        socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
      } catch (IOException e) {
        assertThat(e).hasMessageNotContaining("timed out");
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
