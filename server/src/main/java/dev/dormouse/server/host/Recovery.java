package dev.dormouse.server.host;

import dev.dormouse.log.Counted;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CallFailedException.Reason;
import dev.dormouse.sdk.FailurePolicy;
import dev.dormouse.server.host.commit.AlarmOutcomes;
import dev.dormouse.server.host.commit.Answers;
import dev.dormouse.server.host.commit.CommitPipeline;
import dev.dormouse.server.host.rows.ActorRows;
import dev.dormouse.server.host.rows.Quarantine;
import dev.dormouse.server.host.turn.ClosingConnections;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.host.turn.ResetException;
import dev.dormouse.server.host.turn.Turn;
import dev.dormouse.server.observe.FailureLog;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.NoFileHandlesException;
import dev.dormouse.storage.rows.CorruptRowException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a cell does after a failure: which event is tried again and when, which event is
 * given up, and what clients are told. It does not change the state of the cell.
 *
 * <p><b>A handler that throws, hangs or resets its actor</b> is not called again for its event: the
 * event is answered as failed, and a new actor object handles the next event.
 *
 * <p><b>An activation that fails</b>, or a turn that could not read the store, is not the fault of
 * its event. The event and all events behind it wait, and after a rest the cell makes a new actor
 * object, as {@link RetryPolicy} says. After {@link RetryPolicy#attemptsMax} failures for the same
 * event that event is given up, and the events behind it are tried. If the actor cannot be
 * activated for them either, each further failure gives up all events that wait, so that every
 * client hears of it soon. What giving up means depends on the event:
 *
 * <ul>
 *   <li>a message closes its connection with 1011, or with 1013 (try again later) if the process
 *       had no file handles left to read the store;
 *   <li>a close is kept in {@link OwedCloses}, which tries it later;
 *   <li>an alarm is stored with a later time at once, any number of times;
 *   <li>upgrades and requests, whose clients can ask again, wait as long as {@link
 *       RetryPolicy#patience} allows and are then answered 503;
 *   <li>calls wait as long, and then fail with the reason.
 * </ul>
 *
 * <p>Methods are called by the thread that runs the cell, unless a comment says otherwise.
 */
final class Recovery {
  private final ActorId id;
  private final FailurePolicy failurePolicy;
  private final RetryPolicy policy;
  private final Time time;
  private final FailureLog failures;
  private final BooleanSupplier isStopping;
  private final Mailbox mailbox;
  private final ActorRows rows;
  private final CommitPipeline commits;
  private final ClosingConnections closing;
  private final OwedCloses owed;
  private final LongAdder eventsGivenUp;
  private final Quarantine quarantine;
  private final AlarmOutcomes alarms;

  /** The failures of activations since one last succeeded; null if none failed. */
  private volatile @Nullable Retry activations;

  /** The failures of the first event in the mailbox; null if that event has not failed. */
  private volatile @Nullable Retry event;

  Recovery(
      ActorId id,
      FailurePolicy failurePolicy,
      RetryPolicy policy,
      BooleanSupplier isStopping,
      Time time,
      FailureLog failures,
      Quarantine quarantine,
      AlarmOutcomes alarms,
      LongAdder eventsGivenUp,
      Mailbox mailbox,
      ActorRows rows,
      CommitPipeline commits,
      ClosingConnections closing) {
    this.id = id;
    this.failurePolicy = failurePolicy;
    this.policy = policy;
    this.isStopping = isStopping;
    this.time = time;
    this.failures = failures;
    this.mailbox = mailbox;
    this.rows = rows;
    this.commits = commits;
    this.closing = closing;
    this.eventsGivenUp = eventsGivenUp;
    this.quarantine = quarantine;
    this.alarms = alarms;
    this.owed = new OwedCloses(rows, closing, policy);
  }

  // When the next attempt is due. These methods may be called by any thread.

  /**
   * Returns how long the cell must rest before its next attempt, in nanoseconds; 0 if it need not.
   */
  long restNs(long nowNs) {
    if (isStopping.getAsBoolean()) {
      return 0;
    }
    return Math.max(restNs(activations, nowNs), restNs(event, nowNs));
  }

  /**
   * Returns whether nothing has failed and no close is owed, so that there is nothing to decide.
   */
  boolean isQuiet() {
    return activations == null && event == null && owed.count() == 0;
  }

  /** Returns whether the cell must rest before its next attempt. */
  boolean isResting() {
    return restNs(time.nowNs()) > 0;
  }

  private static long restNs(@Nullable Retry retry, long nowNs) {
    return retry == null || retry.isDue(nowNs) ? 0 : retry.dueNs() - nowNs;
  }

  /** Returns the number of activations that have failed in a row. */
  int failedActivations() {
    Retry failed = activations;
    return failed == null ? 0 : failed.failures();
  }

  /** Returns whether an attempt is due that no new event, but only the clock, can start. */
  boolean isDue(long nowNs) {
    boolean isWaiting = (activations != null || event != null) && mailbox.size() > 0;
    return (isWaiting || isOwedDue(nowNs)) && restNs(nowNs) == 0;
  }

  private boolean isOwedDue(long nowNs) {
    return owed.isDue(nowNs) && !isStopping.getAsBoolean();
  }

  /** Returns the number of connections that have ended and whose close is not handled yet. */
  int owedCloses() {
    return owed.count();
  }

  /**
   * Answers an upgrade or a request with 503 at once if the actor has been failing for too long.
   *
   * @return whether the event was answered
   */
  boolean refuse(Event work) {
    Retry failed = activations;
    if (failed == null || !isRefusable(work)) {
      return false;
    }
    long nowNs = time.nowNs();
    if (restNs(nowNs) == 0 || failed.mayPass(policy, nowNs)) {
      return false;
    }
    commits.sendNow(Answers.unavailable(work, restSeconds()));
    if (work instanceof Event.Call call) {
      call.refuse(Reason.CANNOT_WAKE, "the actor could not be woken, and is not tried again yet");
    }
    return true;
  }

  /** Returns the status of the actor, completed by its failures and its owed closes. */
  ActorStatus addTo(ActorStatus status, long nowNs) {
    int closes = owed.count();
    int failed = failedActivations();
    if (closes == 0 && failed == 0) {
      return status;
    }
    List<String> pins = new ArrayList<>();
    if (failed > 0) {
      pins.add(Pins.failedWakes(failed, restNs(nowNs)));
    }
    if (closes > 0) {
      pins.add(Counted.of(closes, "close") + " that could not take effect yet");
    }
    return status.with(closes, pins);
  }

  // Decisions of the thread that runs the cell.

  /** Returns a close that is owed and due; null if there is none. */
  Event.@Nullable Client owedDue() {
    if (owed.count() == 0) {
      return null;
    }
    long nowNs = time.nowNs();
    return isOwedDue(nowNs) ? owed.due(nowNs) : null;
  }

  /** Notes that the turn of {@code onActivate} succeeded. */
  void activated() {
    if (activations != null) {
      activations = null;
      owed.tryNow(time.nowNs());
    }
  }

  /**
   * Decides what becomes of the event of a discarded turn.
   *
   * @param cause why the turn failed
   * @param unreadable why the turn could not read the store; null if it could
   * @param hasMetUnreadable whether the turn met something stored that cannot be understood
   */
  @SuppressWarnings("NullAway") // the visitor's result type admits null here
  void discarded(
      Turn failed, Throwable cause, @Nullable Throwable unreadable, boolean hasMetUnreadable) {
    long beganNs = failed.startedNs();
    String reply = failed.replyIfDiscarded();
    failed
        .work()
        .accept(
            new Event.Visitor<@Nullable Void, RuntimeException>() {
              @Override
              public @Nullable Void activate(Event.Activate activate) {
                activationFailed(unreadable == null ? cause : unreadable, beganNs);
                return null;
              }

              @Override
              public @Nullable Void client(Event.Client client) {
                if (unreadable != null) {
                  unreadable(client, unreadable, beganNs);
                } else if (hasMetUnreadable && client.event() instanceof ToHost.Closed closed) {
                  closeNotUnderstood(client, closed, cause, beganNs);
                } else {
                  turnFailed(client, cause, reply);
                }
                return null;
              }

              @Override
              public @Nullable Void alarm(Event.Alarm alarm) {
                if (unreadable instanceof NoFileHandlesException) {
                  alarmUnreadable(alarm, unreadable);
                } else {
                  turnFailed(alarm, cause, null);
                }
                return null;
              }

              @Override
              public @Nullable Void call(Event.Call call) {
                if (unreadable == null) {
                  turnFailed(call, cause, null);
                } else {
                  callUnreadable(call, unreadable);
                }
                return null;
              }

              @Override
              public @Nullable Void difference(Event.Difference difference) {
                throw new AssertionError("a difference is told without a turn");
              }

              @Override
              public @Nullable Void hibernate(Event.Hibernate hibernate) {
                turnFailed(hibernate, cause, null);
                return null;
              }
            });
  }

  /** Notes that the event is answered, or needs no answer, and is over. */
  void done(Event work) {
    if (work instanceof Event.Client client) {
      if (owed.isFirst(client)) {
        owed.remove();
        work.end();
        return;
      }
      closing.handled(client.event());
    }
    event = null;
    work.end();
  }

  /**
   * Answers an event whose handler failed or reset its actor; nothing of its turn is kept.
   *
   * @param reply what the sender of a message is sent; null for nothing
   */
  void turnFailed(Event work, Throwable failure, @Nullable String reply) {
    boolean isReset = failure instanceof ResetException;
    failures.error(
        isReset
            ? "a turn of actor {} ({}) has reset it; nothing of the turn is stored or sent: {}"
            : "a turn of actor {} failed ({}); nothing of the turn is stored or sent: {}",
        id,
        work.description(),
        failure,
        failure);
    if (work instanceof Event.Alarm alarm) {
      alarms.failed(rows, commits, alarm);
      done(alarm);
    }
    if (work instanceof Event.Difference difference) {
      difference.untold().run();
      difference.end();
    }
    if (work instanceof Event.Call call) {
      commits.fail(
          call, isReset ? Reason.ACTOR_RESET : Reason.HANDLER_FAILED, causeOf(failure).toString());
      done(call);
    }
    if (!(work instanceof Event.Client client)) {
      return;
    }
    if (client.event() instanceof ToHost.Closed closed) {
      forget(client, closed);
    } else {
      List<ToGateway> records = new ArrayList<>(Answers.replied(work, reply));
      records.addAll(isReset ? Answers.reset(work) : Answers.failed(work, failurePolicy, failure));
      sendInOrder(records);
      done(client);
    }
  }

  private static Throwable causeOf(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : null;
    return cause == null ? failure : cause;
  }

  /**
   * Keeps a close owed whose handler met something stored that cannot be understood, most often
   * because the application lacks the class that wrote it. This process tries the close again, and
   * so does the next one, which may have the right classes.
   */
  private void closeNotUnderstood(
      Event.Client work, ToHost.Closed closed, Throwable cause, long beganNs) {
    logGivenUp(work, "put off", "it met something stored that cannot be read", cause);
    if (owed.isFirst(work)) {
      owed.failedFirst(beganNs, time.nowNs());
    } else {
      event = null;
      owed.add(closed);
      owed.failed(beganNs, time.nowNs());
      work.end();
    }
  }

  private void sendInOrder(List<ToGateway> records) {
    closing.noteClosesOf(records);
    commits.sendInOrder(records);
  }

  /**
   * Removes the connection whose close handler failed. If the store cannot be read, the close is
   * tried again instead.
   */
  private void forget(Event.Client work, ToHost.Closed closed) {
    try {
      commits.removeConnection(closed);
      done(work);
    } catch (RuntimeException e) {
      rows.discard();
      unreadable(work, e, time.nowNs());
    }
  }

  /** Tries an event again whose turn could not read the store, or gives the event up. */
  void unreadable(Event.Client work, Throwable cause, long beganNs) {
    long nowNs = time.nowNs();
    failures.error(
        "a turn of actor {} could not read the store ({}): {}",
        id,
        work.description(),
        String.valueOf(cause));
    if (owed.isFirst(work)) {
      owed.failedFirst(beganNs, nowNs);
      return;
    }
    Retry failed = Retry.after(event, policy, beganNs, nowNs);
    boolean isOver = isStopping.getAsBoolean() || failed.failures() >= policy.attemptsMax();
    if (isOver || (isRefusable(work) && !failed.mayPass(policy, nowNs))) {
      event = null;
      giveUp(work, cause);
    } else {
      event = failed;
      mailbox.putBack(work);
    }
  }

  /** Puts an alarm off whose turn could not read the store; that does not count as an attempt. */
  private void alarmUnreadable(Event.Alarm work, Throwable cause) {
    failures.error(
        "a turn of actor {} could not read the store ({}): {}",
        id,
        work.description(),
        String.valueOf(cause));
    alarms.putOff(rows, commits, work, 1);
    done(work);
  }

  /** Fails a call whose turn could not read the store; its caller may try again. */
  void callUnreadable(Event.Call call, Throwable cause) {
    failures.error(
        "a turn of actor {} could not read the store ({}): {}",
        id,
        call.description(),
        String.valueOf(cause));
    commits.fail(call, Reason.CANNOT_WAKE, "the store could not be read: " + cause.getMessage());
    done(call);
  }

  /** Decides what becomes of the events that wait after an activation failed. */
  void activationFailed(Throwable cause, long beganNs) {
    long nowNs = time.nowNs();
    Retry failed = Retry.after(activations, policy, beganNs, nowNs);
    activations = failed;
    owed.failed(beganNs, nowNs);
    Event first = mailbox.peek();
    logActivation(failed, first, cause);
    if (isStopping.getAsBoolean() || failed.failures() > policy.attemptsMax()) {
      event = null;
      giveUp(work -> !work.needsNoObject(), cause);
      return;
    }
    if (first != null) {
      failFirst(first, cause, Retry.after(event, policy, beganNs, nowNs));
    }
    if (!failed.mayPass(policy, nowNs)) {
      if (first != null && isRefusable(first)) {
        event = null;
      }
      giveUp(Recovery::isRefusable, cause);
    }
  }

  private void failFirst(Event first, Throwable cause, Retry failed) {
    if (first.needsNoObject()) {
      return; // the event came while the actor was being activated for an owed close
    }
    // An alarm is given up at once, since giving it up only stores a later time for it.
    if (failed.failures() >= policy.attemptsMax() || first instanceof Event.Alarm) {
      event = null;
      giveUp(mailbox.take(), cause);
      commits.sendNow(mailbox.resumable());
    } else {
      event = failed;
    }
  }

  /** Logs a failed wake; only the first of several in a row with its stack trace. */
  private void logActivation(Retry failed, @Nullable Event first, Throwable cause) {
    String why = first == null ? "close that is owed" : first.label();
    if (failed.failures() == 1) {
      failures.error("actor {} could not be woken ({}): {}", id, why, cause, cause);
    } else {
      failures.error(
          "actor {} could not be woken ({}), {} times in a row: {}",
          id,
          why,
          failed.failures(),
          String.valueOf(cause));
    }
  }

  private static boolean isRefusable(Event work) {
    return work instanceof Event.Call || isAnswered503(work);
  }

  private static boolean isAnswered503(Event work) {
    return work instanceof Event.Client client
        && (client.event() instanceof ToHost.Open || client.event() instanceof ToHost.Request);
  }

  /** Gives up all waiting events that the predicate accepts. */
  private void giveUp(Predicate<Event> whom, Throwable cause) {
    mailbox.takeAll(whom).forEach(work -> giveUp(work, cause));
    commits.sendNow(mailbox.resumable());
  }

  private void giveUp(Event work, Throwable cause) {
    if (work instanceof Event.Alarm alarm) {
      if (!isStopping.getAsBoolean()) {
        alarms.putOff(rows, commits, alarm, Math.max(1, failedActivations()));
      }
    } else if (work instanceof Event.Call call) {
      commits.fail(call, Reason.CANNOT_WAKE, "the actor could not be woken: " + cause);
    } else if (isAnswered503(work)) {
      commits.sendInOrder(Answers.unavailable(work, restSeconds()));
    } else if (work instanceof Event.Client client && closing.hasEnded(client)) {
      commits.acknowledge(client, closing);
    } else if (work instanceof Event.Client client
        && client.event() instanceof ToHost.Closed closed) {
      logGivenUp(work, "put off", "the actor failed too often", cause);
      owed.add(closed);
    } else {
      logGivenUp(work, "given up", "the actor failed too often", cause);
      eventsGivenUp.increment();
      sendInOrder(Answers.givenUp(work, cause));
    }
    work.end();
  }

  private void logGivenUp(Event work, String outcome, String why, Throwable cause) {
    failures.error(
        "the {} of actor {} is {}, since {}: {}",
        work.description(),
        id,
        outcome,
        why,
        String.valueOf(cause));
  }

  private long restSeconds() {
    return 1 + TimeUnit.NANOSECONDS.toSeconds(restNs(time.nowNs()));
  }

  /**
   * Refuses the first event because the actor's own row cannot be understood, so that another
   * attempt would fail, too. The actor's rows are left as they are.
   */
  void corrupt(CorruptRowException cause) {
    long nowNs = time.nowNs();
    if (mailbox.peek() instanceof Event.Client client) {
      owed.failed(nowNs, nowNs);
      mailbox.take();
      quarantine.actor(id, cause);
      quarantine.eventRefused();
      commits.sendInOrder(Answers.unreadable(client.event()));
      done(client);
      commits.sendNow(mailbox.resumable());
    } else if (mailbox.peek() instanceof Event.Alarm alarm) {
      owed.failed(nowNs, nowNs);
      mailbox.take();
      quarantine.actor(id, cause);
      alarms.setAside(alarm);
      done(alarm);
      commits.sendNow(mailbox.resumable());
    } else if (mailbox.peek() instanceof Event.Call call) {
      owed.failed(nowNs, nowNs);
      mailbox.take();
      quarantine.actor(id, cause);
      quarantine.eventRefused();
      commits.fail(call, Reason.CANNOT_WAKE, "what is stored of the actor cannot be read");
      done(call);
      commits.sendNow(mailbox.resumable());
    } else {
      activationFailed(cause, nowNs);
    }
  }

  /** Answers an event whose turn is lost because a commit before it was lost. */
  void lost(Event work, CommitResult loss) {
    commits.answerLost(work, loss);
    if (work instanceof Event.Call call) {
      call.refuse(Reason.NOT_STORED, "a turn before it could not be stored");
      done(call);
    }
    if (work instanceof Event.Client || work instanceof Event.Alarm) {
      done(work);
    }
  }

  /** Ends an alarm that was moved, cancelled or handled after the clock handed it out. */
  void passOver(Event.Alarm alarm) {
    alarms.passOver(rows, commits, alarm);
    done(alarm);
  }

  /** Notes the closes that lost commits leave open, now that the rows are read anew. */
  void resetAfterLoss(CommitPipeline.Lost lost) {
    closing.noteClosesOf(lost.answers());
    lost.closes().forEach(closing::add);
    owed.forEach(closing::add);
  }
}
