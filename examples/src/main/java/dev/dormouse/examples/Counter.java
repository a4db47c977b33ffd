package dev.dormouse.examples;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;

/**
 * Counts messages: the messages of a connection in its attachment, the messages of all connections
 * in storage. It answers {@code <attachment> <total>}.
 */
public final class Counter extends WebSocketActor<Integer> {

  @Override
  protected void onUpgrade(Upgrade<Integer> upgrade) {
    upgrade.accept(0);
  }

  @Override
  protected void onMessage(Connection<Integer> from, String text) {
    from.attach(from.attachment() + 1);
    from.send(from.attachment() + " " + storage().increment("total", 1));
  }
}
