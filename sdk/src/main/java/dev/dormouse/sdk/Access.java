package dev.dormouse.sdk;

import java.util.Objects;
import java.util.concurrent.CompletionStage;

/**
 * A decision whether a client may reach an actor. It is made before the actor hears of the client,
 * and without waking the actor; see {@link ActorOptions#access}.
 *
 * <pre>{@code
 * o -> o.access((actor, request) ->
 *     request.user().isEmpty() ? Access.denied(401, "who are you?")
 *     : Access.later(members.of(actor.key()).thenApply(all ->
 *         all.contains(request.user().get().subject()) ? Access.granted() : Access.denied(403, "no"))))
 * }</pre>
 */
public sealed interface Access {

  /** The decision that the client may reach the actor, which then decides itself. */
  record Granted() implements Access {}

  /**
   * The decision that the client may not reach the actor, with the answer to the client.
   *
   * @param response the answer, status 300 to 599
   */
  record Denied(HttpResponse response) implements Access {

    /**
     * Checks the status.
     *
     * @throws IllegalArgumentException if the status is not 300 to 599
     */
    public Denied {
      if (response.status() < 300) {
        throw new IllegalArgumentException(
            "status " + response.status() + " is no denial; use 300 to 599");
      }
    }
  }

  /**
   * The decision that is not known yet.
   *
   * @param decision completes with the decision, or exceptionally
   */
  record Later(CompletionStage<? extends Access> decision) implements Access {

    /** Checks that there is a stage. */
    public Later {
      Objects.requireNonNull(decision, "decision");
    }
  }

  /** Returns the decision that the client may reach the actor. */
  static Access granted() {
    return new Granted();
  }

  /**
   * Returns the decision that the client may not reach the actor, with an answer in plain text.
   *
   * @throws IllegalArgumentException if the status is not 300 to 599
   */
  static Access denied(int status, String body) {
    return denied(HttpResponse.text(status, body));
  }

  /**
   * Returns the decision that the client may not reach the actor, with an answer.
   *
   * @throws IllegalArgumentException if the status is not 300 to 599
   */
  static Access denied(HttpResponse response) {
    return new Denied(response);
  }

  /** Returns a decision that is made later, on any thread. */
  static Access later(CompletionStage<? extends Access> decision) {
    return new Later(decision);
  }
}
