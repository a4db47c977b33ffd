package dev.dormouse.server.host;

import dev.dormouse.log.Counted;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.FailurePolicy;
import dev.dormouse.server.host.commit.AlarmOutcomes;
import dev.dormouse.server.host.commit.Answers;
import dev.dormouse.server.host.commit.CommitPipeline;
import dev.dormouse.server.host.rows.ActorRows;
import dev.dormouse.server.host.rows.Quarantine;
import dev.dormouse.server.host.turn.ClosingConnections;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.host.turn.ResetException;
import dev.dormouse.server.observe.FailureLog;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.NoFileHandlesException;
import dev.dormouse.storage.rows.CorruptRowException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a cell does about failures: what is tried again, and when; what is given up, who is told.
 * The cell's own life is none of its business.
 *
 * <p><b>A handler that throws, hangs or resets its actor</b> has had its chance: its event is
 * answered, and the next one comes to a new object.
 *
 * <p><b>An activation that fails</b>, or a turn that could not read the store, is nothing that its
 * event must suffer for: the event waits, those behind it too, and after a rest a new object is
 * tried, as {@link RetryPolicy} says. After so many failures of the same event it is given up, and
 * those behind it have their chance. If the actor cannot be activated for them either, all that
 * waits is given up with each further failure, so that every client hears of it soon. A message
 * that is given up closes its connection with 1011; a close is set aside, {@link OwedCloses}; an
 * alarm is put off at once, however often it takes. If the process had no file handles for the
 * store, the close is 1013: the client may come again. Upgrades and requests have somebody who can
 * ask again: they wait for as long as the trouble may be a passing one and are answered 503 then.
 *
 * <p>Used by whoever runs the cell; what says so, by anyone.
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
  private final CommitPipeline outgoing;
  private final ClosingConnections closing;
  private final OwedCloses owed;
  private final LongAdder eventsGivenUp;
  private final Quarantine quarantine;
  private final AlarmOutcomes alarms;

  /** Of activations since the last that went well; null if none failed. */
  private volatile @Nullable Retry activations;

  /** Of the first event in the mailbox; null if it has not failed. */
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
      CommitPipeline outgoing,
      ClosingConnections closing) {
    this.id = id;
    this.failurePolicy = failurePolicy;
    this.policy = policy;
    this.isStopping = isStopping;
    this.time = time;
    this.failures = failures;
    this.mailbox = mailbox;
    this.rows = rows;
    this.outgoing = outgoing;
    this.closing = closing;
    this.eventsGivenUp = eventsGivenUp;
    this.quarantine = quarantine;
    this.alarms = alarms;
    this.owed = new OwedCloses(rows, closing, policy);
  }

  // When. Any thread.

  /** How long nothing is to be tried yet, in nanoseconds; 0 if it may be. */
  long restNs(long nowNs) {
    if (isStopping.getAsBoolean()) {
      return 0;
    }
    return Math.max(restNs(activations, nowNs), restNs(event, nowNs));
  }

  /** Returns whether nothing has failed and no close is owed: there is nothing to decide. */
  boolean isQuiet() {
    return activations == null && event == null && owed.count() == 0;
  }

  /** Returns whether nothing is to be tried yet. */
  boolean isResting() {
    return restNs(time.nowNs()) > 0;
  }

  private static long restNs(@Nullable Retry retry, long nowNs) {
    return retry == null || retry.isDue(nowNs) ? 0 : retry.dueNs() - nowNs;
  }

  /** How many activations have failed in a row. */
  int failedActivations() {
    Retry failed = activations;
    return failed == null ? 0 : failed.failures();
  }

  /** Whether an attempt is due that nothing but the time will set going. */
  boolean isDue(long nowNs) {
    boolean isWaiting = (activations != null || event != null) && mailbox.size() > 0;
    return (isWaiting || isOwedDue(nowNs)) && restNs(nowNs) == 0;
  }

  private boolean isOwedDue(long nowNs) {
    return owed.isDue(nowNs) && !isStopping.getAsBoolean();
  }

  /** How many connections have ended without their close having taken effect. */
  int owedCloses() {
    return owed.count();
  }

  /**
   * Answers an upgrade or a request at once if the actor is not to be had for longer.
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
    outgoing.tell(Answers.unavailable(work, restSeconds()));
    return true;
  }

  /** What is seen of an actor, with what is to be known of its failures. */
  ActorStatus addTo(ActorStatus status, long nowNs) {
    int closes = owed.count();
    int failed = failedActivations();
    if (closes == 0 && failed == 0) {
      return status;
    }
    List<String> pins = new ArrayList<>();
    if (failed > 0) {
      pins.add(Pins.failedActivations(failed, restNs(nowNs)));
    }
    if (closes > 0) {
      pins.add(Counted.of(closes, "close") + " that could not take effect yet");
    }
    return status.with(closes, pins);
  }

  // What comes next.

  /** A close that is owed and due; null if there is none. */
  Event.@Nullable Client owedDue() {
    if (owed.count() == 0) {
      return null;
    }
    long nowNs = time.nowNs();
    return isOwedDue(nowNs) ? owed.due(nowNs) : null;
  }

  // What became of it.

  /** The turn of {@code onActivate} ended well. */
  void activated() {
    if (activations != null) {
      activations = null;
      owed.tryNow(time.nowNs());
    }
  }

  /**
   * Decides what becomes of an event whose turn was discarded.
   *
   * @param cause why the turn failed
   * @param unreadable why the turn could not read the store; null if it could
   * @param hasMetUnreadable whether the turn met something stored that cannot be understood
   * @param beganNs when the turn began
   */
  @SuppressWarnings("NullAway") // the visitor's result type admits null here
  void discarded(
      Event failed,
      Throwable cause,
      @Nullable Throwable unreadable,
      boolean hasMetUnreadable,
      long beganNs) {
    failed.accept(
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
              turnFailed(client, cause);
            }
            return null;
          }

          @Override
          public @Nullable Void alarm(Event.Alarm alarm) {
            if (unreadable instanceof NoFileHandlesException) {
              alarmUnreadable(alarm, unreadable);
            } else {
              turnFailed(alarm, cause);
            }
            return null;
          }

          @Override
          public @Nullable Void hibernate(Event.Hibernate hibernate) {
            turnFailed(hibernate, cause);
            return null;
          }
        });
  }

  /** The event is answered, or nobody needs to hear of it any more. */
  void done(Event work) {
    if (work instanceof Event.Client handle) {
      if (owed.isFirst(handle)) {
        owed.remove();
        work.end();
        return;
      }
      closing.handled(handle.event());
    }
    event = null;
    work.end();
  }

  /** A handler failed, or its actor was reset: nothing of its turn is kept or said. */
  void turnFailed(Event work, Throwable failure) {
    boolean isReset = failure instanceof ResetException;
    failures.error(
        isReset
            ? "a turn of actor {} ({}) has reset it; nothing of it was kept or sent: {}"
            : "a turn of actor {} failed ({}); nothing of it was kept or sent: {}",
        id,
        work.description(),
        failure,
        failure);
    if (work instanceof Event.Alarm alarm) {
      alarms.failed(rows, outgoing, alarm);
      done(alarm);
    }
    if (!(work instanceof Event.Client handle)) {
      return;
    }
    if (handle.event() instanceof ToHost.Closed closed) {
      forget(handle, closed);
    } else {
      say(isReset ? Answers.reset(work) : Answers.failed(work, failurePolicy, failure));
      done(handle);
    }
  }

  /**
   * A close handler failed over something stored that cannot be understood, most often because the
   * application's classes are not those that wrote it. The close stays owed: to this process, and
   * to the next, whose classes may be the right ones.
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

  private void say(List<ToGateway> records) {
    closing.said(records);
    outgoing.say(records);
  }

  /**
   * A close handler threw: what it did is void, but the connection is gone all the same, unless the
   * store cannot even be read.
   */
  private void forget(Event.Client work, ToHost.Closed closed) {
    try {
      outgoing.forget(closed);
      done(work);
    } catch (RuntimeException e) {
      rows.discard();
      unreadable(work, e, time.nowNs());
    }
  }

  /** The turn of an event could not read the store: it is tried again, or given up. */
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

  /** The turn of an alarm could not read the store for now: that was no attempt. */
  private void alarmUnreadable(Event.Alarm work, Throwable cause) {
    failures.error(
        "a turn of actor {} could not read the store ({}): {}",
        id,
        work.description(),
        String.valueOf(cause));
    alarms.putOff(rows, outgoing, work, 1);
    done(work);
  }

  /** There is no actor object for the events that wait. */
  void activationFailed(Throwable cause, long beganNs) {
    long nowNs = time.nowNs();
    Retry failed = Retry.after(activations, policy, beganNs, nowNs);
    activations = failed;
    owed.failed(beganNs, nowNs);
    Event first = mailbox.peek();
    logActivation(failed, first, cause);
    if (isStopping.getAsBoolean() || failed.failures() > policy.attemptsMax()) {
      event = null;
      giveUp(work -> !(work instanceof Event.Hibernate), cause);
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
    if (first instanceof Event.Hibernate) {
      return; // it came while the actor was being activated for a close that is owed
    }
    // An alarm is put off, and that is stored.
    if (failed.failures() >= policy.attemptsMax() || first instanceof Event.Alarm) {
      event = null;
      giveUp(mailbox.take(), cause);
      outgoing.tell(mailbox.resumable());
    } else {
      event = failed;
    }
  }

  /** The first of a row comes with its stack trace. */
  private void logActivation(Retry failed, @Nullable Event first, Throwable cause) {
    String why = first == null ? "close that is owed" : first.label();
    if (failed.failures() == 1) {
      failures.error("actor {} could not be activated ({}): {}", id, why, cause, cause);
    } else {
      failures.error(
          "actor {} could not be activated ({}), {} times in a row: {}",
          id,
          why,
          failed.failures(),
          String.valueOf(cause));
    }
  }

  private static boolean isRefusable(Event work) {
    return work instanceof Event.Client handle
        && (handle.event() instanceof ToHost.Open || handle.event() instanceof ToHost.Request);
  }

  /** Gives up some of those that wait. */
  private void giveUp(Predicate<Event> whom, Throwable cause) {
    mailbox.takeAll(whom).forEach(work -> giveUp(work, cause));
    outgoing.tell(mailbox.resumable());
  }

  private void giveUp(Event work, Throwable cause) {
    if (work instanceof Event.Alarm alarm) {
      if (!isStopping.getAsBoolean()) {
        alarms.putOff(rows, outgoing, alarm, Math.max(1, failedActivations()));
      }
    } else if (isRefusable(work)) {
      outgoing.say(Answers.unavailable(work, restSeconds()));
    } else if (work instanceof Event.Client handle && closing.hasEnded(handle)) {
      outgoing.passOver(handle);
    } else if (work instanceof Event.Client handle
        && handle.event() instanceof ToHost.Closed closed) {
      logGivenUp(work, "put off", "the actor failed too often", cause);
      owed.add(closed);
    } else {
      logGivenUp(work, "given up", "the actor failed too often", cause);
      eventsGivenUp.increment();
      say(Answers.givenUp(work, cause));
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
   * What is stored of the actor cannot be understood: trying again would not help an event. Its
   * rows are left as they are, and the first event is refused.
   */
  void corrupt(CorruptRowException cause) {
    long nowNs = time.nowNs();
    if (mailbox.peek() instanceof Event.Client handle) {
      owed.failed(nowNs, nowNs);
      mailbox.take();
      quarantine.actor(id, cause);
      quarantine.eventRefused();
      outgoing.say(Answers.unreadable(handle.event()));
      done(handle);
      outgoing.tell(mailbox.resumable());
    } else if (mailbox.peek() instanceof Event.Alarm alarm) {
      owed.failed(nowNs, nowNs);
      mailbox.take();
      quarantine.actor(id, cause);
      alarms.setAside(alarm);
      done(alarm);
      outgoing.tell(mailbox.resumable());
    } else {
      activationFailed(cause, nowNs);
    }
  }

  /** What the turn ran on was lost, and so is it. */
  void lost(Event work, CommitResult loss) {
    outgoing.lose(work, loss);
    if (work instanceof Event.Client || work instanceof Event.Alarm) {
      done(work);
    }
  }

  /** Sees to an alarm that was moved, cancelled or handled since it was handed out. */
  void passOver(Event.Alarm alarm) {
    alarms.passOver(rows, outgoing, alarm);
    done(alarm);
  }

  /** Commits were lost, and the rows are read anew. */
  void resetAfterLoss(CommitPipeline.Lost lost) {
    closing.said(lost.said());
    lost.closes().forEach(closing::add);
    owed.forEach(closing::add);
  }
}
