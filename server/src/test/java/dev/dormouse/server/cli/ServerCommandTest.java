package dev.dormouse.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.gateway.edge.ProxyProtocol;
import dev.dormouse.server.gateway.edge.TrustedProxies;
import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.options.ServerStartException;
import dev.dormouse.server.tls.TlsFiles;
import dev.dormouse.storage.Durability;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerCommandTest {
  private final StringWriter said = new StringWriter();
  private final List<ServerOptions> opened = new ArrayList<>();

  /** Parses the arguments without starting a server, and returns the exit code. */
  private int run(Map<String, String> environment, String... args) {
    PrintWriter out = new PrintWriter(said, true);
    return ServerCommand.run(
            options -> {
              opened.add(options);
              throw new ServerStartException("not in this test", new IllegalStateException());
            },
            type -> null,
            args,
            environment,
            out,
            out)
        .orElseThrow();
  }

  private ServerOptions parsed(Map<String, String> environment, String... args) {
    assertThat(run(environment, args)).isEqualTo(ServerCommand.CANNOT_START);
    return opened.get(0);
  }

  @Test
  void withoutArgumentsTheOptionsAreTheDefaults() {
    assertThat(parsed(Map.of()))
        .usingRecursiveComparison()
        .isEqualTo(ServerOptions.defaults().data(Path.of("./data")).durability(Durability.FSYNC));
  }

  @Test
  void limitsOfClientsComeFromArgumentsAndEnvironment() {
    ServerOptions options =
        parsed(
            Map.of("DORMOUSE_MAX_CONNECTIONS_PER_IP", "20", "DORMOUSE_PING", "10s"),
            "--max-connections=1000",
            "--upgrades-per-second-per-ip=5",
            "--ping=5s");
    assertThat(options.gateway().limits())
        .isEqualTo(
            ConnectionLimits.none()
                .connectionsMax(1000)
                .perAddressMax(20)
                .upgradesPerSecondPerAddress(5));
    assertThat(options.gateway().pingInterval()).contains(Duration.ofSeconds(5));
  }

  @Test
  void limitsCanBeTurnedOffByName() {
    ServerOptions options =
        parsed(Map.of("DORMOUSE_STALL_EXIT", "off"), "--ping=Off", "--max-connections-per-ip=any");
    assertThat(options.gateway().pingInterval()).isEmpty();
    assertThat(options.stallExit()).isEmpty();
    assertThat(options.gateway().limits()).isEqualTo(ConnectionLimits.none());
  }

  @ParameterizedTest
  @CsvSource({
    "--ping=999ms, --ping: 999 ms is not 1000 ms to 24 h",
    "--ping=0s, --ping: 0 ms is not 1000 ms to 24 h",
    "--stall-exit=0s, --stall-exit: 0 ms is not 5000 ms to 24 h",
    "--idle=9ms, --idle: 9 ms is not 10 ms to 24 h",
    "--drain=25h, --drain: 90000000 ms is not 0 ms to 24 h",
    "--port=65536, --port: 65536 is not 0 to 65535",
    "--event-loops=0, --event-loops: 0 is not 1 or more",
    "--transport=kqueue, '''kqueue'' is not auto'",
    "--max-connections=0, --max-connections: 0 is not 1 or more",
    "--max-connections-per-ip=0, --max-connections-per-ip: 0 is not 1 or more",
    "--max-connections-per-ip=all, '''all'' is not a number, and not any'",
    "--upgrades-per-second-per-ip=-1, --upgrades-per-second-per-ip: -1 is not 1 or more",
    "--allowed-origins=example.org, '--allowed-origins: ''example.org'' is no origin'",
    "'--allowed-origins=https://a.test,https://b.test/', '''https://b.test/'' is no origin'",
    "'--allowed-origins=*,https://a.test', '--allowed-origins: ''*'' allows every origin'",
    "--max-request-line=7999, '--max-request-line: 7999 is not 8000 to 1048576'",
    "--max-headers=1048577, '--max-headers: 1048577 is not 1024 to 1048576'",
    "--hosts=https://a.test, '--hosts: ''https://a.test'' is no host such as example.org'",
    "'--hosts=a.test,*', '--hosts: ''*'' stands for every host'",
    "--allowed-origins=file:, '--allowed-origins: ''file:'' is no origin'",
    "'--trusted-proxies=10.0.0.0/8,proxy', '--trusted-proxies: ''proxy'' is no address'",
    "--trusted-proxies=10.0.0.0/33, '--trusted-proxies: ''10.0.0.0/33'' is no range'",
    "--proxy-protocol=on, '''on'' is not off'",
    "--proxy-protocol=required, --proxy-protocol needs --trusted-proxies",
    "--tls-cert=chain.pem, --tls-cert needs --tls-key",
    "--tls-key=key.pem, --tls-key needs --tls-cert",
    "--tls-keystore=store.p12, --tls-keystore needs --tls-keystore-password-file",
    "--tls-keystore-password-file=password, needs --tls-keystore",
  })
  void valuesOutOfRangeAreRefused(String argument, String words) {
    assertThat(run(Map.of(), argument)).isEqualTo(ServerCommand.BAD_USAGE);
    assertThat(opened).isEmpty();
    assertThat(said.toString()).contains(words);
  }

  @Test
  void aCertificateIsInOnePlaceOnly() {
    assertThat(
            run(
                Map.of("DORMOUSE_TLS_KEYSTORE", "s", "DORMOUSE_TLS_KEYSTORE_PASSWORD_FILE", "p"),
                "--tls-cert=c",
                "--tls-key=k"))
        .isEqualTo(ServerCommand.BAD_USAGE);
    assertThat(said.toString()).contains("--tls-cert and --tls-keystore");
  }

  @Test
  void theCertificateIsInPemOrInAKeyStore() {
    assertThat(parsed(Map.of("DORMOUSE_TLS_KEY", "k.pem"), "--tls-cert", "c.pem").tls())
        .isEqualTo(new TlsFiles.Pem(Path.of("c.pem"), Path.of("k.pem")));
    opened.clear();
    assertThat(
            parsed(Map.of("DORMOUSE_TLS_KEYSTORE_PASSWORD_FILE", "p"), "--tls-keystore=s.p12")
                .tls())
        .isEqualTo(new TlsFiles.Pkcs12(Path.of("s.p12"), Path.of("p")));
  }

  @Test
  void originsAndProxiesAreLists() {
    GatewayOptions gateway =
        parsed(
                Map.of("DORMOUSE_TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
                "--allowed-origins=https://a.test,http://b.test:8080",
                "--allowed-origins",
                "https://c.test",
                "--proxy-protocol=Optional")
            .gateway();
    assertThat(gateway.allowedOrigins())
        .containsExactlyInAnyOrder("https://a.test", "http://b.test:8080", "https://c.test");
    assertThat(gateway.trustedProxies()).isEqualTo(TrustedProxies.of(List.of("10.0.0.0/8", "::1")));
    assertThat(gateway.proxyProtocol()).isEqualTo(ProxyProtocol.OPTIONAL);
    opened.clear();
    assertThat(parsed(Map.of("DORMOUSE_ALLOWED_ORIGINS", "*")).gateway().allowedOrigins())
        .containsExactly("*");
  }

  @Test
  void theAdminPortIsOnLoopbackUnlessToldOtherwise() {
    ServerOptions options =
        parsed(Map.of("DORMOUSE_ADMIN_TOKEN_FILE", "token"), "--admin-host=0.0.0.0");

    assertThat(options.adminHost()).isEqualTo("0.0.0.0");
    assertThat(options.adminTokenFile()).isEqualTo(Path.of("token"));
    assertThat(ServerOptions.defaults().adminHost()).isEqualTo("127.0.0.1");
    assertThat(ServerOptions.defaults().adminTokenFile()).isNull();
  }

  @Test
  void helpNamesEveryOption() {
    assertThat(run(Map.of(), "--help")).isEqualTo(ServerCommand.HELP_PRINTED);
    assertThat(said.toString())
        .contains(
            "--admin-host=ADDRESS",
            "--admin-token-file=FILE",
            "--ping=TIME",
            "--max-connections=NUMBER",
            "--max-connections-per-ip=NUMBER",
            "--upgrades-per-second-per-ip=NUMBER",
            "--allowed-origins=ORIGIN",
            "--hosts=NAME",
            "--trusted-proxies=ADDRESS",
            "--proxy-protocol=MODE",
            "--max-request-line=BYTES",
            "--max-headers=BYTES",
            "--tls-cert=FILE",
            "--tls-key=FILE",
            "--tls-keystore=FILE",
            "--tls-keystore-password-file=FILE");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "_CHAT", "_CHAT_V2", "_ADMIN"})
  @DisplayName("F21: what Kubernetes sets for a service beside us is no option of ours")
  void variablesOfServicesAreIgnored(String service) {
    String name = "DORMOUSE" + service;
    Map<String, String> environment =
        Map.of(
            name + "_SERVICE_HOST", "10.0.0.1",
            name + "_SERVICE_PORT", "8080",
            name + "_SERVICE_PORT_HTTP", "8080",
            name + "_PORT", "tcp://10.0.0.1:8080",
            name + "_PORT_8080_TCP", "tcp://10.0.0.1:8080",
            name + "_PORT_8080_TCP_PROTO", "tcp",
            name + "_PORT_8080_TCP_PORT", "8080",
            name + "_PORT_8080_TCP_ADDR", "10.0.0.1");
    ServerOptions options = parsed(environment);
    assertThat(options.port()).isEqualTo(8080);
    assertThat(options.adminPort()).isEqualTo(9090);
  }

  @ParameterizedTest
  @CsvSource({
    "DORMOUSE_PROT, 8080",
    "DORMOUSE_CHAT_PORT, 8080",
    "DORMOUSE_SERVICE, 8080",
    "DORMOUSE_HOTS, tcp://10.0.0.1:80",
    "DORMOUSE_PORT_HTTP, 8080"
  })
  @DisplayName("F21: a name that only resembles an option is an error still")
  void typosAreRefused(String variable, String value) {
    assertThat(run(Map.of(variable, value))).isEqualTo(ServerCommand.BAD_USAGE);
    assertThat(said.toString()).contains(variable + " is no option");
  }
}
