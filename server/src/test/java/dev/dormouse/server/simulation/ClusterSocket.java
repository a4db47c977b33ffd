package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A client and its socket in a gateway of a cluster, by the rules of the real socket: it has a
 * window of unhandled messages, sends under the owner it was told, repeats what is unhandled when
 * that owner changes, and reports its end once all messages are handled.
 */
final class ClusterSocket {
  /** The life of a socket. */
  enum State {
    OPEN,
    /** The actor or the gateway has closed it, and the client has not answered yet. */
    CLOSING,
    ENDED
  }

  final ActorId actor;
  final ConnectionId id;

  /** The work that waits for the socket's event loop. */
  final ArrayDeque<Runnable> loop = new ArrayDeque<>();

  State state = State.OPEN;

  List<String> tags;
  int heard;

  /** The number of the turn, and of the text in it, that the client heard last. */
  long heardTurn;

  int heardText;

  private final ClusterSimulation run;
  private final GatewayNode gateway;
  private final int group;
  private @Nullable Owner owner;
  private long said;
  private final ArrayDeque<Payload> sent = new ArrayDeque<>();
  private final ArrayDeque<Payload> waiting = new ArrayDeque<>();
  private long first = 1;
  private long repeatsTo;
  private boolean isWithheld;
  private @Nullable CloseReason outcome;
  private @Nullable String failure;
  private boolean isReported;

  ClusterSocket(
      ClusterSimulation run,
      GatewayNode gateway,
      ActorId actor,
      ConnectionId id,
      List<String> tags,
      @Nullable Owner owner) {
    this.run = run;
    this.gateway = gateway;
    this.actor = actor;
    this.id = id;
    this.tags = tags;
    this.owner = owner;
    this.group = ReplicatedLog.groupOf(actor);
  }

  // The client's side follows.

  boolean maySay() {
    return state == State.OPEN && sent.size() + waiting.size() < Transport.CREDIT;
  }

  void say() {
    Payload text = Payload.text("m" + ++said);
    waiting.add(run.dice().chance(80) ? text : new Payload.Binary(text.bytes()));
    pump();
  }

  /** Ends the connection from the client's side. */
  void end(CloseReason reason, @Nullable String failed) {
    if (state == State.OPEN) {
      outcome = reason;
      failure = failed;
    }
    state = State.ENDED;
    report();
  }

  void leave() {
    end(new CloseReason(1000, "", Cause.CLIENT), null);
  }

  // The gateway's side follows; it runs on the socket's event loop.

  void apply(ToGateway record) {
    if (record instanceof ToGateway.Send send) {
      hear(send.payload());
    } else if (record instanceof ToGateway.Broadcast broadcast) {
      hear(broadcast.payload());
    } else if (record instanceof ToGateway.Handled handled) {
      run.ledger().handled(this, handled.sequence());
      handled(handled.sequence());
    } else if (record instanceof ToGateway.Withheld withheld) {
      goBackTo(withheld.sequence());
      isWithheld = true;
    } else if (record instanceof ToGateway.Resumed resumed) {
      goBackTo(resumed.sequence());
      isWithheld = false;
      pump();
    } else if (record instanceof ToGateway.Close close) {
      sent.clear();
      waiting.clear();
      close(new CloseReason(close.code(), close.reason(), Cause.ACTOR));
    }
  }

  private void hear(Payload payload) {
    if (state == State.OPEN) {
      heard++;
      run.ledger().heard(this, new Payload.Text(payload.bytes()).string());
    }
  }

  void attached(Owner found) {
    owner = found;
    repeatsTo = Math.max(repeatsTo, first + sent.size() - 1);
    goBackTo(first);
    isWithheld = false;
    pump();
  }

  /** Closes the socket, because no host answers for it. */
  void giveUp() {
    sent.clear();
    waiting.clear();
    close(new CloseReason(1012, "", Cause.HOST_LOST));
  }

  private void close(CloseReason reason) {
    if (state == State.OPEN) {
      state = State.CLOSING;
      outcome = reason;
    }
    report();
  }

  private void handled(long sequence) {
    while (first <= sequence && !sent.isEmpty()) {
      sent.remove();
      first++;
    }
    while (first <= sequence && first <= repeatsTo && !waiting.isEmpty()) {
      waiting.remove();
      first++;
    }
    pump();
    report();
  }

  private void goBackTo(long sequence) {
    while (!sent.isEmpty() && first + sent.size() - 1 >= sequence) {
      waiting.addFirst(sent.removeLast());
    }
  }

  private void pump() {
    while (!isWithheld && sent.size() < Transport.CREDIT && !waiting.isEmpty()) {
      sent.add(waiting.remove());
      long number = first + sent.size() - 1;
      boolean isRepeat = number <= repeatsTo;
      ToHost message = new ToHost.Message(actor, id, number, sent.getLast(), isRepeat);
      if (!gateway.links().send(group, owner, message)) {
        goBackTo(number);
        return;
      }
      if (isRepeat) {
        run.count(ClusterHappening.MESSAGE_REPEATED);
      }
    }
  }

  private void report() {
    if (state == State.ENDED && sent.isEmpty() && waiting.isEmpty() && !isReported) {
      isReported = true;
      gateway.report(
          this,
          failure == null ? null : new ToHost.Failed(actor, id, failure, outcome),
          new ToHost.Closed(actor, id, outcome));
    }
  }

  int unhandled() {
    return sent.size() + waiting.size();
  }

  @Override
  public String toString() {
    return "connection %s of %s at %s (%s, %d messages unhandled%s)"
        .formatted(id, actor, gateway, state, unhandled(), isWithheld ? ", withheld" : "");
  }
}
