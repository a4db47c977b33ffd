package dev.dormouse.server;

import dev.dormouse.storage.Durability;
import java.math.BigDecimal;
import java.util.Locale;

/** What a server says of itself when it is up: one screen. */
final class StartScreen {
  private StartScreen() {}

  static String of(DormouseServer server, long startedInMs) {
    ServerOptions options = server.options();
    String data =
        options.durability() == Durability.MEMORY
            ? "none"
            : options.data().toAbsolutePath().normalize().toString();
    return """

           ()_()
           (-.-)  z z    Dormouse: actors that own WebSockets, and sleep
          c(")(")

          listening    %s://%s:%d
          admin        %s   (%s)
          data         %s
          durability   %s: %s
          idle         %s s without events, then an actor leaves memory; its sockets stay
          java         %s, pid %d, up in %d ms
        """
        .formatted(
            options.tls() == null ? "http" : "https",
            options.host(),
            server.port(),
            server.adminUrl(),
            options.adminTokenFile() == null ? "loopback only" : "wants its token",
            data,
            options.durability().name().toLowerCase(Locale.ROOT),
            options.durability().promise(),
            BigDecimal.valueOf(options.idle().toMillis(), 3).stripTrailingZeros().toPlainString(),
            Runtime.version().feature(),
            ProcessHandle.current().pid(),
            startedInMs);
  }
}
