package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A client, its socket, and the gateway's knowledge of it. It numbers its messages, keeps them
 * until they are handled, goes back when told to, and reports the end once.
 */
final class SimulatedSocket {
  /** The life of a socket. */
  enum State {
    /** The upgrade waits for the actor. */
    PENDING,
    /** The client has not got its 101, or went while it waited. */
    REFUSED,
    /** The upgrade was accepted. */
    OPEN,
    /** The actor has closed it, and the client has not answered yet. */
    CLOSING,
    /** The connection is over for the client, perhaps not yet for the host. */
    ENDED
  }

  final ActorId actor;
  final ConnectionId id;

  /**
   * The records on their way to the host, and those from the actor's releases to the client; in
   * order.
   */
  final ArrayDeque<ToHost.ForActor> toHost = new ArrayDeque<>();

  final ArrayDeque<ToGateway> toClient = new ArrayDeque<>();

  State state = State.PENDING;
  List<String> tags = List.of();

  /** Is true once the client knows that it is connected. */
  private boolean isUpgraded;

  /** The number of messages that the client has received. */
  int heard;

  private long said;
  private final ArrayDeque<Payload> sent = new ArrayDeque<>();
  private final ArrayDeque<Payload> waiting = new ArrayDeque<>();
  private long first = 1;
  private boolean isWithheld;

  /** The end of the connection; null before. */
  private @Nullable CloseReason outcome;

  private @Nullable String failure;
  private boolean isReported;

  SimulatedSocket(ActorId actor, ConnectionId id) {
    this.actor = actor;
    this.id = id;
  }

  // The client's side follows.

  boolean maySay() {
    return state == State.OPEN && isUpgraded && sent.size() + waiting.size() < Transport.CREDIT;
  }

  /** Returns the number that the client's next message will have. */
  long nextSequence() {
    return said + 1;
  }

  void say(Payload payload) {
    said++;
    waiting.add(payload);
    send();
  }

  /**
   * Ends the connection from the client's side; {@code failed} says how the client broke the
   * protocol, if it did.
   */
  void end(CloseReason reason, @Nullable String failed) {
    if (state == State.PENDING) {
      state = State.REFUSED;
    } else if (state == State.OPEN) {
      state = State.ENDED;
      outcome = reason;
      failure = failed;
      report();
    } else if (state == State.CLOSING) {
      answerClose();
    }
  }

  void leave() {
    end(new CloseReason(1000, "", Cause.CLIENT), null);
  }

  /** Lets the client agree to a close by the actor or the gateway. */
  void answerClose() {
    state = State.ENDED;
    report();
  }

  // The gateway's side follows.

  /** Returns whether nothing more is on its way or waited for. */
  boolean isOver() {
    boolean isSilent = toHost.isEmpty() && toClient.isEmpty();
    return isSilent && (state == State.REFUSED || (state == State.ENDED && isReported));
  }

  /** Applies a record of a release on the socket's event loop. */
  void apply(ToGateway record) {
    if (record instanceof ToGateway.Accepted) {
      isUpgraded = true;
    } else if (record instanceof ToGateway.Send) {
      heard++;
    } else if (record instanceof ToGateway.Rejected && state == State.PENDING) {
      state = State.REFUSED;
    } else if (record instanceof ToGateway.Handled handled) {
      handled(handled.sequence());
    } else if (record instanceof ToGateway.Withheld withheld) {
      goBackTo(withheld.sequence());
      isWithheld = true;
    } else if (record instanceof ToGateway.Resumed resumed) {
      goBackTo(resumed.sequence());
      isWithheld = false;
      send();
    } else if (record instanceof ToGateway.Close close) {
      close(new CloseReason(close.code(), close.reason(), Cause.ACTOR));
    }
  }

  private void handled(long sequence) {
    while (first <= sequence && !sent.isEmpty()) {
      sent.remove();
      first++;
    }
    send();
    report();
  }

  private void goBackTo(long sequence) {
    while (!sent.isEmpty() && first + sent.size() - 1 >= sequence) {
      waiting.addFirst(sent.removeLast());
    }
  }

  private void send() {
    while (!isWithheld && sent.size() < Transport.CREDIT && !waiting.isEmpty()) {
      sent.add(waiting.remove());
      toHost.add(new ToHost.Message(actor, id, first + sent.size() - 1, sent.getLast()));
    }
  }

  void close(CloseReason reason) {
    if (reason.cause() == Cause.ACTOR) {
      sent.clear();
      waiting.clear();
    }
    if (state == State.OPEN) {
      state = State.CLOSING;
      outcome = reason;
    }
    report();
  }

  private void report() {
    if (state == State.ENDED && sent.isEmpty() && waiting.isEmpty() && !isReported) {
      isReported = true;
      if (failure != null) {
        toHost.add(new ToHost.Failed(actor, id, failure, outcome));
      }
      toHost.add(new ToHost.Closed(actor, id, outcome));
    }
  }

  /** Reports that the host accepted the upgrade of a client that is gone. */
  void reportLost() {
    toHost.add(new ToHost.Closed(actor, id, CloseReason.abnormal(Cause.CONNECTION_LOST)));
  }

  /** Returns the number of messages that the host has not answered or was not sent yet. */
  int unhandled() {
    return sent.size() + waiting.size();
  }

  @Override
  public String toString() {
    return "connection %s of %s (%s, %d messages unhandled%s)"
        .formatted(id, actor, state, unhandled(), isWithheld ? ", withheld" : "");
  }
}
