package dev.dormouse.server.host.commit;

import dev.dormouse.sdk.FailurePolicy;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.ResponseException;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.host.turn.Turn;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.NoFileHandlesException;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Decides what the gateway is told about an event, by what became of it. Pure functions. */
public final class Answers {
  private static final int INTERNAL_ERROR = 1011;
  private static final int SERVICE_RESTART = 1012;
  private static final int TRY_AGAIN_LATER = 1013;
  private static final String RETRY_SECONDS = "1";

  private static final Answer HANDLED = new Answer(Answers::handled, null);

  private Answers() {}

  /**
   * The answer to each kind of event; errors and closes of a connection have no answer.
   *
   * @param ofMessage makes the answer to a message
   * @param response the answer to an upgrade or a request; null for no answer
   */
  private record Answer(
      Function<ToHost.Message, List<ToGateway>> ofMessage, @Nullable HttpResponse response)
      implements ToHost.ClientEvent.Visitor<List<ToGateway>, RuntimeException> {

    /** Returns an answer to upgrades and requests alone. */
    static Answer refused(HttpResponse response) {
      return new Answer(message -> List.of(), response);
    }

    /** Returns the answer to an event; no records if the event is not of a client. */
    List<ToGateway> to(Event event) {
      return event instanceof Event.Client client ? client.event().accept(this) : List.of();
    }

    @Override
    public List<ToGateway> open(ToHost.Open open) {
      return response == null
          ? List.of()
          : List.of(new ToGateway.Rejected(open.connection(), response));
    }

    @Override
    public List<ToGateway> message(ToHost.Message message) {
      return ofMessage.apply(message);
    }

    @Override
    public List<ToGateway> failed(ToHost.Failed failed) {
      return List.of();
    }

    @Override
    public List<ToGateway> closed(ToHost.Closed closed) {
      return List.of();
    }

    @Override
    public List<ToGateway> request(ToHost.Request request) {
      return response == null
          ? List.of()
          : List.of(new ToGateway.Responded(request.request(), response));
    }
  }

  /** Answers an event whose turn has succeeded. */
  public static List<ToGateway> handled(Event event) {
    return HANDLED.to(event);
  }

  private static List<ToGateway> handled(ToHost.Message message) {
    return List.of(new ToGateway.Handled(message.connection(), message.sequence()));
  }

  /** Answers an event whose turn failed, by the exception that its handler threw. */
  public static List<ToGateway> failed(Event event, FailurePolicy policy, Throwable failure) {
    boolean isOpen = event instanceof Event.Client client && client.event() instanceof ToHost.Open;
    return new Answer(
            message ->
                policy == FailurePolicy.KEEP_OPEN
                    ? handled(message)
                    : handledAndClosed(message, INTERNAL_ERROR, "internal error"),
            responseTo(failure, isOpen))
        .to(event);
  }

  /**
   * Sends a text to the sender of a message whose turn is discarded.
   *
   * @param reply the text; null for nothing
   */
  public static List<ToGateway> replied(Event event, @Nullable String reply) {
    return reply == null
        ? List.of()
        : new Answer(
                message -> List.of(new ToGateway.Send(message.connection(), Payload.text(reply))),
                null)
            .to(event);
  }

  private static HttpResponse responseTo(Throwable failure, boolean isOpen) {
    Throwable thrown =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return thrown instanceof ResponseException known
            && (known.response().status() >= 300 || !isOpen)
        ? known.response()
        : HttpResponse.text(500, "the actor failed");
  }

  /** Answers an event whose handler has reset the actor; the sender's connection stays open. */
  public static List<ToGateway> reset(Event event) {
    return new Answer(Answers::handled, busy("the actor was reset")).to(event);
  }

  /**
   * Answers an event that is given up without a turn that could read the store.
   *
   * @param cause why the event is given up
   */
  public static List<ToGateway> givenUp(Event event, Throwable cause) {
    return new Answer(
            message ->
                cause instanceof NoFileHandlesException
                    ? handledAndClosed(
                        message, TRY_AGAIN_LATER, "the server cannot read its store now")
                    : handledAndClosed(message, INTERNAL_ERROR, "the actor failed"),
            null)
        .to(event);
  }

  /** Answers an upgrade or a request whose actor is not tried again for so many seconds. */
  public static List<ToGateway> unavailable(Event event, long seconds) {
    return Answer.refused(
            HttpResponse.text(503, "the actor failed").with("Retry-After", String.valueOf(seconds)))
        .to(event);
  }

  /** Answers an event whose actor cannot be read. */
  public static List<ToGateway> unreadable(ToHost.ClientEvent event) {
    return event.accept(
        new Answer(
            message -> handledAndClosed(message, INTERNAL_ERROR, "the actor cannot be read"),
            HttpResponse.text(500, "what is stored of the actor cannot be read")));
  }

  /** Answers an event whose turn ran and whose commit was lost. */
  static List<ToGateway> lost(Event event, CommitResult loss) {
    return new Answer(
            message ->
                loss instanceof CommitResult.Refused
                    ? handledAndClosed(
                        message, TRY_AGAIN_LATER, "the server cannot store anything now")
                    : handledAndClosed(message, INTERNAL_ERROR, "not stored"),
            busy("the actor could not be stored"))
        .to(event);
  }

