package dev.dormouse.sdk;

import dev.dormouse.sdk.spi.ActorContext;
import org.jspecify.annotations.Nullable;

/**
 * The superclass of actors whose messages are objects. A {@link MessageCodec} stands between the
 * objects and the text messages of the WebSocket. Applications extend the class of a format, such
 * as {@code dev.dormouse.json.JsonActor}.
 *
 * <pre>{@code
 * public final class Chat extends JsonActor<Member, Chat.In, Chat.Out> {
 *   public sealed interface In {}
 *   public record Say(String text) implements In {}
 *   public sealed interface Out {}
 *   public record Said(String by, String text) implements Out {}
 *
 *   protected void onMessage(Connection<Member> from, In message) {
 *     if (message instanceof Say say) broadcast(new Said(from.attachment().name(), say.text()));
 *   }
 * }
 * }</pre>
 *
 * <p><b>Bad input.</b> If the codec cannot read a text, no handler is called. The sender gets one
 * refusal with the reason, and its connection stays open. The server counts the refusal and tells
 * its observers. A client that sends much of it meets {@link ActorOptions#messagesPerSecondMax}.
 * Binary messages close their connection with 1003, as for any actor that does not handle them.
 *
 * <p><b>Questions.</b> A message may have an id, under which its client waits for an answer. {@link
 * #onQuestion} makes the answer, which leaves when the turn is committed. If the turn fails or
 * takes too long, the client gets a refusal with the code {@code failed} in place of the answer. If
 * the turn cannot be stored, the connection is closed.
 *
 * @param <A> the type of the attachments, as {@link WebSocketActor} says
 * @param <In> the type of the messages that come from clients
 * @param <Out> the type of the messages that go to clients
 */
public abstract class MessageActor<A extends @Nullable Object, In, Out> extends WebSocketActor<A> {

  /** The id of the last message, if it was a question; null if it was not. */
  private @Nullable String question;

  /** Creates an actor object; see {@link WebSocketActor#WebSocketActor()}. */
  protected MessageActor() {}

  /** Returns the codec of the actor's type, which is the same for all calls. */
  protected abstract MessageCodec<In, Out> codec();

  /** Handles a message of a client. */
  protected abstract void onMessage(Connection<A> from, In message) throws Exception;

  /**
   * Handles a question: a message under whose id the client waits for an answer. By default it is
   * handled as a message, and the answer only says that this is done.
   *
   * @return the answer; null for an answer without content
   * @throws Exception on any failure: the client gets a refusal in place of the answer, with the
   *     code {@code failed}, or as {@link #refuse} says
   */
  protected @Nullable Out onQuestion(Connection<A> from, In question) throws Exception {
    onMessage(from, question);
    return null;
  }

  /** Reads the message, and hands it to {@link #onMessage(Connection, Object)} or refuses it. */
  @Override
  protected final void onMessage(Connection<A> from, String text) throws Exception {
    MessageCodec<In, Out> codec = codec();
    MessageCodec.Received<In> received;
    try {
      received = codec.decode(text);
    } catch (MessageRefusedException e) {
      context().messageRefused(e.code());
      from.send(codec.refusal(e.question(), e.code(), String.valueOf(e.getMessage())));
      return;
    }
    question = received.question();
    if (received.question() == null) {
      onMessage(from, received.message());
      return;
    }
    context()
        .replyIfDiscarded(
            codec.refusal(received.question(), "failed", "the actor could not handle the message"));
    Out answer = onQuestion(from, received.message());
    from.send(codec.answer(received.question(), answer));
  }

  /**
   * Sends a message to one connection, once the turn is committed.
   *
   * @return the delivery, which tells the outcome
   * @throws IllegalArgumentException if the message has a value that cannot be written
   * @throws LimitExceededException if the message is over 32 MiB
   */
  protected final Delivery send(Connection<?> to, Out message) {
    return to.send(codec().encode(message));
  }

  /**
   * Sends a message that makes earlier ones of the same key worthless, as {@link
   * Connection#sendLatest(String, String)} does.
   *
   * @return the delivery, which tells the outcome
   * @throws IllegalArgumentException if the message has a value that cannot be written
   * @throws LimitExceededException if the message is over 32 MiB, or the key too long
   */
  protected final Delivery sendLatest(Connection<?> to, String key, Out message) {
    return to.sendLatest(key, codec().encode(message));
  }

  /**
   * Sends a message to all connections of the actor, once the turn is committed. It is written once
   * for all of them.
   *
   * @throws IllegalArgumentException if the message has a value that cannot be written
   * @throws LimitExceededException if the message is over 32 MiB
   */
  protected final void broadcast(Out message) {
    broadcast(connections(), message);
  }

  /**
   * Sends a message to each connection of a view, once the turn is committed: {@code
   * broadcast(connections().tagged("member").except(from), message)}. It is written once for all of
   * them, and no connection is read.
   *
   * @throws IllegalArgumentException if the message has a value that cannot be written
   * @throws LimitExceededException if the message is over 32 MiB
   */
  protected final void broadcast(Connections<?> to, Out message) {
    to.broadcast(codec().encode(message));
  }

  /**
   * Sends a message to each connection of a view, as {@link Connection#sendLatest(String, String)}
   * does. It is written once for all of them.
   *
   * @throws IllegalArgumentException if the message has a value that cannot be written
   * @throws LimitExceededException if the message is over 32 MiB, or the key too long
   */
  protected final void broadcastLatest(Connections<?> to, String key, Out message) {
    to.broadcastLatest(key, codec().encode(message));
  }

  /**
   * Refuses the message that the turn is about: {@code throw refuse("taken", "choose another
   * name")}. Nothing that the turn did is kept or sent. The sender gets the refusal, as the answer
   * if it asked a question, and its connection stays open. The server counts the refusal. As after
   * {@link #reset}, the next event makes a new actor object, and the log gets a line, so an answer
   * that clients cause often should be an {@code Out} of its own instead.
   *
   * @param code a short name of the reason, for programs: 1 to 40 of the characters {@code a-z},
   *     {@code 0-9}, {@code _} and {@code -}. It is a label of a metric, so it must not be made of
   *     what clients send
   * @param message the reason and the remedy, for the client to read
   * @return an exception without stack trace, for the handler to throw
   * @throws IllegalArgumentException if the code is not such a name
   * @throws TurnStateException if no turn is open
   */
  protected final RuntimeException refuse(String code, String message) {
    ActorContext<A> context = context();
    context.messageRefused(code);
    context.replyIfDiscarded(codec().refusal(question, code, message));
    return context.reset("it refused a message with the code " + code);
  }
}
