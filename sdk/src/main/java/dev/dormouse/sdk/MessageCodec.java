package dev.dormouse.sdk;

import org.jspecify.annotations.Nullable;

/**
 * Turns the text messages of clients into objects, and objects into text messages, for the actors
 * of one type. A {@link MessageActor} has one. Any number of threads may use a codec at the same
 * time.
 *
 * <p>A client may ask a <i>question</i>: a message with an id that the client chose, so that it
 * recognizes the answer. To the actor an id is a text that only the codec understands.
 *
 * <pre>{@code
 * MessageCodec<In, Out> codec = JsonCodec.of(In.class, Out.class);
 * In message = codec.decode(text).message();
 * String answer = codec.encode(new Said("hello"));
 * }</pre>
 *
 * @param <In> the type of the messages that come from clients
 * @param <Out> the type of the messages that go to clients
 */
public interface MessageCodec<In, Out> {

  /**
   * Reads a message of a client. Hostile text must cost little time and memory, and must not make
   * objects of other classes than those of the messages.
   *
   * @throws MessageRefusedException if the text is no such message; nothing else is thrown for any
   *     text
   */
  Received<In> decode(String text);

  /**
   * Writes a message to a client.
   *
   * @throws IllegalArgumentException if the message has a value that cannot be written; the error
   *     names it
   */
  String encode(Out message);

  /**
   * Writes the answer to a question.
   *
   * @param question the id of the question, as {@link #decode} has returned it
   * @param answer the answer; null if the answer only says that the question was handled
   * @throws IllegalArgumentException as {@link #encode} says
   */
  String answer(String question, @Nullable Out answer);

  /**
   * Writes the refusal of a message.
   *
   * @param question the id of the question; null if the message was none
   * @param code a short name of the reason, for programs
   * @param message the reason and the remedy, for people
   */
  String refusal(@Nullable String question, String code, String message);

  /**
   * Holds a message that a client has sent.
   *
   * @param message the message
   * @param question the id under which the client wants an answer; null if it wants none
   */
  record Received<In>(In message, @Nullable String question) {}
}
