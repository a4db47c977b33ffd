package dev.dormouse.server.host;

import dev.dormouse.sdk.Connections;
import dev.dormouse.sdk.FailurePolicy;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.CommitResult;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the gateway is told about a piece of work, by what became of it. Pure functions. */
final class Verdicts {
  private static final int INTERNAL_ERROR = 1011;
  private static final int TRY_AGAIN_LATER = 1013;
  private static final String RETRY_SECONDS = "1";

  private Verdicts() {}

  /** Its turn is through. */
  static List<ToGateway> handled(Work work) {
    return event(work) instanceof ToHost.Message message
        ? List.of(new ToGateway.Handled(message.connection(), message.sequence()))
        : List.of();
  }

  /** Its turn failed. */
  static List<ToGateway> failed(Work work, FailurePolicy policy) {
    ToHost event = event(work);
    if (event instanceof ToHost.Open open) {
      return List.of(new ToGateway.Rejected(open.connection(), internalError()));
    }
    if (event instanceof ToHost.Request request) {
      return List.of(new ToGateway.Responded(request.request(), internalError()));
    }
    if (event instanceof ToHost.Message message) {
      ToGateway handled = new ToGateway.Handled(message.connection(), message.sequence());
      return policy == FailurePolicy.KEEP_OPEN
          ? List.of(handled)
          : List.of(
              handled, new ToGateway.Close(message.connection(), INTERNAL_ERROR, "internal error"));
    }
    return List.of();
  }

  /** Its actor cannot be read. */
  static List<ToGateway> unreadable(ToHost event) {
    HttpResponse answer = HttpResponse.text(500, "what is stored of the actor cannot be read");
    if (event instanceof ToHost.Open open) {
      return List.of(new ToGateway.Rejected(open.connection(), answer));
    }
    if (event instanceof ToHost.Request request) {
      return List.of(new ToGateway.Responded(request.request(), answer));
    }
    if (event instanceof ToHost.Message message) {
      return List.of(
          new ToGateway.Handled(message.connection(), message.sequence()),
          new ToGateway.Close(message.connection(), INTERNAL_ERROR, "the actor cannot be read"));
    }
    return List.of();
  }

  /** Its turn ran, and was not kept; or whether it was is not known. */
  static List<ToGateway> lost(Work work, CommitResult loss) {
    ToHost event = event(work);
    if (event instanceof ToHost.Open open) {
      return List.of(
          new ToGateway.Rejected(open.connection(), busy("the actor could not be stored")));
    }
    if (event instanceof ToHost.Request request) {
      return List.of(
          new ToGateway.Responded(request.request(), busy("the actor could not be stored")));
    }
    if (event instanceof ToHost.Message message) {
      return List.of(
          new ToGateway.Handled(message.connection(), message.sequence()),
          loss instanceof CommitResult.Refused
              ? new ToGateway.Close(message.connection(), TRY_AGAIN_LATER, "the disk is full")
              : new ToGateway.Close(message.connection(), INTERNAL_ERROR, "not stored"));
    }
    return List.of();
  }

  /** The mailbox is full; of messages the mailbox itself knows what to tell. */
  static List<ToGateway> noRoom(Work work) {
    ToHost event = event(work);
    if (event instanceof ToHost.Open open) {
      return List.of(new ToGateway.Rejected(open.connection(), busy("the actor is busy")));
    }
    if (event instanceof ToHost.Request request) {
      return List.of(new ToGateway.Responded(request.request(), busy("the actor is busy")));
    }
    return List.of();
  }

  /** The server is about to stop. */
  static List<ToGateway> stopping(ToHost event) {
    if (event instanceof ToHost.Open open) {
      return List.of(new ToGateway.Rejected(open.connection(), busy("the server is stopping")));
    }
    if (event instanceof ToHost.Request request) {
      return List.of(new ToGateway.Responded(request.request(), busy("the server is stopping")));
    }
    return List.of();
  }

  /** There is no such actor type here. */
  static List<ToGateway> unknownType(ToHost event) {
    HttpResponse notFound =
        HttpResponse.text(404, "there is no actor type " + event.actor().type());
    if (event instanceof ToHost.Open open) {
      return List.of(new ToGateway.Rejected(open.connection(), notFound));
    }
    if (event instanceof ToHost.Request request) {
      return List.of(new ToGateway.Responded(request.request(), notFound));
    }
    return List.of();
  }

  /** The actor has all the connections it may have. */
  static List<ToGateway> tooManyConnections(Work work) {
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
    if (event instanceof ToHost.Open && !UpgradeDecision.isDecided(turn)) {
      return new IllegalStateException("onUpgrade neither accepted nor rejected");
    }
    if (event instanceof ToHost.Request && !RequestAnswer.isAnswered(turn)) {
      return new IllegalStateException("onRequest did not respond");
    }
    return null;
  }

  private static @Nullable ToHost event(Work work) {
    return work instanceof Work.Handle handle ? handle.event() : null;
  }

  private static HttpResponse internalError() {
    return HttpResponse.text(500, "the actor failed");
  }

  private static HttpResponse busy(String why) {
    return HttpResponse.text(503, why).with("Retry-After", RETRY_SECONDS);
  }
}
