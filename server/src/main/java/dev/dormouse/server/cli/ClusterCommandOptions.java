package dev.dormouse.server.cli;

import static dev.dormouse.server.cli.ServerCommand.with;

import dev.dormouse.server.cluster.link.ClusterSecret;
import dev.dormouse.server.cluster.link.NodeAddress;
import dev.dormouse.server.options.ClusterOptions;
import dev.dormouse.server.options.ClusterOptions.Role;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** Holds the options that make a server a node of a cluster. */
final class ClusterCommandOptions {
  private static final String EXAMPLE = "a=10.0.0.1:7400,b=10.0.0.2:7400,c=10.0.0.3:7400";
  private static final String REMEDY =
      "make one for all nodes with: head -c 32 /dev/urandom | base64 > FILE";

  @Option(
      names = "--node",
      paramLabel = "NAME",
      description =
          "The lasting name of this node in its cluster, one of the names in --peers"
              + " unless it is a gateway. Without it the server is alone. Default: none")
  private @Nullable String node;

  @Option(
      names = "--peers",
      paramLabel = "NODE",
      split = ",",
      description =
          "All nodes of the cluster that host actors, this one included, each as"
              + " NAME=HOST:PORT, separated by commas. The node listens for the others at"
              + " its own address, and reaches them at theirs. Default: none")
  private @Nullable List<String> peers;

  @Option(
      names = "--role",
      paramLabel = "ROLE",
      defaultValue = "all",
      converter = RoleConverter.class,
      description = {
        "The work of this node in its cluster. Default: ${DEFAULT-VALUE}",
        "  all      it holds sockets and hosts actors",
        "  host     it hosts actors, and has no port for clients",
        "  gateway  it holds sockets and keeps no data; it is none of --peers"
      })
  private Role role = Role.ALL;

  @Option(
      names = "--cluster-secret-file",
      paramLabel = "FILE",
      description =
          "A file with the secret that all nodes of the cluster share, 32 to 1024"
              + " bytes. Default: none")
  private @Nullable Path secretFile;

  /** Returns the options of a server with its part in a cluster added, if it has one. */
  ServerOptions in(CommandLine line, ServerOptions options) {
    if (node == null) {
      refuse(line, "--peers", peers);
      refuse(line, "--cluster-secret-file", secretFile);
      refuse(line, "--role", role == Role.ALL ? null : role);
      return options;
    }
    if (peers == null) {
      throw new ParameterException(
          line, "--node needs --peers, the names and addresses of all nodes, such as " + EXAMPLE);
    }
    if (secretFile == null) {
      throw new ParameterException(
          line,
          "--node needs --cluster-secret-file, because nodes talk only to nodes that know the same"
              + " secret; "
              + REMEDY);
    }
    if (options.durability() == Durability.MEMORY && role != Role.GATEWAY) {
      throw new ParameterException(
          line,
          "--durability: memory keeps nothing, but a node of a cluster keeps its state on disk;"
              + " choose fsync or wal, or leave out --node");
    }
    String name = node.strip();
    List<String> entries = peers;
    Path file = secretFile;
    ServerOptions clustered =
        with(line, "--peers", options, o -> o.cluster(cluster(name, map(entries), file)));
    warnOfEven(line, entries.size());
    return with(line, "--cluster-secret-file", clustered, o -> checked(o, file));
  }

  private ClusterOptions cluster(String name, Map<String, String> addresses, Path file) {
    if (role != Role.GATEWAY && !addresses.containsKey(name)) {
      throw new IllegalArgumentException(
          "the node %s is none of the nodes %s; correct --node, or add the node's address"
              .formatted(name, String.join(", ", addresses.keySet())));
    }
    return new ClusterOptions(name, role, addresses, file, ClusterOptions.GROUPS);
  }

  private static void refuse(CommandLine line, String option, @Nullable Object value) {
    if (value != null) {
      throw new ParameterException(
          line, option + " needs --node, the name of this node in its cluster");
    }
  }

  /** Returns the addresses of the nodes by their names. */
  private static Map<String, String> map(List<String> entries) {
    Map<String, String> addresses = new TreeMap<>();
    Map<NodeAddress, String> names = new HashMap<>();
    for (String entry : entries) {
      int equals = entry.indexOf('=');
      if (equals < 0) {
        throw new IllegalArgumentException(
            "'" + entry + "' is not NAME=HOST:PORT; an example is " + EXAMPLE);
      }
      String name = entry.substring(0, equals).strip();
      NodeAddress address = NodeAddress.parse(entry.substring(equals + 1).strip());
      if (address.port() == 0) {
        throw new IllegalArgumentException(
            "'" + entry + "' has port 0, at which the other nodes cannot find it; choose a port");
      }
      if (addresses.put(name, address.toString()) != null) {
        throw new IllegalArgumentException(
            "there are two nodes named " + name + "; give each node a name of its own");
      }
      String other = names.put(address, name);
      if (other != null) {
        throw new IllegalArgumentException(
            "the nodes %s and %s have the same address %s; give each node its own"
                .formatted(other, name, address));
      }
    }
    return addresses;
  }

  private static void warnOfEven(CommandLine line, int nodes) {
    if (nodes % 2 == 0) {
      line.getErr()
          .println(
              "dormouse: --peers has %s nodes, and an even number is no safer than one node less;"
                      .formatted(nodes)
                  + " the cluster works while more than half of its nodes do");
    }
  }

  /** Returns the options if the secret can be used. */
  private static ServerOptions checked(ServerOptions options, Path secretFile) {
    try {
      ClusterSecret unused = ClusterSecret.in(secretFile);
      return options;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(e.getMessage() + "; " + REMEDY, e);
    }
  }

  /** Converts {@code all}, {@code host} and {@code gateway}. */
  static final class RoleConverter implements ITypeConverter<Role> {
    @Override
    public Role convert(String text) {
      return switch (text.strip().toLowerCase(Locale.ROOT)) {
        case "all" -> Role.ALL;
        case "host" -> Role.HOST;
        case "gateway" -> Role.GATEWAY;
        default -> throw new TypeConversionException("'" + text + "' is not all, host or gateway");
      };
    }
  }
}
