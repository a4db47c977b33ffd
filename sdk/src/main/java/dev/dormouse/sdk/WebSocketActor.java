package dev.dormouse.sdk;

import dev.dormouse.sdk.spi.ActorContext;
import dev.dormouse.sdk.spi.ActorInvoker;
import dev.dormouse.sdk.spi.CallHandlers;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The superclass of actors, which own WebSockets. A subclass overrides the handlers that it needs:
 *
 * <pre>{@code
 * public final class Counter extends WebSocketActor<Integer> {
 *   protected void onUpgrade(Upgrade<Integer> upgrade) {
 *     upgrade.accept(0);
 *   }
 *   protected void onMessage(Connection<Integer> from, String text) {
 *     from.attach(from.attachment() + 1);
 *     from.send("you sent " + from.attachment());
 *   }
 * }
 * }</pre>
 *
 * <p><b>One at a time.</b> Handlers of one actor never run at the same time, and the messages of a
 * connection come in order, each after the one before has finished. Handlers may block, unless the
 * type chose {@link Threading#EVENT_LOOP}.
 *
 * <p><b>All or nothing.</b> What a handler does (storage, attachments, tags, alarms, sends, closes)
 * is committed when it returns, and sent only then. If it throws, nothing of it is kept or sent,
 * the error is logged, and the object is dropped, since its fields may be half changed: the next
 * event makes a new one from what is stored. The connections stay open.
 *
 * <p><b>Sleep.</b> After a while without events (10 s by default) the object is dropped too; the
 * connections stay open and the next event makes a new one. So keep in fields only what can be had
 * again, and load it in {@link #onActivate}.
 *
 * <p>A turn may last 30 s; then the actor is reset, and what the handler does later goes nowhere.
 *
 * <p><b>If no object can be made</b>, since the constructor or {@link #onActivate} throws or hangs,
 * or the store cannot be read, events wait, and it is tried again after 250 ms, then twice as long
 * each time. An event for which it has failed 6 times is given up: a message closes its connection
 * with 1011. {@link #onClose} is not given up.
 *
 * @param <A> the type of the attachments: what an actor knows of a connection. A record, by
 *     preference; at most 16 KiB serialized by default. {@code Void} for an actor without
 *     attachments; {@code @Nullable Member} if a connection may have none
 */
public abstract class WebSocketActor<A extends @Nullable Object> {
  static {
    ActorInvoker.makeWith(Handlers::new);
  }

  private @Nullable ActorContext<A> context;

  /** Creates an actor object, which cannot reach its state yet; load it in {@link #onActivate}. */
  protected WebSocketActor() {}

  /**
   * Handles the activation: the actor came into memory. It is called once for each object, before
   * all else, in a turn of its own.
   *
   * @throws Exception on any failure: the object is dropped, and a new one is tried after a while
   */
  protected void onActivate() throws Exception {}

  /**
   * Handles a client's request to connect. By default the client is accepted, without attachment.
   * An actor with attachments must override this method; the server refuses its class at the start
   * otherwise.
   *
   * @throws Exception on any failure: the client is answered 500, and there is no connection
   */
  protected void onUpgrade(Upgrade<A> upgrade) throws Exception {
    upgrade.accept();
  }

  /**
   * Handles a text message. If the actor's class does not override this method, the server closes
   * the connection of a client that sends text with 1003, unless an {@linkplain #autoReply
   * automatic reply} answers the message. The message does not wake the actor; {@link #onError} and
   * {@link #onClose} follow.
   */
  protected void onMessage(Connection<A> from, String text) throws Exception {}

  /**
   * Handles a binary message. If the actor's class does not override this method, the server closes
   * the connection of a client that sends binary messages with 1003. The message does not wake the
   * actor; {@link #onError} and {@link #onClose} follow.
   *
   * @param bytes the whole message, read-only: an event whose turn could not read the store is
   *     handled again, and is then as it was received
   */
  protected void onMessage(Connection<A> from, ByteBuffer bytes) throws Exception {}

  /**
   * Handles the end of a connection. It takes effect exactly once for each connection that was
   * accepted. If the process died with the connection, the next start brings the event, with code
   * 1006 and a {@link CloseReason.Cause} that names the cause. The connection is still listed, with
   * tags and attachment, but messages to it go nowhere.
   *
   * @throws Exception on any failure: what the handler did is void, the connection is gone all the
   *     same, and the close is not delivered again
   */
  protected void onClose(Connection<A> gone, CloseReason reason) throws Exception {}

  /**
   * Handles the failure of a socket, or a breach of the protocol by its client. {@link #onClose}
   * follows; unlike it, this event is not repeated after a crash. The connection is no longer open:
   * messages to it go nowhere, and closing it does nothing.
   *
   * @param error says what happened, and how the connection ends
   */
  protected void onError(Connection<A> connection, ConnectionFailedException error)
      throws Exception {}

  /**
   * Handles the end of the object, which is dropped because the actor is idle or the server stops.
   * It is a turn of its own, whose writes are committed. It is not called when the actor is reset
   * or the process dies, so nothing may depend on it.
   */
  protected void onHibernate() throws Exception {}

  /**
   * Handles a plain HTTP request. The answer leaves when the turn is committed.
   *
   * <p>If the actor's class does not override this method, requests do not wake the actor. The
   * server answers 426 to GET and HEAD, since the path is that of a WebSocket, and 405 to other
   * methods.
   *
   * @return the response; or {@link HttpAnswer#later} if the response is not known yet
   * @throws Exception on any failure: the client is answered 500, or as a {@link ResponseException}
   *     says
   */
  protected HttpAnswer onRequest(HttpRequest request) throws Exception {
    return HttpResponse.text(404, "nothing here");
  }

  /**
   * Handles an alarm that is due, see {@link #alarms}. The alarm is gone once this turn is
   * committed, unless the handler has set it anew.
   *
   * @throws Exception on any failure: nothing of the turn is kept, and the alarm is tried again, up
   *     to {@link Alarms#ATTEMPTS_DEFAULT} times in all; by default an {@link
   *     UnsupportedOperationException}, since an alarm that nobody handles is a mistake
   */
  protected void onAlarm(Alarm alarm) throws Exception {
    throw new UnsupportedOperationException(
        getClass().getName() + " has an alarm '" + alarm.name() + "' but no onAlarm");
  }

  /** Returns the actor's id. */
  protected final ActorId id() {
    return context().id();
  }

  /** Returns the actor's connections, which can be narrowed by tag. */
  protected final Connections<A> connections() {
    return context().connections();
  }

  /** Returns the actor's durable storage. */
  protected final Storage storage() {
    return context().storage();
  }

  /** Returns the actor's alarms, which are durable and wake the actor. */
  protected final Alarms alarms() {
    return context().alarms();
  }

  /**
   * Lets the server answer every text message that equals {@code request}, from any connection,
   * with {@code reply}. The actor is not woken and hears nothing of these messages. A new reply to
   * a request replaces an earlier one. Automatic replies are durable and part of the turn: they
   * hold from the end of the turn until they are cleared, also after a restart.
   *
   * <p>Such a message does not wait for those before it: it may be answered while the actor is
   * still busy with an earlier message of the same connection.
   *
   * @param request a whole message, at most {@link ActorOptions#autoReplyBytesMax()} of UTF-8
   * @param reply the answer, at most {@link ActorOptions#autoReplyBytesMax()} of UTF-8
   * @throws LimitExceededException if the request or the reply is too long, or the actor has {@link
   *     ActorOptions#autoRepliesMax()} automatic replies
   */
  protected final void autoReply(String request, String reply) {
    context().autoReply(new AutoReply(request, reply));
  }

  /** Lets messages that equal {@code request} come to the actor again, if they do not already. */
  protected final void clearAutoReply(String request) {
    context().clearAutoReply(request);
  }

  /**
   * Keeps the current turn open until a stage has completed. The next event waits, and callbacks of
   * the stage belong to this turn. If the stage fails, the turn fails.
   *
   * @throws TurnStateException if no turn is open
   */
  protected final void waitFor(CompletionStage<?> stage) {
    context().waitFor(stage);
  }

  /**
   * Lets a stage go on beside the actor, for work whose result the actor does not need, such as a
   * call to another service. No event and no hibernation waits for the stage, but a stop of the
   * server does, as long as its drain time lasts. Callbacks of the stage must not use the actor
   * once the turn is over. A stage that fails is only logged.
   *
   * @throws LimitExceededException if the actor has 1,024 pieces of background work under way
   * @throws TurnStateException if no turn is open
   */
  protected final void inBackground(CompletionStage<?> stage) {
    context().inBackground(stage);
  }

  /**
   * Resets the actor: discards the current turn, and drops this object as if its handler had
   * thrown. Nothing that the turn did is kept or sent; the connections stay open, and the next
   * event makes a new object from what is stored. It is for an actor that finds its own fields to
   * be wrong.
   *
   * <pre>{@code
   * if (total != members.size()) throw reset("the members do not add up");
   * }</pre>
   *
   * <p>The call discards the turn, and returns an exception for the handler to throw. If the
   * handler does not throw it, or catches it, whatever else the turn does goes nowhere all the
   * same. The event is not handled again. The sender of a message hears nothing of it, whatever the
   * {@link FailurePolicy}; an upgrade or a request is answered 503; a connection that has ended is
   * gone, as if {@link #onClose} had thrown. In {@link #onActivate}, the activation has failed, and
   * is tried again after a while.
   *
   * @param why the reason, for the log
   * @return an exception without stack trace, whose message is the reason
   * @throws TurnStateException if no turn is open
   */
  protected final RuntimeException reset(String why) {
    return context().reset(why);
  }

  /**
   * Returns a reference to another actor, or to this one, by which this actor calls it.
   *
   * @param type the class of the other actor, which the server must have as one actor type
   * @param key the key of the other actor
   * @throws IllegalArgumentException if the server has no actor type of this class or more than
   *     one, or the key cannot be one
   */
  protected final <T extends WebSocketActor<?>> ActorRef<T> actor(Class<T> type, String key) {
    return context().actor(type, key);
  }

  /**
   * Runs an action once the current turn is committed, for work outside of actors that must not
   * happen if the turn is discarded: a mail, a call to another service. If the turn is discarded or
   * lost, or the process dies first, the action does not run. To let a call to another actor happen
   * for certain, use {@link ActorRef#tell}.
   *
   * @param action runs on a thread of handlers, beside later turns; it must not use the actor, and
   *     a failure is only logged. The actions of one turn run one after the other
   * @throws LimitExceededException if the turn has 1,024 actions
   * @throws TurnStateException if no turn is open
   */
  protected final void afterCommit(Runnable action) {
    context().afterCommit(action);
  }

  /** Returns the time by the server's clock, which a test moves by hand. */
  protected final Instant now() {
    return context().now();
  }

  /**
   * Returns how often this actor was activated, this time included. The number is for people to
   * look at: an actor that falls asleep with no connection, value, alarm or automatic reply leaves
   * nothing behind, and its count begins at 1 again.
   */
  protected final long activation() {
    return context().activation();
  }

  /** Returns the services of the actor, for the SDK's own base classes. */
  final ActorContext<A> context() {
    if (context == null) {
      throw new TurnStateException(
          TurnStateException.Why.NONE_OPEN,
          "nothing of the actor can be reached in its constructor; use onActivate");
    }
    return context;
  }

  /** Calls the handlers of an actor object. */
  private static final class Handlers<A extends @Nullable Object> extends ActorInvoker<A> {
    private final WebSocketActor<A> actor;

    Handlers(WebSocketActor<A> actor, ActorContext<A> context) {
      if (actor.context != null) {
        throw new IllegalStateException(
            actor.getClass().getName()
                + " was handed out twice: its factory must make a new object each time");
      }
      this.actor = actor;
      actor.context = context;
    }

    @Override
    public void activate() throws Exception {
      actor.onActivate();
    }

    @Override
    public void upgrade(Upgrade<A> upgrade) throws Exception {
      actor.onUpgrade(upgrade);
    }

    @Override
    public void message(Connection<A> from, String text) throws Exception {
      actor.onMessage(from, text);
    }

    @Override
    public void message(Connection<A> from, ByteBuffer bytes) throws Exception {
      actor.onMessage(from, bytes);
    }

    @Override
    public void error(Connection<A> connection, ConnectionFailedException error) throws Exception {
      actor.onError(connection, error);
    }

    @Override
    public void close(Connection<A> gone, CloseReason reason) throws Exception {
      actor.onClose(gone, reason);
    }

    @Override
    public void hibernate() throws Exception {
      actor.onHibernate();
    }

    @Override
    public HttpAnswer request(HttpRequest request) throws Exception {
      return actor.onRequest(request);
    }

    @Override
    public void alarm(Alarm alarm) throws Exception {
      actor.onAlarm(alarm);
    }

    @Override
    public @Nullable Object call(CallHandlers.Handler handler, Call<?> call) throws Exception {
      return handler.invoke(actor, call);
    }
  }
}
