package dev.dormouse.server.cli;

import dev.dormouse.server.tls.TlsFiles;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Holds the options of TLS. */
final class TlsOptions {
  @Option(
      names = "--tls-cert",
      paramLabel = "FILE",
      description =
          "A PEM file with the server's certificate and those that lead to a known"
              + " one; with it clients connect by https and wss, TLS 1.2 and 1.3. New"
              + " files are taken into use without a restart. Default: none")
  private @Nullable Path certificates;

  @Option(
      names = "--tls-key",
      paramLabel = "FILE",
      description = "A PEM file with the key of the certificate, RSA or EC, not encrypted.")
  private @Nullable Path key;

  @Option(
      names = "--tls-keystore",
      paramLabel = "FILE",
      description = "A PKCS12 key store with certificate and key, instead of two PEM files.")
  private @Nullable Path keystore;

  @Option(
      names = "--tls-keystore-password-file",
      paramLabel = "FILE",
      description = "A file with the password of the key store.")
  private @Nullable Path password;

  /** Returns the files of the certificate; null if no option names one. */
  @Nullable TlsFiles files(CommandLine line) {
    checkTogether(line, "--tls-cert", certificates, "--tls-key", key);
    checkTogether(line, "--tls-keystore", keystore, "--tls-keystore-password-file", password);
    if (certificates != null && keystore != null) {
      throw new ParameterException(
          line, "--tls-cert and --tls-keystore exclude each other; give only one of them");
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
          "%s needs %s".formatted(one == null ? otherName : name, one == null ? name : otherName));
    }
  }
}
