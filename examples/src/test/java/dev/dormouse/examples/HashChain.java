package dev.dormouse.examples;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Computes the answers that {@link Journal} should give, from the messages it holds. */
final class HashChain {
  private HashChain() {}

  /** Returns for each message the answer {@code <count> <hash>}. */
  static List<String> answers(List<String> messages) throws NoSuchAlgorithmException {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    List<String> answers = new ArrayList<>();
    String hash = "";
    for (String message : messages) {
      byte[] digest = sha256.digest((hash + message).getBytes(StandardCharsets.UTF_8));
      hash = HexFormat.of().formatHex(digest);
      answers.add(answers.size() + 1 + " " + hash);
    }
    return answers;
  }
}
