package dev.dormouse.examples;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the jar with TLS, and clients of the JDK and of Node. */
class TlsIT {
  private static final int CANNOT_START = 1;

  @TempDir private static Path folder;
  private static Certificate first;
  private static Certificate second;

  @BeforeAll
  static void makeCertificates() throws Exception {
    first = Certificate.make(folder, "first");
    second = Certificate.make(folder, "second");
  }

  private static Path put(String name, String content) throws Exception {
    Path next = Files.writeString(folder.resolve(name + ".next"), content);
    return Files.move(next, folder.resolve(name), ATOMIC_MOVE, REPLACE_EXISTING);
  }

  @Test
  void newCertificatesAreForNewConnectionsAndOpenSocketsStay() throws Exception {
    Path chain = put("chain.pem", first.certificatePem());
    Path key = put("key.pem", first.keyPem());
    try (ServerProcess server =
            ServerProcess.start(
                folder.resolve("data"),
                "--tls-cert",
                chain.toString(),
                "--tls-key",
                key.toString());
        Client before = Client.connect(server.socket("/counter/tls"), first.client())) {
      assertThat(before.ask("x")).isEqualTo("1 1");
      HttpResponse<String> page =
          first
              .client()
              .send(HttpRequest.newBuilder(server.http("/")).build(), BodyHandlers.ofString());
      assertThat(page.statusCode()).isEqualTo(200);
      assertThat(page.version()).isEqualTo(HttpClient.Version.HTTP_1_1);

      put("chain.pem", second.certificatePem());
      put("key.pem", second.keyPem());
      server.awaitOutput(Pattern.compile("new certificate: CN=second, .*valid until"));
      try (Client after = Client.connect(server.socket("/counter/tls"), second.client())) {
        assertThat(after.ask("x")).isEqualTo("1 2");
        assertThat(before.ask("x")).isEqualTo("2 3");
      }

      put("key.pem", first.keyPem());
      server.awaitOutput(
          Pattern.compile("the old one stays: " + Pattern.quote(key + " is not the key of")));
      try (Client still = Client.connect(server.socket("/counter/tls"), second.client())) {
        assertThat(still.ask("x")).isEqualTo("1 4");
      }
      assertThatThrownBy(() -> Client.connect(server.socket("/counter/tls"), first.client()))
          .hasMessageContaining("unable to find valid certification path");
    }
  }

  @Test
  void aKeyStoreServesToo() throws Exception {
    Path password = put("password", Certificate.PASSWORD + "\n");
    Map<String, String> variables =
        Map.of(
            "DORMOUSE_TLS_KEYSTORE", first.keystore().toString(),
            "DORMOUSE_TLS_KEYSTORE_PASSWORD_FILE", password.toString());
    try (ServerProcess server =
            ServerProcess.start(
                folder, variables, "--port=0", "--admin-port=0", "--durability=memory");
        Client client = Client.connect(server.socket("/echo/tls"), first.client())) {
      String text = Client.textOf(1 << 20);
      assertThat(client.ask(text)).isEqualTo(text);
      client.sendClose(4000, "bye");
      assertThat(client.nextClose()).isEqualTo(new Client.Closed(4000, ""));
    }
  }

  @Test
  void aClientOfAnOlderTlsCannotHaveTheHandshakeRepeated() throws Exception {
    Path password = put("password", Certificate.PASSWORD);
    try (ServerProcess server =
            ServerProcess.start(
                folder.resolve("older"),
                "--tls-keystore=" + first.keystore(),
                "--tls-keystore-password-file=" + password);
        SSLSocket socket =
            (SSLSocket)
                first
                    .client()
                    .sslContext()
                    .getSocketFactory()
                    .createSocket("127.0.0.1", server.port())) {
      socket.setSoTimeout((int) Child.LIMIT.toMillis());
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      socket.startHandshake();
      assertThatThrownBy(
              () -> {
                socket.startHandshake();
                socket.getInputStream().read();
              })
          .isInstanceOf(SSLException.class)
          .hasMessageContaining("handshake_failure");
    }
  }

  @Test
  void aCertificateThatCannotBeUsedIsNamedAndNothingIsTouched() throws Exception {
    Path chain = put("chain.pem", first.certificatePem());
    Path key = put("other-key.pem", second.keyPem());
    Path data = folder.resolve("untouched");
    try (Child server =
        ServerProcess.launch(
            folder, Map.of(), "--data=" + data, "--tls-cert=" + chain, "--tls-key=" + key)) {
      assertThat(server.awaitExit()).isEqualTo(CANNOT_START);
      assertThat(server.output())
          .contains("dormouse: " + key + " is not the key of the first certificate in " + chain)
          .doesNotContain("\tat ");
    }
    assertThat(data).doesNotExist();
  }

  @Test
  @Tag("full")
  void nodesClientHearsTheSame() throws Exception {
    Path password = put("password", Certificate.PASSWORD);
    Path known = put("known.pem", first.certificatePem());
    try (ServerProcess server =
        ServerProcess.start(
            folder.resolve("node-data"),
            "--tls-keystore=" + first.keystore(),
            "--tls-keystore-password-file=" + password)) {
      for (String check : List.of("text", "fragments", "largest", "close", "too-large")) {
        try (Child script =
            NodeScript.start(
                "node-client.mjs",
                Map.of("NODE_EXTRA_CA_CERTS", known.toString()),
                check,
                server.socket(""),
                server.admin().path(""))) {
          int exit = script.awaitExit();
          assertThat(script.output()).as(check).isEqualTo("ok\n");
          assertThat(exit).isZero();
        }
      }
    }
  }
}
