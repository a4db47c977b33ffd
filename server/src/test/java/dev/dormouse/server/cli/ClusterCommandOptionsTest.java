package dev.dormouse.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.options.ClusterOptions;
import dev.dormouse.server.options.ClusterOptions.Role;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.options.ServerStartException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClusterCommandOptionsTest {
  private static final String PEERS = "a=10.0.0.1:7400,b=10.0.0.2:7400,c=[fd00::3]:7400";
  private static final Map<String, String> ADDRESSES =
      Map.of("a", "10.0.0.1:7400", "b", "10.0.0.2:7400", "c", "[fd00::3]:7400");

  @TempDir Path folder;
  private final StringWriter said = new StringWriter();
  private final List<ServerOptions> opened = new ArrayList<>();
  private Path secret;

  @BeforeEach
  void writeSecrets() throws IOException {
    secret = Files.writeString(folder.resolve("secret"), "x".repeat(32) + "\n");
    Files.writeString(folder.resolve("short"), "x".repeat(31) + "\n");
  }

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

  @Test
  void aServerWithoutANameIsAlone() {
    assertThat(run(Map.of())).isEqualTo(ServerCommand.CANNOT_START);
    assertThat(opened.get(0).cluster()).isNull();
  }

  @Test
  void aNodeKnowsItsPeersAndTheFileOfTheirSecret() {
    assertThat(run(Map.of(), "--node", "b", "--peers", PEERS, "--cluster-secret-file", "" + secret))
        .isEqualTo(ServerCommand.CANNOT_START);
    assertThat(opened.get(0).cluster()).isEqualTo(ClusterOptions.of("b", ADDRESSES, secret));
    assertThat(said.toString()).doesNotContain("even number");
  }

  @Test
  void aGatewayIsNoneOfThePeers() {
    String file = "--cluster-secret-file=" + secret;
    assertThat(run(Map.of(), "--node=g", "--role=Gateway", "--peers", PEERS, file))
        .isEqualTo(ServerCommand.CANNOT_START);
    assertThat(opened.get(0).cluster())
        .isEqualTo(new ClusterOptions("g", Role.GATEWAY, ADDRESSES, secret, ClusterOptions.GROUPS));
  }

  @Test
  void theOptionsComeFromEnvironmentAndFile() throws IOException {
    Path config =
        Files.writeString(
            folder.resolve("config"), "peers=" + PEERS + "\ncluster-secret-file=" + secret + "\n");
    assertThat(run(Map.of("DORMOUSE_NODE", "c"), "--config=" + config))
        .isEqualTo(ServerCommand.CANNOT_START);
    assertThat(opened.get(0).cluster()).isEqualTo(ClusterOptions.of("c", ADDRESSES, secret));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--node=a | --node needs --peers, the names and addresses of all nodes, such as a=10",
        "--peers=a=h:1 | --peers needs --node, the name of this node",
        "--cluster-secret-file=S | --cluster-secret-file needs --node",
        "--role=gateway | --role needs --node",
        "--role=boss | is not all, host or gateway",
        "--node=a --role=gateway --peers=a=h:1 --cluster-secret-file=S"
            + " | --peers: the node a is a gateway, and the peers are the nodes that host actors",
        "--node=a --peers=a=h:1 | --node needs --cluster-secret-file,",
        "--node=a --peers=a=h:1 | make one for all nodes with: head -c 32 /dev/urandom",
        "--node=d --peers=a=h:1,b=h:2,c=h:3 --cluster-secret-file=S"
            + " | --peers: the node d is none of the nodes a, b, c; correct --node",
        "--node=a --peers=a --cluster-secret-file=S | --peers: 'a' is not NAME=HOST:PORT",
        "--node=a --peers=a=h --cluster-secret-file=S"
            + " | --peers: \"h\" is not an address host:port",
        "--node=a --peers=a=h:70000 --cluster-secret-file=S | 70000 is not 0 to 65535",
        "--node=a --peers=a=h:0 --cluster-secret-file=S | --peers: 'a=h:0' has port 0",
        "--node=a --peers=a=::1:7400 --cluster-secret-file=S | an IPv6 address stands in brackets",
        "--node=a --peers=a=h:1,a=h:2 --cluster-secret-file=S"
            + " | --peers: there are two nodes named a",
        "--node=a --peers=a=h:1,b=h:1 --cluster-secret-file=S"
            + " | --peers: the nodes a and b have the same address h:1",
        "--node=a/b --peers=a/b=h:1 --cluster-secret-file=S"
            + " | --peers: the node's name \"a/b\" is not 1 to 64 letters",
        "--node=a --peers=a=h:1 --cluster-secret-file=none | --cluster-secret-file: there is no file",
        "--node=a --peers=a=h:1 --cluster-secret-file=short | the cluster's secret has 31 bytes",
        "--node=a --peers=a=h:1 --cluster-secret-file=S --durability=memory"
            + " | --durability: memory keeps nothing, but a node of a cluster",
      })
  void whatCannotWorkIsRefusedInOneLine(String line, String words) {
    String[] args =
        Arrays.stream(line.split(" "))
            .map(arg -> arg.replaceFirst("file=S$", "file=" + secret))
            .map(arg -> arg.replaceFirst("file=(none|short)$", "file=" + folder + "/$1"))
            .toArray(String[]::new);
    assertThat(run(Map.of(), args)).isEqualTo(ServerCommand.BAD_USAGE);
    assertThat(opened).isEmpty();
    assertThat(said.toString()).contains(words);
    assertThat(said.toString().lines()).hasSize(2).last().isEqualTo("Try --help.");
  }

  @Test
  void anEvenNumberOfNodesIsAllowedWithAWarning() {
    String[] args =
        Stream.of("--node=a", "--peers=a=h:1,b=h:2", "--cluster-secret-file=" + secret)
            .toArray(String[]::new);
    assertThat(run(Map.of(), args)).isEqualTo(ServerCommand.CANNOT_START);
    assertThat(said.toString()).contains("--peers has 2 nodes, and an even number is no safer");
  }
}
