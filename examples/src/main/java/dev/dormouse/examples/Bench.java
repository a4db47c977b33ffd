package dev.dormouse.examples;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import java.nio.ByteBuffer;

/**
 * An actor for load tests. A message that begins with {@code B} goes unchanged to all connections
 * of the actor. A message that begins with {@code D} is answered with {@code
 * {"activation":n,"count":attachment,"connections":k}}. Any other message is echoed, and something
 * is stored or not.
 */
public final class Bench extends WebSocketActor<Integer> {

  /** The kinds of data that are stored with an echo. */
  enum AfterEcho {
    NOTHING,
    /** The attachment is counted up. */
    ATTACH,
    /** A value is put. */
    PUT
  }

  private final AfterEcho afterEcho;

  Bench(AfterEcho afterEcho) {
    this.afterEcho = afterEcho;
  }

  @Override
  protected void onUpgrade(Upgrade<Integer> upgrade) {
    upgrade.accept(0);
  }

  @Override
  protected void onMessage(Connection<Integer> from, String text) {
    if (text.startsWith("B")) {
      connections().broadcast(text);
    } else if (text.startsWith("D")) {
      from.send(
          "{\"activation\":%s,\"count\":%s,\"connections\":%s}"
              .formatted(activation(), from.attachment(), connections().count()));
    } else {
      from.send(text);
      store(from, text);
    }
  }

  @Override
  protected void onMessage(Connection<Integer> from, ByteBuffer bytes) {
    if (bytes.hasRemaining() && bytes.get(bytes.position()) == 'B') {
      connections().broadcast(bytes);
    } else {
      from.send(bytes);
      store(from, bytes.remaining());
    }
  }

  private void store(Connection<Integer> from, Object value) {
    switch (afterEcho) {
      case NOTHING -> {}
      case ATTACH -> from.attach(from.attachment() + 1);
      case PUT -> storage().put("last", value);
    }
  }
}
