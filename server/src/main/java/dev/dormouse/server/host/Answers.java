package dev.dormouse.server.host;

import dev.dormouse.sdk.Connections;
import dev.dormouse.sdk.FailurePolicy;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.ResponseException;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.NoFileHandlesException;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** What the gateway is told about a piece of work, by what became of it. Pure functions. */
final class Answers {
  private static final int INTERNAL_ERROR = 1011;
  private static final int TRY_AGAIN_LATER = 1013;
  private static final String RETRY_SECONDS = "1";

  private Answers() {}

  /** Its turn is through. */
  static List<ToGateway> handled(Event work) {
    return event(work) instanceof ToHost.Message message
        ? List.of(new ToGateway.Handled(message.connection(), message.sequence()))
        : List.of();
  }

  /** Its turn failed, by what its handler threw or left undone. */
  static List<ToGateway> failed(Event work, FailurePolicy policy, Throwable failure) {
    if (event(work) instanceof ToHost.Message message) {
      return policy == FailurePolicy.KEEP_OPEN
          ? handled(work)
          : handledAndClosed(message, INTERNAL_ERROR, "internal error");
    }
    return refused(event(work), answerTo(event(work), failure));
  }

  private static HttpResponse answerTo(@Nullable ToHost event, Throwable failure) {
    Throwable thrown =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return thrown instanceof ResponseException known
            && (known.response().status() >= 300 || !(event instanceof ToHost.Open))
        ? known.response()
        : HttpResponse.text(500, "the actor failed");
  }

  /** Its handler has reset the actor, which its sender need not suffer for. */
  static List<ToGateway> reset(Event work) {
    List<ToGateway> refused = refused(event(work), busy("the actor was reset"));
    return refused.isEmpty() ? handled(work) : refused;
  }

  /** It never had a turn that it could be judged by, and is given up, for this reason. */
  static List<ToGateway> givenUp(Event work, Throwable cause) {
    if (!(event(work) instanceof ToHost.Message message)) {
      return List.of();
    }
    return cause instanceof NoFileHandlesException
        ? handledAndClosed(message, TRY_AGAIN_LATER, "the server cannot read its store now")
        : handledAndClosed(message, INTERNAL_ERROR, "the actor failed");
  }

  /** An upgrade or a request whose actor is not to be had before so many seconds have passed. */
  static List<ToGateway> unavailable(Event work, long seconds) {
    return refused(
        event(work),
        HttpResponse.text(503, "the actor failed").with("Retry-After", String.valueOf(seconds)));
  }

  /** Its actor cannot be read. */
  static List<ToGateway> unreadable(ToHost event) {
    return event instanceof ToHost.Message message
        ? handledAndClosed(message, INTERNAL_ERROR, "the actor cannot be read")
        : refused(event, HttpResponse.text(500, "what is stored of the actor cannot be read"));
  }

  /** Its turn ran, and was not kept; or whether it was is not known. */
  static List<ToGateway> lost(Event work, CommitResult loss) {
    if (event(work) instanceof ToHost.Message message) {
      return loss instanceof CommitResult.Refused
          ? handledAndClosed(message, TRY_AGAIN_LATER, "the server cannot store anything now")
          : handledAndClosed(message, INTERNAL_ERROR, "not stored");
    }
    return refused(event(work), busy("the actor could not be stored"));
  }

  /** The mailbox is full; of messages the mailbox itself knows what to tell. */
  static List<ToGateway> noRoom(Event work) {
    return refused(event(work), busy("the actor is busy"));
  }

  /** In a word, what {@link #noRoom} does. */
  static String noRoomOutcome(Event work) {
    return event(work) instanceof ToHost.Message ? "pause" : "503";
  }

  /** The server is about to stop. */
  static List<ToGateway> stopping(ToHost event) {
    return refused(event, busy("the server is stopping"));
  }

  /** There is no such actor type here. */
  static List<ToGateway> unknownType(ToHost event) {
    return refused(event, HttpResponse.text(404, "there is no actor type " + event.actor().type()));
  }

  /** Whether it is an upgrade, and the actor has all the connections it may have. */
  static boolean isOneTooMany(Event work, int connections) {
    return event(work) instanceof ToHost.Open && connections >= Connections.CONNECTIONS_MAX;
  }

  /** The actor has all the connections it may have. */
  static List<ToGateway> tooManyConnections(Event work) {
    return event(work) instanceof ToHost.Open open
        ? List.of(
            new ToGateway.Rejected(
                open.connection(),
                busy(
                    "the actor has "
                        + Connections.CONNECTIONS_MAX
                        + " connections, the most it may")))
        : List.of();
  }

  /** The failure of a handler that returned without the answer it owed; null if it owes none. */
  static @Nullable Throwable undecided(Turn turn) {
    ToHost event = event(turn.work());
    if (event instanceof ToHost.Open && !turn.isAnswered()) {
      return new IllegalStateException("onUpgrade neither accepted nor rejected");
    }
    if (event instanceof ToHost.Request && !turn.isAnswered()) {
      return new IllegalStateException("onRequest did not respond");
    }
    return null;
  }

  /** The answer to an upgrade or a request; nothing to all else. */
  private static List<ToGateway> refused(@Nullable ToHost event, HttpResponse answer) {
    if (event instanceof ToHost.Open open) {
      return List.of(new ToGateway.Rejected(open.connection(), answer));
    }
    if (event instanceof ToHost.Request request) {
      return List.of(new ToGateway.Responded(request.request(), answer));
    }
    return List.of();
  }

  private static List<ToGateway> handledAndClosed(ToHost.Message message, int code, String reason) {
    return List.of(
        new ToGateway.Handled(message.connection(), message.sequence()),
        new ToGateway.Close(message.connection(), code, reason));
  }

  private static @Nullable ToHost event(Event work) {
    return work instanceof Event.Client handle ? handle.event() : null;
  }

  private static HttpResponse busy(String why) {
    return HttpResponse.text(503, why).with("Retry-After", RETRY_SECONDS);
  }
}
