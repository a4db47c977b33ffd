package dev.dormouse.sdk;

import java.util.Objects;
import java.util.concurrent.CompletionStage;

/**
 * Whether a client may come to an actor: decided before the actor hears of it, and without waking
 * it. See {@link ActorOptions#access}.
 *
 * <pre>{@code
 * o -> o.access((actor, request) ->
 *     request.user().isEmpty() ? Access.denied(401, "who are you?")
 *     : Access.later(members.of(actor.key()).thenApply(all ->
 *         all.contains(request.user().get().subject()) ? Access.granted() : Access.denied(403, "no"))))
 * }</pre>
 */
public sealed interface Access {

  /** The client may: the actor decides. */
  record Granted() implements Access {}

  /**
   * The client may not, and is answered.
   *
   * @param response the answer, status 300 to 599
   */
  record Denied(HttpResponse response) implements Access {

    /**
     * Checks the status.
     *
     * @throws IllegalArgumentException if it is not 300 to 599
     */
    public Denied {
      if (response.status() < 300) {
        throw new IllegalArgumentException(
            "status " + response.status() + " is no denial; use 300 to 599");
      }
    }
  }

  /**
   * It is not known yet.
   *
   * @param decision completes with what is decided, or exceptionally
   */
  record Later(CompletionStage<? extends Access> decision) implements Access {

    /** Checks that there is something to wait for. */
    public Later {
      Objects.requireNonNull(decision, "decision");
    }
  }

  /** The client may: the actor decides. */
  static Access granted() {
    return new Granted();
  }

  /**
   * The client may not, and is answered in plain text.
   *
   * @throws IllegalArgumentException if the status is not 300 to 599
   */
  static Access denied(int status, String body) {
    return denied(HttpResponse.text(status, body));
  }

  /**
   * The client may not, and is answered so.
   *
   * @throws IllegalArgumentException if the status is not 300 to 599
   */
  static Access denied(HttpResponse response) {
    return new Denied(response);
  }

  /** It is decided later, on any thread. */
  static Access later(CompletionStage<? extends Access> decision) {
    return new Later(decision);
  }
}
