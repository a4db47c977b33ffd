package com.example;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.Dormouse;

public final class TinyChat extends WebSocketActor<TinyChat.Member> {
  public record Member(String name, int said) {}

  @Override
  protected void onUpgrade(Upgrade<Member> upgrade) {
    var me = upgrade.accept(new Member(upgrade.head().query("name").orElse("guest"), 0), "member");
    me.send("welcome"); // leaves after the 101, once the connection is on disk
    connections().except(me).broadcast(me.attachment().name() + " joined");
  }

  @Override
  protected void onMessage(Connection<Member> from, String text) {
    var member = from.attachment();
    from.attach(new Member(member.name(), member.said() + 1)); // same commit as everything else
    connections().tagged("member").broadcast(member.name() + ": " + text);
  }

  @Override
  protected void onClose(Connection<Member> gone, CloseReason reason) {
    connections().broadcast(gone.attachment().name() + " left");
  }

  public static void main(String[] args) {
    Dormouse.server().actor("/chat/:key", TinyChat.class, TinyChat::new).start(args);
  }
}
