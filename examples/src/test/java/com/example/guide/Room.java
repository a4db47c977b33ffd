package com.example.guide;

import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import java.time.Duration;

/** The actor on the page for those who come from Durable Objects. */
// tag::room
public final class Room extends WebSocketActor<Room.Member> {
  public record Member(String name) {}

  @Override
  protected void onActivate() {
    autoReply("ping", "pong");
  }

  @Override
  protected void onUpgrade(Upgrade<Member> upgrade) {
    String name = upgrade.head().query("name").orElse("guest");
    upgrade.accept(new Member(name), "member");
  }

  @Override
  protected void onMessage(Connection<Member> from, String text) {
    storage().put("last", text);
    connections().tagged("member").broadcast(from.attachment().name() + ": " + text);
    alarms().after("quiet", Duration.ofMinutes(1));
  }

  @Override
  protected void onClose(Connection<Member> gone, CloseReason reason) {
    connections().broadcast(gone.attachment().name() + " left");
  }

  @Override
  protected void onAlarm(Alarm alarm) {
    connections().broadcast("so quiet here");
  }
}
// end::room
