package dev.dormouse.sdk;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * An actor that owns WebSockets. Subclass it, override what you need:
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
 *     preference; at most 16 KiB serialized by default
 */
public abstract class WebSocketActor<A extends @Nullable Object> {
  private @Nullable ActorContext<A> context;

  /** For subclasses. Nothing of the actor can be reached yet: load state in {@link #onActivate}. */
  protected WebSocketActor() {}

  /**
   * The actor came into memory: once for each object, before anything else. A turn of its own.
   *
   * @throws Exception anything: the object is dropped, and a new one is tried after a while
   */
  protected void onActivate() throws Exception {}

  /**
   * A client asks to connect; by default it is accepted, without attachment.
   *
   * @throws Exception anything: the client is answered 500, and there is no connection
   */
  protected void onUpgrade(Upgrade<A> upgrade) throws Exception {
    upgrade.accept();
  }

  /** A text message came. By default it is ignored. */
  protected void onMessage(Connection<A> from, String text) throws Exception {}

  /**
   * A binary message came. By default it is ignored.
   *
   * @param bytes the whole message, read-only: an event whose turn could not read the store is
   *     handled again, and is then as it was received
   */
  protected void onMessage(Connection<A> from, ByteBuffer bytes) throws Exception {}

  /**
   * A connection ended. It takes effect exactly once for each connection that was accepted, even if
   * the process died with it: then the next start brings it, with code 1006 and a {@link
   * CloseReason.Cause} that says what it died of. The connection is still listed, with tags and
   * attachment; what is sent to it goes nowhere.
   *
   * @throws Exception anything: what the handler did is void, the connection is gone all the same,
   *     and the close is not delivered again
   */
  protected void onClose(Connection<A> gone, CloseReason reason) throws Exception {}

  /**
   * The socket of a connection failed, or the client broke the protocol. {@link #onClose} follows.
   * Unlike it, this is not repeated after a crash. The connection is no longer open: what is sent
   * to it goes nowhere, and closing it does nothing.
   *
   * @param error says what happened
   */
  protected void onError(Connection<A> connection, Throwable error) throws Exception {}

  /**
   * The object is about to be dropped because the actor is idle or the server stops. A turn of its
   * own: what it stores is committed. Not called when the actor is reset or the process dies, so
   * nothing may depend on it.
   */
  protected void onHibernate() throws Exception {}

  /** A plain HTTP request came. By default it is answered 404. */
  protected void onRequest(HttpRequest request) throws Exception {
    request.respond(HttpResponse.text(404, "nothing here"));
  }

  /**
   * An alarm is due, see {@link #alarms}. It is gone once this turn is committed, unless the
   * handler has set it anew.
   *
   * @throws Exception anything: nothing of the turn is kept, and the alarm is tried again, up to
   *     {@link Alarms#ATTEMPTS_MAX} times in all; by default an {@link
   *     UnsupportedOperationException}, since an alarm that nobody handles is a mistake
   */
  protected void onAlarm(Alarm alarm) throws Exception {
    throw new UnsupportedOperationException(
        getClass().getName() + " has an alarm '" + alarm.name() + "' but no onAlarm");
  }

  /** The actor's name. */
  protected final ActorId id() {
    return context().id();
  }

  /** The actor's connections; can be narrowed by tag. */
  protected final Connections<A> connections() {
    return context().connections();
  }

  /** The actor's durable storage. */
  protected final Storage storage() {
    return context().storage();
  }

  /** The actor's alarms: durable, and they wake it. */
  protected final Alarms alarms() {
    return context().alarms();
  }

  /**
   * Has every text message that equals {@code request}, from any connection, answered with {@code
   * reply} by the server, without waking the actor; it hears nothing of them. Takes the place of an
   * earlier reply to the same request. Durable, and part of the turn like all else: it holds from
   * the end of the turn until it is cleared, after a restart too.
   *
   * <p>Such a message does not wait for those before it: it may be answered while the actor is
   * still busy with an earlier message of the same connection.
   *
   * @param request a whole message, at most 2 KiB of UTF-8
   * @param reply the answer, at most 2 KiB of UTF-8
   * @throws LimitExceededException if one is too long, or the actor has 16 automatic replies
   */
  protected final void autoReply(String request, String reply) {
    context().autoReply(new AutoReply(request, reply));
  }

  /** Has messages that equal {@code request} come to the actor again; nothing if they do. */
  protected final void clearAutoReply(String request) {
    context().clearAutoReply(request);
  }

  /**
   * Keeps the current turn open until the stage has completed: the next event waits, and what
   * happens meanwhile in callbacks of the stage belongs to this turn. If the stage fails, so does
   * the turn.
   *
   * @throws IllegalStateException if no turn is open
   */
  protected final void waitFor(CompletionStage<?> stage) {
    context().waitFor(stage);
  }

  /**
   * Lets the stage go on beside the actor: no event waits for it, nor does hibernation, but a stop
   * of the server does, as long as its drain time lasts. For work whose result the actor does not
   * need, such as a call to another service. Nothing of the actor can be used in its callbacks once
   * the turn is over. If the stage fails, that is logged, and no more.
   *
   * @throws LimitExceededException if the actor has 1,024 pieces of background work under way
   * @throws IllegalStateException if no turn is open
   */
  protected final void inBackground(CompletionStage<?> stage) {
    context().inBackground(stage);
  }

  /**
   * Begins anew: discards the current turn, and drops this object as if its handler had thrown.
   * Nothing that the turn did is kept or sent; the connections stay open, and the next event makes
   * a new object from what is stored. For an actor that finds its own fields to be wrong.
   *
   * <p>It does not return: it throws, and if that is caught, whatever else the turn does goes
   * nowhere. The event is not handled again. The sender of a message hears nothing of it, whatever
   * the {@link FailurePolicy}; an upgrade or a request is answered 503; a connection that has ended
   * is gone, as if {@link #onClose} had thrown. In {@link #onActivate}, the activation has failed,
   * and is tried again after a while.
   *
   * @param why for the log
   * @throws IllegalStateException if no turn is open
   */
  protected final void reset(String why) {
    context().reset(why);
  }

  /** The time, by the server's clock; a test moves it by hand. */
  protected final Instant now() {
    return context().now();
  }

  /**
   * How often this actor was activated, this time included; from 1. It is for people to look at: an
   * actor that falls asleep with no connection, value, alarm or automatic reply leaves nothing
   * behind, and counts from 1 again.
   */
  protected final long activation() {
    return context().activation();
  }

  final void bind(ActorContext<A> context) {
    if (this.context != null) {
      throw new IllegalStateException(
          getClass().getName()
              + " was handed out twice: its factory must make a new object each time");
    }
    this.context = context;
  }

  private ActorContext<A> context() {
    if (context == null) {
      throw new IllegalStateException(
          "nothing of the actor can be reached in its constructor; use onActivate");
    }
    return context;
  }
}