  /**
   * Answers an event that the full mailbox refused; messages are answered by the mailbox itself.
   */
  public static List<ToGateway> noRoom(Event event) {
    return Answer.refused(busy("the actor is busy")).to(event);
  }

  /** Returns the outcome of an event that the full mailbox refused, in a word for observers. */
  public static String noRoomOutcome(Event event) {
    if (event instanceof Event.Call) {
      return "call failed";
    }
    return event instanceof Event.Client client && client.event() instanceof ToHost.Message
        ? "pause"
        : "503";
  }

  /** Answers an event that comes while the server is stopping. */
  public static List<ToGateway> stopping(ToHost.ClientEvent event) {
    return event.accept(Answer.refused(busy("the server is stopping")));
  }

  /** Returns whether the event is an upgrade or a request, so that nothing is lost without it. */
  public static boolean isFromNewcomer(ToHost.ClientEvent event) {
    return event instanceof ToHost.Open || event instanceof ToHost.Request;
  }

  /** Answers an upgrade or a request for an actor that there is no room for in memory. */
  public static List<ToGateway> crowded(ToHost.ClientEvent event) {
    return event.accept(
        Answer.refused(busy("the server has as many busy actors in memory as it may")));
  }

  /** Answers an event of an actor type that is not registered. */
  public static List<ToGateway> unknownType(ToHost.ClientEvent event) {
    return event.accept(
        Answer.refused(HttpResponse.text(404, "there is no actor type " + event.actor().type())));
  }

  /** Returns whether the event is an upgrade of an actor that has all connections it may have. */
  public static boolean isOneTooMany(Event event, int connections, int connectionsMax) {
    return connections >= connectionsMax
        && event instanceof Event.Client client
        && client.event() instanceof ToHost.Open;
  }

  /** Answers an upgrade of an actor that has all the connections it may have. */
  public static List<ToGateway> tooManyConnections(Event event, int connectionsMax) {
    return Answer.refused(busy("the actor has " + connectionsMax + " connections, the most it may"))
        .to(event);
  }

  /** Returns the failure of an upgrade's handler that decided nothing; null for all other turns. */
  public static @Nullable Throwable undecided(Turn turn) {
    boolean isUndecided =
        !turn.isAnswered()
            && turn.work() instanceof Event.Client client
            && client.event() instanceof ToHost.Open;
    return isUndecided
        ? new IllegalStateException(
            "onUpgrade neither accepted nor rejected the upgrade before its turn ended")
        : null;
  }

  /**
   * Tells the gateway that a close has taken effect. A close that this host has found in the store
   * had no gateway that waits to hear of it.
   */
  static List<ToGateway> ended(ToHost.Closed closed) {
    return switch (closed.reason().cause()) {
      case GATEWAY_LOST, SHUTDOWN_UNFINISHED, PROCESS_DIED, MACHINE_RESTARTED -> List.of();
      case CLIENT, ACTOR, VIOLATION, CONNECTION_LOST, CLIENT_SILENT, SHUTDOWN, HOST_LOST ->
          List.of(new ToGateway.Ended(closed.connection()));
    };
  }

  /** Answers a message that took effect before; what its turn has sent may be lost. */
  static List<ToGateway> repeated(ToHost.Message message) {
    return handledAndClosed(
        message, SERVICE_RESTART, "what the server sent may be lost; connect again");
  }

  /** Answers a message of a connection that the actor has closed. */
  static List<ToGateway> closed(ToHost.Message message, ToGateway.Close close) {
    return List.of(new ToGateway.Handled(message.connection(), message.sequence()), close);
  }

  /** Answers a message of which nobody can tell whether it took effect before. */
  static List<ToGateway> inDoubt(ToHost.Message message) {
    return handledAndClosed(message, INTERNAL_ERROR, "the connection cannot be read");
  }

  /**
   * Answers a request that took effect before.
   *
   * @param answer the answer that was kept; null if none was
   */
  static List<ToGateway> repeated(ToHost.Request request, @Nullable HttpResponse answer) {
    HttpResponse known =
        answer == null
            ? HttpResponse.text(504, "the request took effect, and its answer is lost")
            : answer;
    return List.of(new ToGateway.Responded(request.request(), known));
  }

  /** Answers an upgrade under the id of a connection that is stored. */
  static List<ToGateway> askedTwice(ToHost.Open open) {
    return List.of(
        new ToGateway.Rejected(open.connection(), busy("the upgrade was lost on its way")),
        new ToGateway.Close(open.connection(), SERVICE_RESTART, "the upgrade was asked twice"));
  }

  private static List<ToGateway> handledAndClosed(ToHost.Message message, int code, String reason) {
    return List.of(
        new ToGateway.Handled(message.connection(), message.sequence()),
        new ToGateway.Close(message.connection(), code, reason));
  }

  private static HttpResponse busy(String why) {
    return HttpResponse.text(503, why).with("Retry-After", RETRY_SECONDS);
  }
}
