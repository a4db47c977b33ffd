package dev.dormouse.server.cli;

import dev.dormouse.server.tls.TlsFiles;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options of TLS. */
final class TlsOptions {
  @Option(
      names = "--tls-cert",
      paramLabel = "FILE",
      description =
          "Serve https and wss, TLS 1.2 and 1.3: the certificate, and those that lead to a known one,"
              + " in PEM. New files are taken into use without a restart.")
  private @Nullable Path certificates;

  @Option(
      names = "--tls-key",
      paramLabel = "FILE",
      description = "Its key, RSA or EC, in PEM, not encrypted.")
  private @Nullable Path key;

  @Option(
      names = "--tls-keystore",
      paramLabel = "FILE",
      description = "The same, both in one PKCS12 key store.")
  private @Nullable Path keystore;

  @Option(
      names = "--tls-keystore-password-file",
      paramLabel = "FILE",
      description = "The password of the key store.")
  private @Nullable Path password;

  /** Where the certificate is; null if it is nowhere. */
  @Nullable TlsFiles files(CommandLine line) {
    checkTogether(line, "--tls-cert", certificates, "--tls-key", key);
    checkTogether(line, "--tls-keystore", keystore, "--tls-keystore-password-file", password);
    if (certificates != null && keystore != null) {
      throw new ParameterException(
          line, "--tls-cert and --tls-keystore: only one of them says where the certificate is");
    }
    if (certificates != null && key != null) {
      return new TlsFiles.Pem(certificates, key);
    }
    return keystore != null && password != null ? new TlsFiles.Pkcs12(keystore, password) : null;
  }

  private static void checkTogether(
      CommandLine line, String name, @Nullable Path one, String otherName, @Nullable Path other) {
    if ((one == null) != (other == null)) {
      throw new ParameterException(
          line,
          "%s wants %s".formatted(one == null ? otherName : name, one == null ? name : otherName));
    }
  }
}
