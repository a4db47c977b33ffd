package dev.dormouse.server.cluster.link;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Holds the secret that all nodes of a cluster share: {@value #BYTES_MIN} to {@value #BYTES_MAX}
 * bytes. No text of this class contains it. Any thread.
 */
public final class ClusterSecret {
  /** The fewest bytes of a secret. */
  public static final int BYTES_MIN = 32;

  /** The most bytes of a secret. */
  public static final int BYTES_MAX = 1_024;

  private static final String ALGORITHM = "HmacSHA256";

  private final SecretKeySpec key;

  /**
   * Creates the holder of a secret.
   *
   * @throws IllegalArgumentException if the secret has too few or too many bytes
   */
  public ClusterSecret(byte[] secret) {
    if (secret.length < BYTES_MIN || secret.length > BYTES_MAX) {
      throw new IllegalArgumentException(
          "the cluster's secret has "
              + secret.length
              + " bytes; it must have "
              + BYTES_MIN
              + " to "
              + BYTES_MAX);
    }
    this.key = new SecretKeySpec(secret, ALGORITHM);
  }

  /**
   * Reads the secret from a file; white space around it is not part of it.
   *
   * @throws IllegalArgumentException if there is no such file, or no valid secret in it
   */
  public static ClusterSecret in(Path file) {
    try {
      return new ClusterSecret(
          Files.readString(file, StandardCharsets.ISO_8859_1)
              .strip()
              .getBytes(StandardCharsets.ISO_8859_1));
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException("there is no file " + file, e);
    } catch (IOException e) {
      throw new IllegalArgumentException(file + " cannot be read: " + e, e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  /** Returns the proof that its maker has the secret and the bytes. */
  byte[] proofOf(byte[] bytes) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      return mac.doFinal(bytes);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + ALGORITHM, e);
    }
  }

  @Override
  public String toString() {
    return "the cluster's secret";
  }
}
