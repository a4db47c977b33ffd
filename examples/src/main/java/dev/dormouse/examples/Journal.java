package dev.dormouse.examples;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.Storage;
import dev.dormouse.sdk.StorageKey;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * A log that proves itself. A message is appended and answered with {@code <count> <hash>}. The
 * hash is SHA-256 over the previous hash (in hex; empty at first) and the message, in hex. The
 * attachment keeps the connection's last message. {@code GET} returns the log, a line each; line
 * breaks inside a message are written as {@code \n} and {@code \r}.
 */
public final class Journal extends WebSocketActor<String> {
  private static final int MESSAGE_BYTES_MAX = 256 << 10;
  private static final int PAGE = 1_000;
  private static final String LINE = "line/";
  private static final StorageKey<Long> COUNT = StorageKey.of("count", Long.class);
  private static final StorageKey<String> HASH = StorageKey.of("hash", String.class);

  static ActorOptions options(ActorOptions options) {
    return options
        .messageBytesMax(MESSAGE_BYTES_MAX)
        .attachmentBytesMax(ActorOptions.ATTACHMENT_BYTES_CEILING);
  }

  @Override
  protected void onUpgrade(Upgrade<String> upgrade) {
    upgrade.accept("");
  }

  @Override
  protected void onMessage(Connection<String> from, String message) {
    long count = storage().increment(COUNT, 1);
    String hash = hash(storage().getOrDefault(HASH, ""), message);
    storage().put(LINE + "%016x".formatted(count), message);
    storage().put(HASH, hash);
    from.attach(message);
    from.send(count + " " + hash);
  }

  @Override
  protected HttpResponse onRequest(HttpRequest request) {
    StringBuilder log = new StringBuilder();
    KeyRange rest = KeyRange.prefix(LINE).limit(PAGE);
    List<Storage.Entry<String>> page = storage().list(rest, String.class);
    while (!page.isEmpty()) {
      page.forEach(line -> log.append(onOneLine(line.value())).append('\n'));
      page = storage().list(rest.after(page.get(page.size() - 1).key()), String.class);
    }
    return HttpResponse.text(200, log.toString());
  }

  /** Returns the hash after a message. */
  static String hash(String before, String message) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      return HexFormat.of()
          .formatHex(sha256.digest((before + message).getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private static String onOneLine(String message) {
    return message.replace("\n", "\\n").replace("\r", "\\r");
  }
}
