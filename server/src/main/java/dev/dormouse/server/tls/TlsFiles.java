package dev.dormouse.server.tls;

import java.nio.file.Path;
import java.util.List;

/** Where a server's certificate and its key are. */
public sealed interface TlsFiles {

  /** The files, in the order of the parts of the record. */
  List<Path> paths();

  /**
   * Two files in PEM (RFC 7468).
   *
   * @param certificates the server's certificate, then those that lead from it to one that clients
   *     know
   * @param key the key of the first; RSA or elliptic curves, in PKCS #8, PKCS #1 or SEC 1, not
   *     encrypted
   */
  record Pem(Path certificates, Path key) implements TlsFiles {
    @Override
    public List<Path> paths() {
      return List.of(certificates, key);
    }
  }

  /**
   * A key store (PKCS #12) with one key.
   *
   * @param keystore the store
   * @param password a file with the password of both store and key; a line feed at its end is not
   *     part of it
   */
  record Pkcs12(Path keystore, Path password) implements TlsFiles {
    @Override
    public List<Path> paths() {
      return List.of(keystore, password);
    }
  }
}
