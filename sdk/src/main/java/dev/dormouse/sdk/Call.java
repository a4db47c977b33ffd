package dev.dormouse.sdk;

import org.jspecify.annotations.Nullable;

/**
 * A request to an actor, from another actor or from plain Java. A class of calls is a record that
 * implements this interface, and an actor handles it with a method {@code onCall}:
 *
 * <pre>{@code
 * public record Reboot(boolean hard) implements Call<Boolean> {}
 *
 * public final class Device extends WebSocketActor<Void> {
 *   boolean onCall(Reboot call) {
 *     connections().broadcast(call.hard() ? "reboot hard" : "reboot");
 *     return connections().count() > 0;
 *   }
 * }
 * }</pre>
 *
 * <p>A handler is a method {@code onCall} of any visibility with one parameter, a class of calls.
 * It returns the answer: a value of {@code R}, or a {@link java.util.concurrent.CompletionStage} of
 * one, which keeps the turn open; {@code void} answers a {@code Call<Void>}. The server finds and
 * checks the handlers when it starts. A call and its answer are stored like attachments: their
 * classes need no other registration, and caller and actor never share an object. Each takes at
 * most {@value #BYTES_MAX} bytes.
 *
 * @param <R> the type of the answer; {@code Void} if there is none
 */
public interface Call<R extends @Nullable Object> {

  /** The most bytes that a call, or an answer, takes when it is serialized. */
  int BYTES_MAX = 64 << 10;
}
