package dev.dormouse.server.gateway.edge;

import static dev.dormouse.server.gateway.TestServer.LOBBY;
import static dev.dormouse.server.gateway.TestServer.MESSAGE_BYTES_MAX;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.Certificates;
import dev.dormouse.server.Certificates.Identity;
import dev.dormouse.server.gateway.FakeHost;
import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.Refusal;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TlsTest {
  private static final Identity ISSUER = Certificates.selfSigned("issuer");
  private static final Identity FIRST = Certificates.signedBy(ISSUER, "first");
  private static final Identity SECOND = Certificates.selfSigned("second");
  private static final SSLContext KNOWS_FIRST = Certificates.clientOf(ISSUER.certificate());
  private static final SSLContext KNOWS_SECOND = Certificates.clientOf(SECOND.certificate());
  private static final int ROUND_TRIPS_MAX = 100_000;

  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();
  private ServerTls tls;
  private TestServer server;
  private FakeHost host;

  @BeforeEach
  void start() {
    use(GatewayOptions.defaults().reading(Duration.ofSeconds(30)).burstBytesMax(0));
  }

  private void use(GatewayOptions options) {
    tls = new ServerTls(FIRST.keyManagers());
    use(GATEWAY.open(options.tls(tls)));
  }

  private void use(TestServer started) {
    server = started;
    host = started.host;
    host.echo();
  }

  private RawClient client() {
    return server.client().tls(KNOWS_FIRST);
  }

  private void awaitTlsFailed(long number) {
    try (RawClient other = client()) {
      for (int i = 0; server.gateway.counts().edge().tlsFailed() != number; i++) {
        // Each of these round trips goes through an event loop.
        assertThat(i).isLessThan(ROUND_TRIPS_MAX);
        assertThat(other.send(RawClient.upgrade("/nowhere")).readAnswer().status()).isEqualTo(404);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  @DisplayName(
      "messages of all sizes go through TLS 1.3 and 1.2, and so does the closing handshake")
  void messagesOfAllSizesGoThroughTLS13And12AndSoDoesTheClosingHandshake(String version)
      throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    try (RawClient client = server.client().tls(KNOWS_FIRST, version)) {
      assertThat(client.tls().getSession().getProtocol()).isEqualTo(version);
      assertThat(client.tls().getApplicationProtocol()).isEqualTo("http/1.1");
      client.open("/chat/lobby");
      for (int size : new int[] {0, 1, 16_384, 16_385, 70_000, MESSAGE_BYTES_MAX}) {
        byte[] payload = new byte[size];
        random.nextBytes(payload);
        client.send(RawClient.frame(RawClient.BINARY, payload));
        assertThat(client.readFrame().payload()).as("seed %d", seed).isEqualTo(payload);
      }
      client.send(RawClient.closeFrame(4000, "bye"));
      assertThat(client.readClose()).isEqualTo(4000);
      // The connection ends by close_notify: reading would fail if the TCP connection had just been
      // cut.
      assertThat(client.readToEnd()).isEmpty();
    }
    assertThat(server.gateway.counts().edge().tlsFailed()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  @DisplayName("an actor closes: the client reads the frame, answers, and reads an orderly end")
  void anActorClosesTheClientReadsTheFrameAnswersAndReadsAnOrderlyEnd(String version)
      throws Exception {
    host.acceptAll();
    try (RawClient client = server.client().tls(KNOWS_FIRST, version)) {
      client.open("/chat/lobby");
      ConnectionId id = host.nextOpen();
      host.release(LOBBY, new ToGateway.Close(id, 4001, "full"));
      assertThat(client.readClose()).isEqualTo(4001);
      client.text("too late").send(RawClient.closeFrame(4001, ""));
      assertThat(client.readToEnd()).isEmpty();
      assertThat(host.nextClosed()).isEqualTo(new CloseReason(4001, "full", Cause.ACTOR));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  @DisplayName("a client that still sends when it is closed reads why")
  void closedWhileSending(String version) throws Exception {
    try (RawClient client = server.client().tls(KNOWS_FIRST, version)) {
      client.open("/chat/lobby");
      client.send(
          RawClient.frame(0x82, true, MESSAGE_BYTES_MAX + 1L, new byte[MESSAGE_BYTES_MAX / 2]));
      assertThat(client.readClose()).isEqualTo(1009);
      assertThat(client.readToEnd()).isEmpty();
    }
    host.nextOpen();
    host.next(ToHost.Failed.class);
    assertThat(host.nextClosed().code()).isEqualTo(1009);
  }

  @Test
  @DisplayName("a client that goes with close_notify, or is reset, is gone")
  void aClientThatGoesWithCloseNotifyOrIsResetIsGone() throws Exception {
    try (RawClient orderly = client();
        RawClient reset = client()) {
      orderly.open("/chat/lobby").close();
      host.nextOpen();
      assertThat(host.nextClosed()).isEqualTo(CloseReason.abnormal(Cause.CONNECTION_LOST));
      reset.open("/chat/lobby").reset();
      host.nextOpen();
      ToHost next = host.next(ToHost.class);
      if (next instanceof ToHost.Failed) {
        next = host.next(ToHost.Closed.class);
      }
      assertThat(((ToHost.Closed) next).reason())
          .isEqualTo(CloseReason.abnormal(Cause.CONNECTION_LOST));
    }
  }

  @Test
  @DisplayName("a client of TLS 1.3 that sends close_notify and reads on gets what it is owed")
  void aClientThatSendsCloseNotifyAndReadsOnGetsWhatItIsOwed() throws Exception {
    String text = "x".repeat(20_000);
    try (RawClient client = new RawClient(server.port(), 4_096).tls(KNOWS_FIRST, "TLSv1.3")) {
      client.open("/chat/lobby");
      host.nextOpen();
      for (int i = 0; i < 40; i++) {
        client.text(text);
      }
      client.endOutput();
      for (int i = 0; i < 40; i++) {
        assertThat(client.readText()).isEqualTo(text);
      }
      assertThat(client.readToEnd()).isEmpty();
      for (int i = 0; i < 40; i++) {
        host.next(ToHost.Message.class);
      }
      assertThat(host.nextClosed()).isEqualTo(CloseReason.abnormal(Cause.CONNECTION_LOST));
    }
  }

  @Test
  @DisplayName("a client that reads too slowly is closed with 1013, behind what was sent before")
  void aClientThatReadsTooSlowlyIsClosedWith1013BehindWhatWasSentBefore() throws Exception {
    host.acceptAll();
    String text = "x".repeat(50_000);
    try (RawClient slow = new RawClient(server.port(), 4_096).tls(KNOWS_FIRST).open("/chat/lobby");
        RawClient quick = client().open("/chat/lobby")) {
      int sent = 0;
      while (server.gateway.counts().slowClosed() == 0) {
        assertThat(++sent).isLessThan(1_000);
        host.release(LOBBY, new ToGateway.Broadcast(List.of(), Set.of(), Payload.text(text)));
        assertThat(quick.readText()).isEqualTo(text);
      }
      int heard = 0;
      RawClient.Frame frame = slow.readFrame();
      for (; frame.opcode() == RawClient.TEXT; frame = slow.readFrame()) {
        assertThat(frame.payload()).hasSize(text.length());
        heard++;
      }
      assertThat(frame.code()).isEqualTo(1013);
      assertThat(heard).isPositive().isLessThan(sent);
    }
  }

  @Test
  @DisplayName("bytes that are no TLS end an open socket")
  void whatIsNoTLSOnAnOpenSocketEndsIt() throws Exception {
    try (RawClient client = client()) {
      client.open("/chat/lobby");
      host.nextOpen();
      client.sendUnencrypted("not a record of TLS".getBytes(US_ASCII));
      host.next(ToHost.Failed.class);
      assertThat(host.nextClosed()).isEqualTo(CloseReason.abnormal(Cause.CONNECTION_LOST));
    }
  }

  @Test
  @DisplayName("C12 frames in the same segment as the upgrade request are not lost")
  void framesInTheSameSegmentAsTheUpgradeRequestAreNotLost() {
    try (RawClient client = client()) {
      client.send(
          RawClient.upgrade("/chat/lobby").getBytes(US_ASCII),
          RawClient.frame(RawClient.TEXT, "first"));
      assertThat(client.readAnswer().status()).isEqualTo(101);
      assertThat(client.readText()).isEqualTo("first");
    }
  }

  @Test
  @DisplayName("a TLS handshake that does not end is cut off when a late head would be")
  void aTlsHandshakeThatDoesNotEndIsCutOffWhenALateHeadWouldBe() throws Exception {
    server.close();
    Duration limit = Duration.ofMillis(300);
    use(GatewayOptions.defaults().head(limit).frame(limit).message(limit));
    try (RawClient silent = server.client();
        RawClient half = server.client();
        RawClient headless = client()) {
      half.send(new byte[] {0x16, 3, 1, 2});
      half.awaitEnd();
      silent.awaitEnd();
      assertThat(headless.send("GET /").readAnswer().status()).isEqualTo(408);
      headless.awaitEnd();
    }
    awaitTlsFailed(2);
  }

  @Test
  @DisplayName("TCP connections over the limit are closed at once, without a handshake")
  void tcpConnectionsOverTheLimitAreClosedAtOnceWithoutAHandshake() {
    server.close();
    Duration patience = Duration.ofMinutes(5);
    use(
        GatewayOptions.defaults()
            .limits(ConnectionLimits.none().connectionsMax(1))
            .head(patience)
            .frame(patience)
            .message(patience));
    List<RawClient> clients = new ArrayList<>();
    try (RawClient other = client()) {
      for (int i = 0; i < GatewayOptions.defaults().httpConnectionsMax() + 3; i++) {
        clients.add(server.client());
      }
      for (int i = 0; clients.stream().filter(RawClient::isAtEnd).count() < 3; i++) {
        // Each of these round trips goes through an event loop.
        assertThat(i).isLessThan(ROUND_TRIPS_MAX);
        assertThat(other.send(RawClient.upgrade("/nowhere")).readAnswer().status()).isEqualTo(404);
      }
      assertThat(server.gateway.counts().refused(Refusal.NODE_FULL)).isEqualTo(3);
    } finally {
      clients.forEach(RawClient::close);
    }
  }

  @Test
  @DisplayName("a client that speaks HTTP is told that TLS is spoken here")
  void aClientThatSpeaksHTTPIsToldThatTLSIsSpokenHere() {
    try (RawClient client = server.client()) {
      Answer answer = client.send(RawClient.upgrade("/chat/lobby")).readAnswer();
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.header("Connection")).containsExactly("close");
      assertThat(answer.body()).contains("TLS");
      client.awaitEnd();
    }
    assertThat(server.gateway.counts().edge().tlsFailed()).isPositive();
  }

  @Test
  @DisplayName("bytes that are neither, and clients that do not know the certificate, are counted")
  void bytesThatAreNeitherAndClientsThatDoNotKnowTheCertificateAreCounted() {
    try (RawClient client = server.client()) {
      client.send(new byte[] {0, 1, 2, 3, 4, 5, 6, 7}).awaitEnd();
      awaitTlsFailed(1);
    }
    try (RawClient stranger = server.client()) {
      assertThatThrownBy(() -> stranger.tls(KNOWS_SECOND)).isInstanceOf(UncheckedIOException.class);
      awaitTlsFailed(2);
    }
    try (RawClient client = client()) {
      client.open("/chat/lobby");
      assertThat(client.text("fine").readText()).isEqualTo("fine");
    }
  }

  @Test
  @DisplayName("a new certificate is for new connections; open sockets stay")
  void aNewCertificateIsForNewConnections() {
    try (RawClient before = client().open("/chat/lobby")) {
      tls.replace(SECOND.keyManagers());
      try (RawClient after = server.client().tls(KNOWS_SECOND).open("/chat/lobby");
          RawClient old = server.client()) {
        assertThat(before.text("still here").readText()).isEqualTo("still here");
        assertThat(after.text("here").readText()).isEqualTo("here");
        assertThatThrownBy(() -> old.tls(KNOWS_FIRST)).isInstanceOf(UncheckedIOException.class);
      }
    }
    assertThat(server.gateway.counts().edge().certificatesReplaced()).isEqualTo(1);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "https://dormouse.test, 101",
    "https://dormouse.test:443, 101",
    "http://dormouse.test, 403",
    "http://dormouse.test:443, 403",
    "https://dormouse.test:80, 403",
  })
  @DisplayName("the server's own pages are those that were encrypted, too")
  void theServersOwnPagesAreThoseThatWereEncryptedToo(String origin, int status) {
    try (RawClient client = client()) {
      client.send(RawClient.upgrade("/chat/lobby", "Origin: " + origin));
      assertThat(client.readAnswer().status()).isEqualTo(status);
    }
  }

  @Test
  @DisplayName("routes see https, and serve files")
  void routesSeeHttpsAndServeFiles(@TempDir Path folder) throws Exception {
    String text = "0123456789abcdef".repeat(20_000);
    Path file = Files.writeString(folder.resolve("file"), text);
    server.close();
    tls = new ServerTls(FIRST.keyManagers());
    use(
        GATEWAY.open(
            GatewayOptions.defaults().tls(tls),
            router ->
                router
                    .route("/file")
                    .handler(
                        request ->
                            request
                                .response()
                                .putHeader("X-Uri", request.request().absoluteURI())
                                .sendFile(file.toString()))));
    try (RawClient client = client()) {
      Answer answer = client.send("GET /file HTTP/1.1\r\nHost: a.test\r\n\r\n").readAnswer();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.header("X-Uri")).containsExactly("https://a.test/file");
      assertThat(answer.body()).isEqualTo(text);
      client.open("/chat/lobby");
      assertThat(client.text("hello").readText()).isEqualTo("hello");
    }
  }
}
