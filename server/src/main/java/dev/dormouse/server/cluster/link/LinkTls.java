package dev.dormouse.server.cluster.link;

import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.TCPSSLOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * The files with which the nodes of a cluster encrypt their links (TLS 1.3), all in PEM. Each node
 * shows its certificate to the other, and takes every certificate that the authority has signed:
 * names in certificates are not compared, since the greeting proves the names of the nodes. The
 * files are read when the node starts.
 *
 * @param certificates a file with this node's certificate, followed by those that lead from it to
 *     the authority
 * @param key a file with the key of the certificate, not encrypted
 * @param authority a file with the certificates of the authority that signs those of the nodes
 */
public record LinkTls(Path certificates, Path key, Path authority) {

  /**
   * Checks that the files are there.
   *
   * @throws IllegalArgumentException if a file is not there or cannot be read
   */
  public LinkTls {
    for (Path file : new Path[] {certificates, key, authority}) {
      if (!Files.isReadable(file)) {
        throw new IllegalArgumentException(
            Files.exists(file)
                ? "the file " + file + " cannot be read"
                : "there is no file " + file);
      }
    }
  }

  /** Encrypts the connections that are made with some options. */
  void applyTo(TCPSSLOptions options) {
    options
        .setSsl(true)
        .setEnabledSecureTransportProtocols(Set.of("TLSv1.3"))
        .setKeyCertOptions(
            new PemKeyCertOptions().addCertPath(certificates.toString()).addKeyPath(key.toString()))
        .setTrustOptions(new PemTrustOptions().addCertPath(authority.toString()));
  }
}
