package dev.dormouse.server;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.security.auth.x500.X500Principal;

/** Makes certificates for tests, in X.509 version 3 (RFC 5280) and the JDK alone. */
public final class Certificates {
  private static final String RSA = "RSA";
  private static final Duration DAY = Duration.ofDays(1);

  /** The identifiers of SHA256withRSA and SHA256withECDSA. */
  private static final byte[] RSA_SIGNATURE = sequence(oid("1.2.840.113549.1.1.11"), tlv(5));

  private static final byte[] EC_SIGNATURE = sequence(oid("1.2.840.10045.4.3.2"));

  private static final byte[] P_256 = oid("1.2.840.10045.3.1.7");

  private Certificates() {}

  /**
   * A key and its certificates.
   *
   * @param chain the certificates, the key's own first
   */
  public record Identity(KeyPair keys, List<X509Certificate> chain) {

    /** Returns the key's own certificate. */
    public X509Certificate certificate() {
      return chain.get(0);
    }

    /** Returns the chain as PEM. */
    public String certificatesPem() {
      StringBuilder pem = new StringBuilder();
      chain.forEach(certificate -> pem.append(pem("CERTIFICATE", encoded(certificate))));
      return pem.toString();
    }

    /** Returns the key as PEM, in PKCS #8. */
    public String keyPem() {
      return pem("PRIVATE KEY", keys.getPrivate().getEncoded());
    }

    /** Returns the key as PEM, as old tools write it: PKCS #1, or SEC 1. */
    public String oldKeyPem() {
      byte[] inner = new Der(keys.getPrivate().getEncoded()).inner().skip().skip().content();
      if (keys.getPrivate().getAlgorithm().equals(RSA)) {
        return pem("RSA PRIVATE KEY", inner);
      }
      byte[] number = new Der(inner).inner().skip().content();
      return pem(
          "EC PRIVATE KEY", sequence(tlv(2, new byte[] {1}), tlv(4, number), tlv(0xA0, P_256)));
    }

    /** Returns chain and key as PKCS #12. */
    public byte[] pkcs12(String password) {
      try (ByteArrayOutputStream out = new ByteArrayOutputStream()) {
        keyStore(password).store(out, password.toCharArray());
        return out.toByteArray();
      } catch (IOException | GeneralSecurityException e) {
        throw new AssertionError(e);
      }
    }

    private KeyStore keyStore(String password) throws IOException, GeneralSecurityException {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(
          "server",
          keys.getPrivate(),
          password.toCharArray(),
          chain.toArray(X509Certificate[]::new));
      return store;
    }

    /** Returns the key managers of a server. */
    public KeyManagerFactory keyManagers() {
      try {
        KeyManagerFactory factory =
            KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keyStore("secret"), "secret".toCharArray());
        return factory;
      } catch (IOException | GeneralSecurityException e) {
        throw new AssertionError(e);
      }
    }

