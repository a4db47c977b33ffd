package dev.dormouse.sdk.spi;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorRef;
import dev.dormouse.sdk.Alarms;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.Connections;
import dev.dormouse.sdk.Storage;
import dev.dormouse.sdk.TurnStateException;
import dev.dormouse.sdk.WebSocketActor;
import java.time.Instant;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The services that the program which runs an actor gives to the actor object. Actors use them
 * through the methods of {@link WebSocketActor} with the same names.
 *
 * <p>Methods that read or change state may be called on the thread of the open turn, and in
 * callbacks of stages that the turn waits for. Outside of a turn they throw {@link
 * TurnStateException}.
 *
 * <pre>{@code
 * var actor = ActorInvoker.of(new ChatRoom(), context);   // the program that runs actors
 * actor.message(from, "hello");                           // the handler reaches the context
 * }</pre>
 *
 * @param <A> the type of the attachments
 */
public interface ActorContext<A extends @Nullable Object> {

  /** Returns the actor's name. */
  ActorId id();

  /** Returns the actor's connections. */
  Connections<A> connections();

  /** Returns the actor's storage. */
  Storage storage();

  /** Returns the actor's alarms. */
  Alarms alarms();

  /** Lets the server answer messages of a text without the actor, from the end of the turn on. */
  void autoReply(AutoReply reply);

  /** Lets messages of a text come to the actor again. It does nothing if they come already. */
  void clearAutoReply(String request);

  /** Keeps the current turn open until the stage has completed. */
  void waitFor(CompletionStage<?> stage);

  /** Makes a stop of the server wait for the stage; nothing else waits for it. */
  void inBackground(CompletionStage<?> stage);

  /** Discards the current turn and drops the actor object; returns what the handler must throw. */
  RuntimeException reset(String why);

  /** Returns a reference to an actor, by which the actor of this context calls it. */
  <T extends WebSocketActor<?>> ActorRef<T> actor(Class<T> type, String key);

  /** Runs an action once the current turn is committed. */
  void afterCommit(Runnable action);

  /**
   * Sends a text to the sender of the message that the open turn is about, if the turn is discarded
   * because its handler failed, took too long, or reset the actor. A later call replaces the text.
   * In turns of other events it does nothing.
   */
  void replyIfDiscarded(String text);

  /**
   * Notes that the message which the open turn is about was refused. The refusal is counted by
   * actor type and code, whether or not the turn is committed. In turns of other events it does
   * nothing.
   *
   * @throws IllegalArgumentException if the code is not 1 to 40 of the characters {@code a-z},
   *     {@code 0-9}, {@code _} and {@code -}
   */
  void messageRefused(String code);

  /** Returns the time, by the clock of the program that runs the actor. */
  Instant now();

  /**
   * Returns how often the actor was activated, this time included. The count begins at 1, and
   * begins again when nothing is stored of the actor.
   */
  long activation();
}
