package com.example.guide;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.WebSocketActor;

/** The first release of {@link Profile}. */
public final class FirstProfile extends WebSocketActor<Void> {
  public record User(String fullName) {}

  @Override
  protected void onMessage(Connection<Void> from, String name) {
    storage().put("person", new User(name));
    from.send("stored");
  }
}
