package dev.dormouse.examples;

import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;

/** Does nothing, but knows 64 bytes of each connection. */
public final class Idle extends WebSocketActor<String> {
  private static final String KNOWN = "k".repeat(64);

  @Override
  protected void onUpgrade(Upgrade<String> upgrade) {
    upgrade.accept(KNOWN);
  }
}
