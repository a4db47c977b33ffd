package dev.dormouse.examples;

import dev.dormouse.examples.Bench.AfterEcho;
import dev.dormouse.examples.yjs.YjsDocument;
import dev.dormouse.sdk.Threading;
import dev.dormouse.server.Dormouse;

/** The program that serves the examples. */
public final class Examples {

  private Examples() {}

  /** Starts the server as the command line says. */
  public static void main(String[] args) {
    server().start(args);
  }

  /** Returns the server of the examples, not started. */
  static Dormouse server() {
    return Dormouse.server()
        .routes(ChatPage::mount)
        .actor("/chat/:key", ChatRoom.class, ChatRoom::new)
        .actor("/counter/:key", Counter.class, Counter::new)
        .actor("/echo/:key", Echo.class, Echo::new, o -> o.messageBytesMax(16 << 20))
        .actor("/journal/:key", Journal.class, Journal::new, Journal::options)
        .actor("/reminder/:key", Reminder.class, Reminder::new)
        .actor("/yjs/:key*", YjsDocument.class, YjsDocument::new, YjsDocument::options)
        .actor("/bench/echo/:key", Bench.class, () -> new Bench(AfterEcho.NOTHING))
        .actor("/bench/attach/:key", Bench.class, () -> new Bench(AfterEcho.ATTACH))
        .actor(
            "/bench/loop-echo/:key",
            Bench.class,
            () -> new Bench(AfterEcho.NOTHING),
            o -> o.threading(Threading.EVENT_LOOP))
        .actor(
            "/bench/loop-attach/:key",
            Bench.class,
            () -> new Bench(AfterEcho.ATTACH),
            o -> o.threading(Threading.EVENT_LOOP))
        .actor("/bench/idle/:key", Idle.class, Idle::new)
        .actor("/bench/put/:key", Bench.class, () -> new Bench(AfterEcho.PUT));
  }
}
