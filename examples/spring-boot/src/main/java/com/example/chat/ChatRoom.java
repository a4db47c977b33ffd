package com.example.chat;

import dev.dormouse.sdk.Call;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.spring.ActorRoute;

@ActorRoute(path = "/chat/:key")
public class ChatRoom extends WebSocketActor<String> {
  /** Tells everyone in the room; the answer is the number of members who are told. */
  public record Announce(String text) implements Call<Integer> {}

  private final Greeter greeter;

  public ChatRoom(Greeter greeter) {
    this.greeter = greeter;
  }

  @Override
  protected void onUpgrade(Upgrade<String> upgrade) {
    String name = upgrade.head().query("name").orElse("guest");
    upgrade.accept(name).send(greeter.welcome(name));
  }

  @Override
  protected void onMessage(Connection<String> from, String text) {
    connections().broadcast(from.attachment() + ": " + text);
  }

  int onCall(Announce call) {
    connections().broadcast(call.text());
    return connections().count();
  }
}
