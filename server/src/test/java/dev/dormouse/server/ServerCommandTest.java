package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.gateway.ConnectionLimits;
import dev.dormouse.storage.Durability;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServerCommandTest {
  private final StringWriter said = new StringWriter();
  private final List<ServerOptions> opened = new ArrayList<>();

  /** Parses, and does not start: the code to exit with. */
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
        .isEqualTo(ServerOptions.defaults().data(Path.of("./data"), Durability.FSYNC));
  }

  @Test
  void limitsOfClientsComeFromArgumentsAndEnvironment() {
    ServerOptions options =
        parsed(
            Map.of("DORMOUSE_MAX_CONNECTIONS_PER_IP", "20", "DORMOUSE_PING", "10s"),
            "--max-connections=1000",
            "--upgrades-per-second-per-ip=5",
            "--ping=5s");
    assertThat(options.gateway().limits()).isEqualTo(new ConnectionLimits(1000, 20, 5));
    assertThat(options.gateway().pingInterval()).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void pingsCanBeTurnedOff() {
    assertThat(parsed(Map.of(), "--ping=0s").gateway().pingInterval()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "--ping=999ms, --ping: 999 ms is not 1000 ms to 24 h",
    "--max-connections=-1, --max-connections: -1 is negative",
    "--max-connections-per-ip=-1, --max-connections-per-ip: -1 is negative",
    "--upgrades-per-second-per-ip=-1, --upgrades-per-second-per-ip: -1 is negative",
  })
  void valuesOutOfRangeAreRefused(String argument, String words) {
    assertThat(run(Map.of(), argument)).isEqualTo(ServerCommand.BAD_USAGE);
    assertThat(opened).isEmpty();
    assertThat(said.toString()).contains(words);
  }

  @Test
  void helpNamesEveryOption() {
    assertThat(run(Map.of(), "--help")).isEqualTo(ServerCommand.HELP_PRINTED);
    assertThat(said.toString())
        .contains(
            "--ping=TIME",
            "--max-connections=NUMBER",
            "--max-connections-per-ip=NUMBER",
            "--upgrades-per-second-per-ip=NUMBER");
  }
}
