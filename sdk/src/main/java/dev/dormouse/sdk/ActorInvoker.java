package dev.dormouse.sdk;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Calls the handlers of one actor object. For whoever runs actors: the server, a test kit. The
 * caller sees to it that one call runs at a time, and that {@link #activate} is the first. What a
 * handler throws comes through as it is.
 *
 * <pre>{@code
 * ActorInvoker<Member> room = new ActorInvoker<>(new ChatRoom(), context);
 * room.activate();
 * room.message(ada, "hello");
 * }</pre>
 *
 * @param <A> the type of the attachments
 */
public final class ActorInvoker<A extends @Nullable Object> {
  private final WebSocketActor<A> actor;

  /**
   * Creates an invoker and gives the actor its context.
   *
   * @throws IllegalStateException if the object has a context already
   */
  public ActorInvoker(WebSocketActor<A> actor, ActorContext<A> context) {
    this.actor = actor;
    actor.bind(context);
  }

  /** Calls {@link WebSocketActor#onActivate}. */
  public void activate() throws Exception {
    actor.onActivate();
  }

  /** Calls {@link WebSocketActor#onUpgrade}. */
  public void upgrade(Upgrade<A> upgrade) throws Exception {
    actor.onUpgrade(upgrade);
  }

  /** Calls {@link WebSocketActor#onMessage(Connection, String)}. */
  public void message(Connection<A> from, String text) throws Exception {
    actor.onMessage(from, text);
  }

  /** Calls {@link WebSocketActor#onMessage(Connection, ByteBuffer)}. */
  public void message(Connection<A> from, ByteBuffer bytes) throws Exception {
    actor.onMessage(from, bytes);
  }

  /** Calls {@link WebSocketActor#onError}. */
  public void error(Connection<A> connection, Throwable error) throws Exception {
    actor.onError(connection, error);
  }

  /** Calls {@link WebSocketActor#onClose}. */
  public void close(Connection<A> gone, CloseReason reason) throws Exception {
    actor.onClose(gone, reason);
  }

  /** Calls {@link WebSocketActor#onHibernate}. */
  public void hibernate() throws Exception {
    actor.onHibernate();
  }

  /** Calls {@link WebSocketActor#onRequest}. */
  public void request(HttpRequest request) throws Exception {
    actor.onRequest(request);
  }

  /** Calls {@link WebSocketActor#onAlarm}. */
  public void alarm(Alarm alarm) throws Exception {
    actor.onAlarm(alarm);
  }
}