    /** Writes chain and key into files, one after the other. */
    public void write(Path certificates, Path key) throws IOException {
      Files.writeString(certificates, certificatesPem());
      Files.writeString(key, keyPem());
    }
  }

  /**
   * Returns an identity that signed itself, for localhost, 127.0.0.1 and ::1, from yesterday until
   * tomorrow.
   */
  public static Identity selfSigned(String name) {
    return selfSigned(name, "EC", Instant.now().minus(DAY), Instant.now().plus(DAY));
  }

  /**
   * Makes a certificate that signed itself, valid in a given time.
   *
   * @param algorithm {@code EC} or {@code RSA}
   */
  public static Identity selfSigned(String name, String algorithm, Instant from, Instant until) {
    KeyPair keys = keys(algorithm);
    return new Identity(
        keys, List.of(certificate(name, name, keys, keys.getPrivate(), from, until)));
  }

  /** Returns an identity that another one signed, which is in the chain. */
  public static Identity signedBy(Identity issuer, String name) {
    KeyPair keys = keys("EC");
    String issuerName =
        issuer.certificate().getSubjectX500Principal().getName().replaceFirst("^CN=", "");
    X509Certificate own =
        certificate(
            name,
            issuerName,
            keys,
            issuer.keys().getPrivate(),
            Instant.now().minus(DAY),
            Instant.now().plus(DAY));
    return new Identity(keys, Stream.concat(Stream.of(own), issuer.chain().stream()).toList());
  }

  /** Returns a client that trusts these certificates, and nobody else. */
  public static SSLContext clientOf(X509Certificate... trusted) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      for (X509Certificate certificate : trusted) {
        store.setCertificateEntry(certificate.getSubjectX500Principal().getName(), certificate);
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, factory.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static KeyPair keys(String algorithm) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
      generator.initialize(algorithm.equals(RSA) ? 2048 : 256);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static X509Certificate certificate(
      String subject, String issuer, KeyPair keys, PrivateKey signer, Instant from, Instant until) {
    boolean isRsa = signer.getAlgorithm().equals(RSA);
    byte[] algorithm = isRsa ? RSA_SIGNATURE : EC_SIGNATURE;
    byte[] isAuthority = sequence(oid("2.5.29.19"), tlv(4, sequence(tlv(1, new byte[] {-1}))));
    byte[] names =
        sequence(
            oid("2.5.29.17"),
            tlv(
                4,
                sequence(
                    tlv(0x82, "localhost".getBytes(StandardCharsets.US_ASCII)),
                    tlv(0x87, new byte[] {127, 0, 0, 1}),
                    tlv(0x87, new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}))));
    byte[] body =
        sequence(
            tlv(0xA0, tlv(2, new byte[] {2})),
            tlv(2, BigInteger.valueOf(System.nanoTime()).toByteArray()),
            algorithm,
            new X500Principal("CN=" + issuer).getEncoded(),
            sequence(time(from), time(until)),
            new X500Principal("CN=" + subject).getEncoded(),
            keys.getPublic().getEncoded(),
            tlv(0xA3, sequence(isAuthority, names)));
    try {
      Signature signature = Signature.getInstance(isRsa ? "SHA256withRSA" : "SHA256withECDSA");
      signature.initSign(signer);
      signature.update(body);
      byte[] signed = signature.sign();
      byte[] bits = new byte[signed.length + 1];
      System.arraycopy(signed, 0, bits, 1, signed.length);
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(
                  new ByteArrayInputStream(sequence(body, algorithm, tlv(3, bits))));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] encoded(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static String pem(String what, byte[] content) {
    String base64 =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(content);
    return "-----BEGIN " + what + "-----\n" + base64 + "\n-----END " + what + "-----\n";
  }

  // ---- DER (X.690)

  private static byte[] time(Instant instant) {
    String text =
        DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC).format(instant);
    return tlv(0x18, text.getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] oid(String dotted) {
    long[] arcs = Arrays.stream(dotted.split("\\.", -1)).mapToLong(Long::parseLong).toArray();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write((int) (arcs[0] * 40 + arcs[1]));
    for (int i = 2; i < arcs.length; i++) {
      for (int shift = 63; shift > 0; shift -= 7) {
        if (arcs[i] >> shift != 0) {
          out.write((int) ((arcs[i] >> shift) & 0x7F) | 0x80);
        }
      }
      out.write((int) (arcs[i] & 0x7F));
    }
    return tlv(6, out.toByteArray());
  }

  private static byte[] sequence(byte[]... parts) {
    return tlv(0x30, parts);
  }

  private static byte[] tlv(int tag, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    Arrays.stream(parts).forEach(content::writeBytes);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    writeLength(out, content.size());
    out.writeBytes(content.toByteArray());
    return out.toByteArray();
  }

  private static void writeLength(ByteArrayOutputStream out, int length) {
    if (length >= 0x100) {
      out.write(0x82);
      out.write(length >> 8);
    } else if (length >= 0x80) {
      out.write(0x81);
    }
    out.write(length);
  }

  /** A place in DER. */
  private static final class Der {
    private final byte[] bytes;
    private int at;

    Der(byte[] bytes) {
      this.bytes = bytes;
    }

    private int length() {
      int first = bytes[at + 1] & 0xFF;
      if (first < 0x80) {
        return first;
      }
      int length = 0;
      for (int i = 0; i < first - 0x80; i++) {
        length = (length << 8) + (bytes[at + 2 + i] & 0xFF);
      }
      return length;
    }

    private int start() {
      int first = bytes[at + 1] & 0xFF;
      return at + 2 + (first < 0x80 ? 0 : first - 0x80);
    }

    Der inner() {
      at = start();
      return this;
    }

    Der skip() {
      at = start() + length();
      return this;
    }

    byte[] content() {
      return Arrays.copyOfRange(bytes, start(), start() + length());
    }
  }
}
