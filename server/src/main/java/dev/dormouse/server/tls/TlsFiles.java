package dev.dormouse.server.tls;

import java.nio.file.Path;
import java.util.List;

/**
 * Names the files of a server's certificate and key. The server reads them at the start, and again
 * when they change; each file has at most 1 MiB.
 */
public sealed interface TlsFiles {

  /** Returns the files, in the order of the record's components. */
  List<Path> paths();

  /**
   * Names two files in PEM (RFC 7468).
   *
   * @param certificates a file with the server's certificate, followed by the certificates that
   *     lead from it to one that clients know
   * @param key a file with the key of the server's certificate: RSA or elliptic curve, in PKCS #8,
   *     PKCS #1 or SEC 1, not encrypted
   */
  record Pem(Path certificates, Path key) implements TlsFiles {
    @Override
    public List<Path> paths() {
      return List.of(certificates, key);
    }
  }

  /**
   * Names a key store (PKCS #12) with one key.
   *
   * @param keystore the file of the key store
   * @param password a file with the password of both store and key; a line feed at the end of the
   *     file is not part of the password
   */
  record Pkcs12(Path keystore, Path password) implements TlsFiles {
    @Override
    public List<Path> paths() {
      return List.of(keystore, password);
    }
  }
}
