package com.example.guide;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;

/** The actor on the page for those who come from Rivet. */
// tag::clicks
public final class Clicks extends WebSocketActor<String> {
  @Override
  protected void onUpgrade(Upgrade<String> upgrade) {
    upgrade.accept(upgrade.head().query("user").orElse("guest"));
  }

  @Override
  protected void onMessage(Connection<String> from, String message) {
    if (message.equals("increment")) {
      connections().broadcast("count " + storage().increment("count", 1));
    }
  }
}
// end::clicks
