package dev.dormouse.server.cli;

import dev.dormouse.server.cluster.ClusterStatus;
import dev.dormouse.server.cluster.ClusterView;
import dev.dormouse.server.node.Node;
import dev.dormouse.server.options.ClusterOptions;
import dev.dormouse.server.options.FileHandles;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.OptionalInt;

/** Formats the screen that a server prints when it is up. */
final class StartScreen {
  private StartScreen() {}

  /**
   * Returns the screen of a server that is up.
   *
   * @param asked the options as the operator gave them
   */
  static String of(Node node, ServerOptions asked, long startedInMs) {
    ServerOptions options = node.options;
    String data =
        options.durability() == Durability.MEMORY
            ? "none"
            : options.data().toAbsolutePath().normalize().toString();
    return """

       ()_()
       (-.-)  z z    Dormouse: actors that own WebSockets, and sleep
      c(")(")

      listening    %s
      admin        %s   (%s)
      network      %s
    %s  connections  %s
      data         %s
      durability   %s: %s
      idle         %s s without events, then an actor falls asleep; its sockets stay
      java         %s, pid %s, up in %s ms
    """
        .formatted(
            listening(node),
            node.admin.url(),
            options.adminTokenFile() == null ? "loopback only" : "asks for its token",
            node.listeners.transport(),
            cluster(node),
            connections(options, asked),
            data,
            options.durability().name().toLowerCase(Locale.ROOT),
            options.durability().promise(),
            BigDecimal.valueOf(options.idle().toMillis(), 3).stripTrailingZeros().toPlainString(),
            Runtime.version().feature(),
            ProcessHandle.current().pid(),
            startedInMs);
  }

  /** Returns the line about the cluster; nothing if the server is alone. */
  private static String cluster(Node node) {
    ClusterOptions options = node.options.cluster();
    ClusterView view = node.cluster();
    if (options == null || view == null) {
      return "";
    }
    ClusterStatus status = view.status();
    long led = status.groups().size() - status.leaderless();
    String address = options.peers().get(options.node());
    return "  cluster      node %s%s; %s of %s nodes are up, %s of %s groups have a leader\n"
        .formatted(
            options.node(),
            address == null ? ", a gateway" : " at " + address,
            status.nodesUp(),
            status.nodes().size(),
            led,
            status.groups().size());
  }

  /** Returns the URL for clients; for a node that only hosts actors, that there is none. */
  private static String listening(Node node) {
    ServerOptions options = node.options;
    ClusterOptions cluster = options.cluster();
    return cluster != null && cluster.role() == ClusterOptions.Role.HOST
        ? "for no clients, because this node only hosts actors"
        : "%s://%s:%s"
            .formatted(
                options.tls() == null ? "http" : "https", options.host(), node.listeners.port());
  }

  private static String connections(ServerOptions options, ServerOptions asked) {
    int most = options.gateway().limits().connectionsMax().orElseThrow();
    OptionalInt wanted = asked.gateway().limits().connectionsMax();
    if (wanted.isEmpty()) {
      return "at most %s, the number that the file handles allow".formatted(most);
    }
    return most == wanted.getAsInt()
        ? "at most " + most
        : "at most %s instead of %s, since the process may open too few files; %s"
            .formatted(most, wanted.getAsInt(), FileHandles.REMEDY);
  }
}
