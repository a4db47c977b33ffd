package dev.dormouse.examples;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.WebSocketActor;
import java.nio.ByteBuffer;

/** Answers text and binary messages as they came, and stores nothing. */
public final class Echo extends WebSocketActor<Void> {

  @Override
  protected void onMessage(Connection<Void> from, String text) {
    from.send(text);
  }

  @Override
  protected void onMessage(Connection<Void> from, ByteBuffer bytes) {
    from.send(bytes);
  }
}
