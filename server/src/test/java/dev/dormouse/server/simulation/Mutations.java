package dev.dormouse.server.simulation;

import static dev.dormouse.server.simulation.Promise.ATOMIC;
import static dev.dormouse.server.simulation.Promise.BAD_HANDLER;
import static dev.dormouse.server.simulation.Promise.CLOSED_ONCE;
import static dev.dormouse.server.simulation.Promise.KEPT_FIRST;
import static dev.dormouse.server.simulation.Promise.LIMITS;
import static dev.dormouse.server.simulation.Promise.LIVENESS;
import static dev.dormouse.server.simulation.Promise.ONE_AT_A_TIME;
import static dev.dormouse.server.simulation.Promise.SLEEP;

import java.util.EnumSet;
import java.util.List;

/** Ways to break each promise. */
final class Mutations {
  private Mutations() {}

  static final List<Mutation> ALL =
      List.of(
          // 1
          of(
              "the newest event is handled first",
              "host/Mailbox.java",
              "queue.add(work);",
              "queue.addFirst(work);",
              ONE_AT_A_TIME,
              CLOSED_ONCE),
          of(
              "a turn ends though it waits for a stage",
              "host/turn/Turn.java",
              "boolean isOver = awaited == 0 || failure != null;",
              "boolean isOver = true;",
              ONE_AT_A_TIME,
              ATOMIC),
          of(
              "messages are taken out of turn after some were withheld",
              "host/Mailbox.java",
              "if (gap != null && (!gap.isResumed || message.sequence() != gap.sequence)) {",
              "if (gap != null && !gap.isResumed) {",
              ONE_AT_A_TIME),
          of(
              "messages of a connection that the actor closed are passed on",
              "host/turn/ClosingConnections.java",
              "ids().putIfAbsent(close.connection(), new Closing(turn, close));",
              "ids().remove(close.connection());",
              ONE_AT_A_TIME,
              SLEEP),
          // 2
          of(
              "what a failed turn said goes out",
              "host/ActorCell.java",
              "      recovery.discarded(turn,",
              "      commits.sendInOrder(List.copyOf(turn.sayLast(List.of())));\n"
                  + "      recovery.discarded(turn,",
              ATOMIC,
              KEPT_FIRST),
          of(
              "what a failed turn wrote is kept",
              "host/ActorCell.java",
              "    commits.discard(turn);\n",
              "    commits.commit(turn, List.of(), Outlet.NO_GATEWAYS, null);\n",
              ATOMIC),
          of(
              "the object of a failed turn is used again",
              "host/ActorCell.java",
              "    drop(work instanceof Event.Hibernate ? CellState.SETTLING : CellState.COLD);\n"
                  + "    CommitResult loss = gate.loss();",
              "    CommitResult loss = gate.loss();\n"
                  + "    if (loss == null && work instanceof Event.Client)"
                  + " state = state.to(CellState.IDLE);\n"
                  + "    else drop(work instanceof Event.Hibernate ? CellState.SETTLING"
                  + " : CellState.COLD);",
              ATOMIC),
          of(
              "the number of connections does not go down",
              "host/turn/Activation.java",
              "    current = current.with(gone.run(), -1);\n",
              "",
              ATOMIC),
          of(
              "new tags are stored, and the gateway not told",
              "host/turn/TurnConnection.java",
              "    if (life == Life.OPEN) {\n      turn.say(new ToGateway.Retagged",
              "    if (tags.size() > 9) {\n      turn.say(new ToGateway.Retagged",
              ATOMIC),
          of(
              "new automatic replies are stored, and the gateway not told",
              "host/turn/AutoReplyRows.java",
              "boolean isChanged = ended.writes().containsKey(RowKey.AUTO_REPLIES);",
              "boolean isChanged = false;",
              ATOMIC),
          of(
              "an actor's row says that there are no automatic replies, though there are",
              "host/turn/AutoReplyRows.java",
              "mayBeStored = !replies.isEmpty();",
              "mayBeStored = false;",
              ATOMIC),
          of(
              "a lost commit does not reset the actor",
              "host/ActorCell.java",
              "    if (gate.loss() != null) {\n      return resetAfterLoss();",
              "    if (gate.loss() != null && state == CellState.SETTLING) {\n"
                  + "      return resetAfterLoss();",
              ATOMIC),
          of(
              "a turn that could not read the store is kept all the same",
              "host/ActorCell.java",
              "Throwable unreadable = turn.isAbandoned() ? null : rows.unreadable();",
              "Throwable unreadable = null;",
              ATOMIC,
              KEPT_FIRST),
          of(
              "an alarm is still set after its turn",
              "host/turn/TurnAlarms.java",
              "    write(turn.writes(), actor, due.name(), row, null);\n    count = Math",
              "    count = Math",
              ATOMIC,
              KEPT_FIRST),
          of(
              "an alarm whose turn failed is given up",
              "host/commit/AlarmOutcomes.java",
              "return attempts >= attemptsMax(due.actor())\n        ? Optional.empty()",
              "return attempts > 0\n        ? Optional.empty()",
              ATOMIC),
          of(
              "an alarm that is cancelled rings all the same",
              "host/turn/TurnAlarms.java",
              "        write(turn.writes(), actor, name, readable(key), null);\n",
              "",
              ATOMIC,
              SLEEP,
              KEPT_FIRST),
          of(
              "an alarm whose commit was lost does not come again",
              "host/alarm/AlarmClock.java",
              "      rest(alarm, LOSS_REST_NS);\n",
              "      rest(alarm, Long.MAX_VALUE / 4);\n",
              LIVENESS),
          of(
              "an alarm that cannot be read costs the next event its turn",
              "host/ActorCell.java",
              "      recovery.done(alarm); // it is still set, and comes again\n      return true;",
              "      throw e;",
              ATOMIC,
              LIVENESS),
          // 3
          of(
              "a turn speaks before it is committed",
              "host/commit/CommitPipeline.java",
              "gate.hold(\n"
                  + "          number, bytes, release(records), gateways, ifLost, listener,"
                  + " handIn(writes, clears));",
              "handIn(writes, clears).thenAccept(result -> {});"
                  + " gate.pass(number, bytes, release(records), gateways, ifLost, listener);",
              ATOMIC,
              KEPT_FIRST),
          of(
              "a turn that stored nothing does not wait for those before it",
              "host/commit/OutputGate.java",
              "held.add(entry);\n      letOut();",
              "held.addFirst(entry);\n      letOut();",
              KEPT_FIRST,
              ATOMIC),
          of(
              "a fenced commit counts as done",
              "host/commit/OutputGate.java",
              "if (!(next.result instanceof CommitResult.Done) && loss == null) {",
              "if (next.result instanceof CommitResult.Unknown && loss == null) {",
              KEPT_FIRST,
              ATOMIC),
          of(
              "the turns after a lost one speak",
              "host/commit/OutputGate.java",
              "      if (loss == null) {\n        settled = Math.max(settled, next.turn);",
              "      if (next.result instanceof CommitResult.Done) {\n        settled = Math.max(settled, next.turn);",
              KEPT_FIRST),
          of(
              "the sender of a lost message is not told",
              "host/commit/Answers.java",
              "? handledAndClosed(\n"
                  + "                        message, TRY_AGAIN_LATER,"
                  + " \"the server cannot store anything now\")",
              "? handled(message)",
              KEPT_FIRST),
          of(
              "a release names another epoch",
              "host/commit/CommitPipeline.java",
              "return new Release(id, epoch, records);",
              "return new Release(id, epoch + 1, records);",
              KEPT_FIRST),
          // 4
          of(
              "attachments that onHibernate set are forgotten",
              "host/turn/Activation.java",
              "for (TurnConnection connection : touched) {",
              "for (TurnConnection connection : isLast ? List.<TurnConnection>of() :"
                  + " touched) {",
              ATOMIC,
              SLEEP),
          of(
              "an attachment that is changed in place is forgotten",
              "host/turn/TurnConnection.java",
              "      activation.touch(turn, this);\n      return activation.attached(id, attachment);",
              "      return attachment;",
              ATOMIC,
              KEPT_FIRST,
              SLEEP),
          of(
              "an actor sleeps before its commits are done",
              "host/ActorCell.java",
              "  private boolean settle() {\n    if (!gate.isEmpty(signal)) {",
              "  private boolean settle() {\n"
                  + "    if (gate.isHolding() && state == CellState.COLD) {",
              SLEEP,
              LIVENESS),
          of(
              "a new activation does not see what is on its way to the store",
              "host/rows/ActorRows.java",
              "    Unsettled onItsWay = unsettled.get(key);\n",
              "    Unsettled onItsWay = key.table() == Table.ACTOR ? null : unsettled.get(key);\n",
              ATOMIC,
              SLEEP),
          of(
              "what is on its way to the store is forgotten one turn too early",
              "host/rows/ActorRows.java",
              "unsettled.values().removeIf(u -> u.turn <= turn);",
              "unsettled.values().removeIf(u -> u.turn <= turn + 1);",
              ATOMIC,
              SLEEP),
          of(
              "what a lost turn wrote is still seen",
              "host/rows/ActorRows.java",
              "    unsettled.clear();\n    unsettledClears = NO_CLEARS;\n",
              "    unsettledClears = NO_CLEARS;\n",
              ATOMIC,
              SLEEP),
          of(
              "a stop does not wait for the actors",
              "host/ActorHost.java",
              "cells.keySet().stream().map(this::hibernate), leaving",
              "cells.keySet().stream().map(this::hibernate).limit(0), leaving",
              SLEEP,
              LIVENESS),
          // 5
          of(
              "a close does not remove the connection",
              "host/turn/Activation.java",
              "ended.writes().put(RowKey.connection(gone), Optional.empty());\n"
                  + "    current = current.with(gone.run(), -1);",
              "",
              ATOMIC,
              CLOSED_ONCE),
          of(
              "a close that comes twice is handled twice",
              "host/commit/Repeats.java",
              "boolean isStored = rows.has(closed.connection());",
              "boolean isStored = true;",
              CLOSED_ONCE),
          of(
              "a close that may be the second is handled",
              "host/ActorCell.java",
              "      recovery.unreadable(client, e, time.nowNs());\n      return true;",
              "      return false;",
              CLOSED_ONCE),
          of(
              "a close that had to be put off is forgotten",
              "host/Recovery.java",
              "the actor failed too often\", cause);\n      owed.add(closed);\n",
              "the actor failed too often\", cause);\n",
              CLOSED_ONCE,
              LIVENESS),
          of(
              "a close whose commit was lost is not tried again",
              "host/commit/CommitPipeline.java",
              "    lostCloses.add(closed);\n",
              "",
              CLOSED_ONCE,
              LIVENESS),
          of(
              "leftovers of the run before the last are not closed",
              "host/LeftoverCloses.java",
              "return run == folder.run() ? null : causes",
              "return run != folder.run() - 1 ? null : causes",
              CLOSED_ONCE,
              LIVENESS),
          of(
              "a close whose handler throws keeps the connection",
              "host/Recovery.java",
              "      commits.removeConnection(closed);\n",
              "      rows.discard();\n",
              CLOSED_ONCE,
              LIVENESS),
          // 6
          of(
              "a turn that takes too long is not given up",
              "host/HostRounds.java",
              "    cell.abandonOverdue(nowNs);\n",
              "",
              BAD_HANDLER,
              LIVENESS),
          of(
              "a turn that was given up ends well",
              "host/turn/Turn.java",
              "    failure = new IllegalStateException(why);\n",
              "",
              ATOMIC,
              KEPT_FIRST,
              BAD_HANDLER),
          of(
              "the handler of a turn that was given up may go on",
              "host/turn/Turn.java",
              "    if (state == State.ABANDONED) {\n",
              "    if (state == State.ABANDONED && awaited > 99) {\n",
              BAD_HANDLER),
          of(
              "the interrupt of a turn that was given up reaches the next one",
              "host/turn/Turn.java",
              "    Thread.interrupted();\n    if (state",
              "    if (state",
              BAD_HANDLER),
          of(
              "a handler that throws costs its connection",
              "host/commit/Answers.java",
              "policy == FailurePolicy.KEEP_OPEN\n",
              "policy != FailurePolicy.KEEP_OPEN\n",
              ATOMIC,
              KEPT_FIRST,
              BAD_HANDLER),
          // 7
          of(
              "a mailbox takes whatever comes",
              "host/Mailbox.java",
              "boolean isFull = queue.size() >= capacity;",
              "boolean isFull = queue.size() >= 2 * capacity;",
              LIMITS),
          of(
              "an attachment may be of any size",
              "host/turn/Activation.java",
              "type.codec().encode(attachment, type.options().attachmentBytesMax());",
              "type.codec().encode(attachment, Integer.MAX_VALUE);",
              ATOMIC,
              LIMITS),
          of(
              "a connection may have any number of tags",
              "host/turn/TurnConnection.java",
              "if (tags.size() > tagsMax) {",
              "if (tags.size() > 9 * tagsMax) {",
              LIMITS),
          // Everything that waits is done in the end.
          of(
              "what was withheld is never wanted",
              "host/Mailbox.java",
              "if (gaps == null || queue.size() > capacity / 2) {",
              "if (gaps == null || queue.size() >= 0) {",
              LIVENESS),
          of(
              "messages of a connection that the actor closed are not answered",
              "host/ActorCell.java",
              "    if (handle.event() instanceof ToHost.Message) {\n"
                  + "      commits.acknowledge(handle, closing);",
              "    if (mailbox.size() > 99) {\n      commits.acknowledge(handle, closing);",
              LIVENESS,
              ONE_AT_A_TIME),
          of(
              "a cell is never given up",
              "host/Mailbox.java",
              "if (!queue.isEmpty() || (gaps != null && !gaps.isEmpty())) {",
              "if (capacity > 0) {",
              LIVENESS),
          of(
              "idle actors stay in memory",
              "host/IdlePolicy.java",
              "return nowNs - lastEventNs >= idleNs;",
              "return nowNs - lastEventNs < 0;",
              LIVENESS),
          of(
              "a close whose activation failed is not tried again",
              "host/HostRounds.java",
              "    cell.retryIfDue(nowNs);\n",
              "",
              LIVENESS));

  private static Mutation of(
      String name, String file, String from, String to, Promise first, Promise... others) {
    return new Mutation(name, EnumSet.of(first, others), file, from, to);
  }
}
