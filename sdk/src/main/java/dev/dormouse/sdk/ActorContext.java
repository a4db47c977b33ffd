package dev.dormouse.sdk;

import java.time.Instant;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What an actor object is given by whoever runs it. Users reach these through {@link
 * WebSocketActor}'s methods of the same names.
 *
 * <p>What reads or changes state is called on the thread of the open turn, or in callbacks of what
 * it waits for; outside of a turn it throws {@link IllegalStateException}.
 *
 * <pre>{@code
 * var actor = new ActorInvoker<>(new ChatRoom(), context);   // whoever runs actors
 * actor.message(from, "hello");                              // the handler reaches the context
 * }</pre>
 *
 * @param <A> the type of the attachments
 */
public interface ActorContext<A extends @Nullable Object> {

  /** The actor's name. */
  ActorId id();

  /** The actor's connections. */
  Connections<A> connections();

  /** The actor's storage. */
  Storage storage();

  /** The actor's alarms. */
  Alarms alarms();

  /** Has messages of this text answered without the actor, from the end of the turn on. */
  void autoReply(AutoReply reply);

  /** Has messages of this text come to the actor again; nothing if they do. */
  void clearAutoReply(String request);

  /** Keeps the current turn open until the stage has completed. */
  void waitFor(CompletionStage<?> stage);

  /** Has a stop of the server wait for the stage, and nothing else. */
  void inBackground(CompletionStage<?> stage);

  /** Discards the current turn and drops the actor object; does not return. */
  void reset(String why);

  /** The time, by the clock of whoever runs the actor. */
  Instant now();

  /**
   * How often the actor was activated, this time included; from 1, and from 1 again once nothing is
   * stored of it.
   */
  long activation();
}
