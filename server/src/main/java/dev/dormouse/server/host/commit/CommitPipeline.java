package dev.dormouse.server.host.commit;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CallFailedException.Reason;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.call.TellDelivery;
import dev.dormouse.server.host.rows.ActorRows;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.host.turn.BackgroundWork;
import dev.dormouse.server.host.turn.ClosingConnections;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.host.turn.Questions;
import dev.dormouse.server.host.turn.Turn;
import dev.dormouse.server.host.turn.UnsettledTurns;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.CommitChain;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.ActorRow;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Commits the turns of one cell in order: hands a turn's writes to the store, and its records to
 * the {@link OutputGate}, under the turn's number. Methods are called by the thread that runs the
 * cell; {@link #sendNow} may be called by any thread.
 */
public final class CommitPipeline {

  /**
   * The consequences of turns whose commits were lost.
   *
   * @param answers the records that their clients were sent instead
   * @param closes closes that have not taken effect and are handled again
   */
  public record Lost(List<ToGateway> answers, List<ToHost.Closed> closes) {
    static final Lost NOTHING = new Lost(List.of(), List.of());
  }

  /**
   * Collects the consequences of lost turns on the store's thread, until the cell takes them. Its
   * monitor guards its field.
   */
  private static final class LostTurns {
    private @Nullable Lost soFar;

    private Lost soFar() {
      Lost collected = soFar == null ? new Lost(new ArrayList<>(), new ArrayList<>()) : soFar;
      soFar = collected;
      return collected;
    }

    synchronized void answered(List<ToGateway> records) {
      soFar().answers.addAll(records);
    }

    synchronized void closed(ToHost.Closed closed) {
      soFar().closes.add(closed);
    }

    synchronized Lost take() {
      Lost taken = soFar;
      soFar = null;
      return taken == null ? Lost.NOTHING : taken;
    }
  }

  private static final Logger log = Log.of(CommitPipeline.class);

  private final ActorId id;
  private final long epoch;
  private final ActorStore store;
  private final ActorRows rows;
  private final OutputGate gate;
  private final AlarmOutcomes alarms;
  private final Questions questions;
  private final UnsettledTurns unsettled;
  private final TellDelivery tells;
  private final BackgroundWork background;
  private final int turnBytesMax;

  /**
   * The closes of the host whose commit was lost, and of connections that may be stored although
   * their clients were told that the upgrade failed; filled on the store's thread.
   */
  private final LostCloses lostCloses;

  /** The turns that were lost since the last reset. */
  private final LostTurns lostTurns = new LostTurns();

  private final Executor executor;

  /**
   * Asks the store whether this node still owns the actor; null if no other node can own it. What a
   * turn says that has written nothing waits for the answer.
   */
  private final @Nullable Supplier<CompletionStage<CommitResult>> confirm;

  private CommitChain chain;
  private long turns;

  /**
   * Creates the pipeline of a new cell.
   *
   * @param epoch the epoch in which this node owns the actor
   * @param executor where the actor's handlers run
   * @param tells delivers the calls that turns tell
   * @param background runs the actions that wait for a commit
   * @param turnBytesMax the most bytes that one turn may send and store
   * @param confirm asks the store whether this node still owns the actor; null if no other node can
   *     own it
   */
  public CommitPipeline(
      ActorId id,
      long epoch,
      Executor executor,
      ActorStore store,
      ActorRows rows,
      OutputGate gate,
      AlarmOutcomes alarms,
      Questions questions,
      UnsettledTurns unsettled,
      LostCloses lostCloses,
      TellDelivery tells,
      BackgroundWork background,
      int turnBytesMax,
      @Nullable Supplier<CompletionStage<CommitResult>> confirm) {
    this.id = id;
    this.epoch = epoch;
    this.executor = executor;
    this.chain = new CommitChain(executor);
    this.store = store;
    this.rows = rows;
    this.gate = gate;
    this.alarms = alarms;
    this.questions = questions;
    this.unsettled = unsettled;
    this.lostCloses = lostCloses;
    this.tells = tells;
    this.background = background;
    this.turnBytesMax = turnBytesMax;
    this.confirm = confirm;
  }

  /** Returns whether releases must name the gateways that hold connections of the actor. */
  public boolean isRouted() {
    return confirm != null;
  }

  /** Creates the next turn; the calling thread runs its handler. */
  public Turn open(Event event, long startedNs, Consumer<Turn> onLastStage) {
    return new Turn(nextNumber(), event, startedNs, unsettled, turnBytesMax, onLastStage);
  }

  /** Returns the number of the next turn, or of what takes a turn's place in the gate's order. */
  private long nextNumber() {
    return ++turns;
  }

  /** Drops everything that a failed turn wrote and said. */
  public void discard(Turn failed) {
    failed.endCount();
    rows.discard();
    questions.discarded(failed.asked());
  }

  /** Sends records that belong to no turn, such as flow control, at once. */
  public void sendNow(List<ToGateway> records) {
    if (!records.isEmpty()) {
      gate.send(release(records));
    }
  }

  /** Sends records after those of all turns so far. */
  public void sendInOrder(List<ToGateway> records) {
    Release release = release(records);
    pass(nextNumber(), 0, release, Outlet.NO_GATEWAYS, loss -> release, null);
  }

  /**
   * Tells gateways again, behind all turns so far, what earlier turns have told them. If the commit
   * of one of these turns is lost, nothing is told.
   */
  public void tellAgain(List<ToGateway> records) {
    pass(nextNumber(), 0, release(records), Outlet.NO_GATEWAYS, loss -> release(List.of()), null);
  }

  /**
   * Tells a gateway what is stored, behind all turns so far. If the commit of one of these turns is
   * lost, the gateway is not told.
   *
   * @param records the tags and automatic replies as the turns so far have stored them
   */
  public void tellStored(Event.Difference difference, List<ToGateway> records) {
    pass(
        nextNumber(),
        0,
        release(records),
        new long[] {difference.gateway()},
        loss -> {
          difference.untold().run();
          return release(List.of());
        },
        null);
  }

  /**
   * Acknowledges a message of a connection that the actor has closed. If the commit of that close
   * is lost, the message is answered as lost, too. Where the close itself may have been lost with a
   * link, it is told again with the answer, so that no message is dropped whose client goes on.
   */
  public void acknowledge(Event.Client message, ClosingConnections closing) {
    List<ToGateway> records = new ArrayList<>(Answers.handled(message));
    ConnectionId connection = message.event().connection();
    ToGateway.Close close = isRouted() && connection != null ? closing.closeOf(connection) : null;
    if (close != null) {
      records.add(close);
    }
    answer(message, List.copyOf(records));
  }

  /**
   * Answers an event that needs no turn behind all turns so far. If the commit of one of them is
   * lost, the event is answered as lost, too.
   */
  public void answer(Event.Client event, List<ToGateway> records) {
    pass(
        nextNumber(),
        0,
        release(records),
        Outlet.NO_GATEWAYS,
        loss -> release(ofLost(event, List.of(), loss)),
        null);
  }

  /** Returns what the gateway of an event is told when the turn of the event has succeeded. */
  public List<ToGateway> handled(Event work) {
    return isRouted()
            && work instanceof Event.Client client
            && client.event() instanceof ToHost.Closed closed
        ? Answers.ended(closed)
        : Answers.handled(work);
  }

  /**
   * Answers a call whose turn has failed, behind all turns so far, of which the failure may speak.
   */
  public void fail(Event.Call call, Reason reason, String why) {
    Release nothing = release(List.of());
    gate.pass(
        nextNumber(),
        0,
        nothing,
        Outlet.NO_GATEWAYS,
        loss -> nothing,
        new OutputGate.Listener() {
          @Override
          public void kept() {
            call.refuse(reason, why);
          }

          @Override
          public void lost() {
            call.refuse(Reason.NOT_STORED, TurnEnd.NOT_STORED);
          }
        });
  }

  /** Reports that a call has taken effect before, behind all turns so far. */
  public void repeated(Event.Call call) {
    Release nothing = release(List.of());
    OutputGate.Listener listener =
        new OutputGate.Listener() {
          @Override
          public void kept() {
            call.reply().answered(new byte[0]);
          }

          @Override
          public void lost() {
            call.refuse(Reason.NOT_STORED, TurnEnd.NOT_STORED);
          }
        };
    pass(nextNumber(), 0, nothing, Outlet.NO_GATEWAYS, loss -> nothing, listener, true);
  }

  /**
   * Waits for the turns before an open one, and for the confirmation that this node owns the actor,
   * if another one can. Any thread of the open turn.
   *
   * @param committed run on a thread of the actor once they are committed
   * @param lost run if one of them is lost; may run with the monitor of the gate held
   */
  public void awaitEarlier(Turn open, Runnable committed, Runnable lost) {
    Release nothing = release(List.of());
    OutputGate.Listener listener =
        new OutputGate.Listener() {
          @Override
          public void kept() {
            executor.execute(committed);
          }

          @Override
          public void lost() {
            lost.run();
          }
        };
    pass(open.number() - 1, 0, nothing, Outlet.NO_GATEWAYS, loss -> nothing, listener, true);
  }

  private void pass(
      long number,
      long bytes,
      Release release,
      long[] gateways,
      Function<CommitResult, Release> ifLost,
      OutputGate.@Nullable Listener listener) {
    pass(number, bytes, release, gateways, ifLost, listener, !release.records().isEmpty());
  }

  /**
   * Hands records to the gate whose turn, if they have one, has written nothing.
   *
   * @param isSaying whether anything is said, so that this node must own the actor
   */
  private void pass(
      long number,
      long bytes,
      Release release,
      long[] gateways,
      Function<CommitResult, Release> ifLost,
      OutputGate.@Nullable Listener listener,
      boolean isSaying) {
    if (confirm == null || !isSaying) {
      gate.pass(number, bytes, release, gateways, ifLost, listener);
    } else {
      gate.hold(number, bytes, release, gateways, ifLost, listener, confirmed(confirm));
    }
  }

  private static CompletionStage<CommitResult> confirmed(
      Supplier<CompletionStage<CommitResult>> confirm) {
    try {
      return confirm.get();
    } catch (RuntimeException e) {
      return CompletableFuture.completedStage(new CommitResult.Unknown(e));
    }
  }

  /**
   * Commits a turn: hands its writes to the store, and its records to the gate, where they wait for
   * the writes.
   *
   * @param gateways the runs of the gateways that hold connections of the actor; empty unless
   *     {@link #isRouted}
   * @param listener told what became of the turn; null if there is no observer
   */
  public void commit(
      Turn turn, List<ToGateway> records, long[] gateways, OutputGate.@Nullable Listener listener) {
    commit(
        turn.number(),
        turn.heapBytes(),
        turn.writes(),
        turn.clears(),
        records,
        gateways,
        turn.work(),
        TurnEnd.of(id, turn, tells, executor, background, listener));
    turn.endCount();
  }

  /** Commits rows in the place of a turn that the event did not have, or that failed. */
  void commitRows(NavigableMap<RowKey, Optional<byte[]>> writes, Event event) {
    rows.open(writes, List.of());
    commit(nextNumber(), 0, writes, List.of(), handled(event), Outlet.NO_GATEWAYS, event, null);
  }

  /** Answers the event of a turn that is lost because it saw the changes of a lost commit. */
  public void answerLost(Event event, CommitResult loss) {
    sendInOrder(ofLost(event, List.of(), loss));
  }

  /**
   * Begins anew after all commits have reported, some of them as lost: later turns build on none of
   * the lost ones.
   */
  public Lost reopen() {
    if (gate.loss() instanceof CommitResult.Refused refused) {
      log.debug("actor {} is reset: {}", id, refused.why());
    } else {
      log.error("commits of actor {} were lost ({}); the actor is reset", id, gate.loss());
    }
    Lost lost = lostTurns.take();
    rows.forget();
    chain = new CommitChain(executor);
    gate.reopen();
    return lost;
  }

  /** Removes a connection whose close handler failed. */
  public void removeConnection(ToHost.Closed closed) {
    ConnectionId gone = closed.connection();
    ActorRow row = ActorRow.decodeOrNone(rows.get(RowKey.ACTOR));
    ActorRow without =
        row.with(gone.run(), -1).written(epoch, row.activations(), row.mayHaveAutoReplies());
    NavigableMap<RowKey, Optional<byte[]>> writes = new TreeMap<>();
    writes.put(RowKey.ACTOR, Optional.of(without.encode()));
    writes.put(RowKey.connection(gone), Optional.empty());
    commitRows(writes, new Event.Client(closed));
  }

  private void commit(
      long number,
      long bytes,
      NavigableMap<RowKey, Optional<byte[]>> writes,
      List<TurnBatch.Clear> clears,
      List<ToGateway> records,
      long[] gateways,
      Event event,
      OutputGate.@Nullable Listener listener) {
    Function<CommitResult, Release> ifLost = loss -> release(ofLost(event, records, loss));
    if (writes.isEmpty() && clears.isEmpty()) {
      rows.discard();
      boolean isSaying = !records.isEmpty() || listener instanceof TurnEnd;
      pass(number, bytes, release(records), gateways, ifLost, listener, isSaying);
    } else {
      rows.handedIn(number);
      gate.hold(
          number, bytes, release(records), gateways, ifLost, listener, handIn(writes, clears));
    }
    rows.settle(gate.settled());
  }

  private List<ToGateway> ofLost(Event event, List<ToGateway> unsaid, CommitResult loss) {
    if (event instanceof Event.Client client && client.event() instanceof ToHost.Closed closed) {
      closeAgain(closed);
    }
    for (ToGateway record : unsaid) {
      if (record instanceof ToGateway.Accepted accepted) {
        // The client is told that the upgrade failed, but the store may have the connection.
        CloseReason reason = CloseReason.abnormal(CloseReason.Cause.CONNECTION_LOST);
        closeAgain(new ToHost.Closed(id, accepted.connection(), reason));
      }
    }
    List<ToGateway> records = Answers.lost(event, loss);
    lostTurns.answered(records);
    return records;
  }

  private void closeAgain(ToHost.Closed closed) {
    lostTurns.closed(closed);
    lostCloses.add(closed);
  }

  private CompletionStage<CommitResult> handIn(
      NavigableMap<RowKey, Optional<byte[]>> rowWrites, List<TurnBatch.Clear> clears) {
    List<TurnBatch.Write> writes = new ArrayList<>(rowWrites.size());
    rowWrites.forEach(
        (key, value) ->
            writes.add(new TurnBatch.Write(key.table(), key.bytes(), value.orElse(null))));
    try {
      CompletionStage<CommitResult> commit =
          store.commit(new TurnBatch(id, epoch, chain, List.copyOf(clears), writes));
      alarms.handedIn(id, writes, commit);
      return commit;
    } catch (RuntimeException e) {
      return CompletableFuture.completedStage(new CommitResult.Unknown(e));
    }
  }

  private Release release(List<ToGateway> records) {
    return new Release(id, epoch, records);
  }
}
