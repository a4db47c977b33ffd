package ${package};

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.Dormouse;

/** A room of the chat: each name below /chat/ is a room of its own. */
public final class ChatRoom extends WebSocketActor<ChatRoom.Member> {

  /** Describes one connection to the room; it is stored, and survives sleep and restarts. */
  public record Member(String name) {}

  @Override
  protected void onUpgrade(Upgrade<Member> upgrade) {
    String name = upgrade.head().query("name").orElse("guest");
    Connection<Member> me = upgrade.accept(new Member(name));
    me.send("welcome, " + name);
    connections().except(me).broadcast(name + " joined");
  }

  @Override
  protected void onMessage(Connection<Member> from, String text) {
    connections().broadcast(from.attachment().name() + ": " + text);
  }

  @Override
  protected void onClose(Connection<Member> gone, CloseReason reason) {
    connections().broadcast(gone.attachment().name() + " left");
  }

  /** Returns the server with its actors and its page, not started. */
  static Dormouse server() {
    return Dormouse.server()
        .routes((router, server) -> Page.mount(router))
        .actor("/chat/:key", ChatRoom.class, ChatRoom::new);
  }

  public static void main(String[] args) {
    server().start(args);
  }
}
