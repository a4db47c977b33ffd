package dev.dormouse.server.admin;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Holds the token that users of the admin port must give: {@value #LENGTH_MIN} to {@value
 * #LENGTH_MAX} of the characters of bearer tokens (RFC 6750, section 2.1). A browser that has
 * logged in carries a pass instead: the time at which the pass ends, signed with the token.
 * Comparisons take the same time for every wrong text. Any thread.
 */
final class AdminToken {
  static final int LENGTH_MIN = 16;
  static final int LENGTH_MAX = 1_024;

  private static final Pattern FORM = Pattern.compile("[A-Za-z0-9._~+/-]+=*");
  private static final Pattern PASS = Pattern.compile("([0-9]{1,16})\\.([A-Za-z0-9_-]{1,64})");
  private static final String SEAL = "HmacSHA256";
  private static final String PURPOSE = "dormouse admin pass ";

  private final byte[] token;

  private AdminToken(String token) {
    this.token = token.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads the token from a file; white space around it is not part of it.
   *
   * @throws IllegalArgumentException if there is no such file, or no valid token in it; the message
   *     does not contain the token
   */
  static AdminToken in(Path file) {
    String text;
    try {
      text = Files.readString(file).strip();
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException("--admin-token-file: there is no file " + file, e);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "--admin-token-file: " + file + " cannot be read: " + e, e);
    }
    if (text.length() < LENGTH_MIN || text.length() > LENGTH_MAX) {
      throw new IllegalArgumentException(
          "--admin-token-file: the token in %s has %s characters; it must have %s to %s"
              .formatted(file, text.length(), LENGTH_MIN, LENGTH_MAX));
    }
    if (!FORM.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "--admin-token-file: the token in %s has other characters than A-Z, a-z, 0-9 and -._~+/="
              .formatted(file));
    }
    return new AdminToken(text);
  }

  /** Returns the value of the header {@code Authorization} with which a program has access. */
  String authorization() {
    return "Bearer " + new String(token, StandardCharsets.UTF_8);
  }

  /** Returns whether the text is the token. */
  boolean is(String text) {
    return MessageDigest.isEqual(digest(token), digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** Returns a pass that ends at a time, in milliseconds since 1970. */
  String pass(long endMs) {
    return endMs + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(seal(endMs));
  }

  /** Returns whether the text is a pass of this token that has not ended yet. */
  boolean admits(String pass, long nowMs) {
    Matcher matcher = PASS.matcher(pass);
    if (!matcher.matches()) {
      return false;
    }
    long endMs = Long.parseLong(matcher.group(1));
    byte[] wanted = pass(endMs).getBytes(StandardCharsets.UTF_8);
    return MessageDigest.isEqual(wanted, pass.getBytes(StandardCharsets.UTF_8)) && nowMs < endMs;
  }

  private byte[] seal(long endMs) {
    try {
      Mac mac = Mac.getInstance(SEAL);
      mac.init(new SecretKeySpec(token, SEAL));
      return mac.doFinal((PURPOSE + endMs).getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every JDK has " + SEAL, e);
    }
  }

  /** Returns a hash, so that the time of a comparison does not reveal even the length. */
  private static byte[] digest(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
