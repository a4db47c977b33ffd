package dev.dormouse.server.tls;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.X509KeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Holds a certificate chain and its key, which were checked to belong together.
 *
 * @param keys the key and the chain, in the form that TLS takes
 * @param chain the certificates, the server's own first
 */
record Certificate(KeyManagerFactory keys, List<X509Certificate> chain) {
  private static final String BEGIN = "-----BEGIN ";
  private static final byte[] SAMPLE = "a sample".getBytes(StandardCharsets.US_ASCII);

  /**
   * Reads and checks a certificate.
   *
   * @throws IllegalArgumentException if the certificate cannot be used; the message names the file
   *     and the fault
   */
  static Certificate of(TlsFiles files, Contents contents) {
    if (contents.fault() != null) {
      throw new IllegalArgumentException(contents.fault());
    }
    if (files instanceof TlsFiles.Pem pem) {
      return ofPem(pem, text(contents.bytes(0)), text(contents.bytes(1)));
    }
    TlsFiles.Pkcs12 store = (TlsFiles.Pkcs12) files;
    String password = text(contents.bytes(1)).replaceFirst("\\r?\\n$", "");
    return ofPkcs12(store, contents.bytes(0), password.toCharArray());
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static Certificate ofPem(TlsFiles.Pem files, String certificates, String key) {
    checkPem(files.certificates(), certificates, "CERTIFICATE");
    if (key.contains(BEGIN + "ENCRYPTED PRIVATE KEY") || key.contains("Proc-Type: 4,ENCRYPTED")) {
      throw fault(
          files.key(), "is encrypted, which only a PKCS12 key store may be; decrypt the key", null);
    }
    checkPem(files.key(), key, "PRIVATE KEY");
    KeyManagerFactory keys;
    try {
      keys =
          new PemKeyCertOptions()
              .setCertValue(Buffer.buffer(certificates))
              .setKeyValue(Buffer.buffer(key))
              .getKeyManagerFactory(null); // the method without a key store would read paths
    } catch (Exception e) {
      throw new IllegalArgumentException(
          "%s and %s cannot be read as PEM of a certificate and its RSA or EC key: %s"
              .formatted(files.certificates(), files.key(), innermost(e)),
          e);
    }
    return checked(files.certificates(), files.key(), keys);
  }

  private static void checkPem(Path file, String text, String what) {
    if (!text.contains(BEGIN)) {
      throw fault(file, "is not PEM: it has no line '-----BEGIN …'", null);
    }
    if (!text.matches("(?s).*" + BEGIN + "[A-Z ]*" + what + "-----.*")) {
      throw fault(file, "has no " + what, null);
    }
  }

  private static Certificate ofPkcs12(TlsFiles.Pkcs12 files, byte[] bytes, char[] password) {
    KeyStore store;
    try {
      store = KeyStore.getInstance("PKCS12");
      store.load(new ByteArrayInputStream(bytes), password);
    } catch (IOException e) {
      String why =
          e.getCause() instanceof GeneralSecurityException
              ? "cannot be opened with the password in " + files.password()
              : "is not PKCS12: " + e.getMessage();
      throw fault(files.keystore(), why, e);
    } catch (GeneralSecurityException e) {
      throw fault(files.keystore(), "cannot be read: " + e.getMessage(), e);
    }
    try {
      List<String> aliases = new ArrayList<>();
      for (String alias : Collections.list(store.aliases())) {
        if (store.isKeyEntry(alias)) {
          aliases.add(alias);
        }
      }
      if (aliases.size() != 1) {
        throw fault(
            files.keystore(),
            "has %s keys %s; it must have exactly one".formatted(aliases.size(), aliases),
            null);
      }
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, password);
      return checked(files.keystore(), files.keystore(), keys);
    } catch (GeneralSecurityException e) {
      throw fault(files.keystore(), "has a key that cannot be used: " + e.getMessage(), e);
    }
  }

  private static Certificate checked(Path certificates, Path keyFile, KeyManagerFactory keys) {
    for (KeyManager manager : keys.getKeyManagers()) {
      if (manager instanceof X509KeyManager x509) {
        for (String type : List.of("RSA", "EC")) {
          String[] aliases = x509.getServerAliases(type, null);
          if (aliases != null && aliases.length > 0) {
            PrivateKey key = x509.getPrivateKey(aliases[0]);
            List<X509Certificate> chain = List.of(x509.getCertificateChain(aliases[0]));
            if (!isKeyOf(chain.get(0), key)) {
              throw fault(
                  keyFile, "is not the key of the first certificate in " + certificates, null);
            }
            return new Certificate(keys, chain);
          }
        }
      }
    }
    throw fault(keyFile, "has no RSA or EC key", null);
  }

  private static boolean isKeyOf(X509Certificate certificate, PrivateKey key) {
    if (!certificate.getPublicKey().getAlgorithm().equals(key.getAlgorithm())) {
      return false;
    }
    try {
      Signature signature =
          Signature.getInstance(
              key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA");
      signature.initSign(key);
      signature.update(SAMPLE);
      byte[] signed = signature.sign();
      signature.initVerify(certificate.getPublicKey());
      signature.update(SAMPLE);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static IllegalArgumentException fault(Path file, String why, @Nullable Throwable cause) {
    return new IllegalArgumentException(file + " " + why, cause);
  }

  private static String innermost(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String why = String.valueOf(cause.getMessage());
    return why.equals("Certificate chain is not valid")
        ? "the certificates are not in order; each must be issued by the next"
        : why;
  }

  /** Returns warnings about a certificate that can be used, such as one that has expired. */
  List<String> warnings(Instant now) {
    List<String> warnings = new ArrayList<>();
    for (int i = 0; i < chain.size(); i++) {
      X509Certificate certificate = chain.get(i);
      Instant until = certificate.getNotAfter().toInstant();
      Instant from = certificate.getNotBefore().toInstant();
      if (now.isAfter(until)) {
        warnings.add("certificate %s (%s) expired at %s".formatted(i + 1, name(i), until));
      } else if (now.isBefore(from)) {
        warnings.add("certificate %s (%s) is valid from %s".formatted(i + 1, name(i), from));
      }
    }
    return warnings;
  }

  private String name(int i) {
    return chain.get(i).getSubjectX500Principal().getName();
  }

  @Override
  public String toString() {
    return "%s, %s in the chain, valid until %s"
        .formatted(name(0), chain.size(), chain.get(0).getNotAfter().toInstant());
  }
}
