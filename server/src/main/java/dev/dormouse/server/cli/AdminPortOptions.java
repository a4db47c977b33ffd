package dev.dormouse.server.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Holds the options that set where the admin port listens and who may use it. */
final class AdminPortOptions {
  @Option(
      names = "--admin-host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description =
          "The address of the admin port. An address that other machines can reach"
              + " needs --admin-token-file. Default: ${DEFAULT-VALUE}")
  private String host = "127.0.0.1";

  @Option(
      names = "--admin-token-file",
      paramLabel = "FILE",
      description =
          "A file with the token that users of the admin port must give, 16 to 1024"
              + " characters of A-Z, a-z, 0-9 and -._~+/=. Default: none")
  private @Nullable Path tokenFile;

  String host() {
    return host;
  }

  @Nullable Path tokenFile() {
    return tokenFile;
  }
}
