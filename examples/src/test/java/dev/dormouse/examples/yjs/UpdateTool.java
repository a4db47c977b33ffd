package dev.dormouse.examples.yjs;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * A program that answers each line of input, which is {@code merge}, {@code state}, {@code diff} or
 * {@code split} and updates in Base64, with bytes in Base64.
 */
public final class UpdateTool {
  private static final int SPLIT_BYTES = 100;

  private UpdateTool() {}

  /** Answers until the input ends. */
  public static void main(String[] args) throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ");
      List<byte[]> given = Arrays.stream(words).skip(1).map(Base64.getDecoder()::decode).toList();
      String answer;
      try {
        answer = Base64.getEncoder().encodeToString(answer(words[0], given));
      } catch (MalformedException e) {
        answer = "!" + e.getMessage();
      }
      System.out.println(answer);
    }
  }

  private static byte[] answer(String order, List<byte[]> given) {
    return switch (order) {
      case "merge" -> Update.merge(given.stream().map(Update::read).toList()).bytes();
      case "state" -> Update.bytesOf(Update.read(given.get(0)).state());
      case "diff" -> Update.read(given.get(0)).after(Update.readState(given.get(1))).bytes();
      case "split" -> {
        ByteArrayOutputStream parts = new ByteArrayOutputStream();
        for (byte[] part : Update.read(given.get(0)).split(SPLIT_BYTES)) {
          parts.writeBytes(ByteBuffer.allocate(4).putInt(part.length).array());
          parts.writeBytes(part);
        }
        yield parts.toByteArray();
      }
      default -> throw new IllegalArgumentException(order);
    };
  }
}
