package dev.dormouse.server.host.call;

import dev.dormouse.sdk.CallFailedException;
import dev.dormouse.sdk.CallFailedException.Reason;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.DormouseObserver.CallEnded;
import dev.dormouse.server.observe.LogLabels;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.CallReply;
import dev.dormouse.server.protocol.CallRequest;
import dev.dormouse.server.protocol.CallRoute;
import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The calls whose callers wait for an answer, and the deadlines of these calls. May be used from
 * any thread; the monitor guards the fields.
 */
public final class OpenCalls {
  /** The most calls of a host that may be open. */
  public static final int OPEN_MAX = 100_000;

  /** The order of deadlines; the clock may overflow. */
  private record Due(long ns, long number) implements Comparable<Due> {
    @Override
    public int compareTo(Due other) {
      return ns == other.ns ? Long.compare(number, other.number) : Long.signum(ns - other.ns);
    }
  }

  private final Time time;
  private final Observers observers;
  private final CallRoute route;
  private final TreeMap<Due, OpenCall> open = new TreeMap<>();
  private long last;
  private boolean isStopped;

  /** Creates an empty set of calls, which are sent by a route. */
  public OpenCalls(Time time, Observers observers, CallRoute route) {
    this.time = time;
    this.observers = observers;
    this.route = route;
  }

  /** A call whose caller waits. */
  public final class OpenCall implements CallReply {
    private final CallRequest request;
    private final CallTypes.Encoded call;
    private final boolean isTell;
    private final Executor executor;
    private final Duration deadline;
    private final long beganNs;
    private final CompletableFuture<@Nullable Object> answer = new CompletableFuture<>();

    /** The place among the deadlines; null once the call is over. The outer monitor guards it. */
    private @Nullable Due due;

    private OpenCall(
        CallRequest request,
        CallTypes.Encoded call,
        boolean isTell,
        Executor executor,
        Duration deadline) {
      this.request = request;
      this.call = call;
      this.isTell = isTell;
      this.executor = executor;
      this.deadline = deadline;
      this.beganNs = time.nowNs();
    }

    /** Returns the stage of the answer, which completes on the executor. */
    public CompletableFuture<@Nullable Object> answer() {
      return answer;
    }

    /** Sends the call, unless it is over already. */
    public void send() {
      if (!isOver()) {
        route.send(request, this);
      }
    }

    @Override
    public void answered(byte[] bytes) {
      if (close(this)) {
        tell("answered");
        complete(
            () -> {
              try {
                answer.complete(
                    isTell ? null : CallTypes.decodeAnswer(call.codec(), call.answer(), bytes));
              } catch (RuntimeException e) {
                answer.completeExceptionally(e);
              }
            });
      }
    }

    @Override
    public void failed(Reason reason, String why) {
      if (close(this)) {
        fail(reason, why);
      }
    }

    @Override
    public boolean isOver() {
      synchronized (OpenCalls.this) {
        return due == null;
      }
    }

    private void fail(Reason reason, String why) {
      tell(reason.name().toLowerCase(Locale.ROOT).replace('_', '-'));
      CallFailedException failure =
          new CallFailedException(
              reason, "the call %s to %s failed: %s".formatted(call.name(), request.target(), why));
      complete(() -> answer.completeExceptionally(failure));
    }

    private void tell(String outcome) {
      if (observers.isAny()) {
        observers.tell(
            DormouseObserver::callEnded,
            new CallEnded(request.target(), call.name(), isTell, outcome, time.nowNs() - beganNs));
      }
    }

    private void complete(Runnable completion) {
      Runnable labelled =
          () -> {
            Map<String, String> labels = LogLabels.now();
            try {
              completion.run();
            } finally {
              LogLabels.restore(labels);
            }
          };
      try {
        executor.execute(labelled);
      } catch (RejectedExecutionException stopped) {
        CompletableFuture<Void> unused = CompletableFuture.runAsync(labelled);
      }
    }
  }

  /**
   * Opens a call, which the caller sends next.
   *
   * @param isTell whether the answer is dropped
   * @param executor where the stage of the answer completes
   */
  public OpenCall open(
      CallRequest request,
      CallTypes.Encoded call,
      boolean isTell,
      Executor executor,
      Duration deadline) {
    OpenCall opened = new OpenCall(request, call, isTell, executor, deadline);
    boolean isFull;
    boolean isLate;
    synchronized (this) {
      isLate = isStopped;
      isFull = open.size() >= OPEN_MAX;
      if (!isLate && !isFull) {
        Due due = new Due(opened.beganNs + deadline.toNanos(), ++last);
        opened.due = due;
        open.put(due, opened);
      }
    }
    if (isLate) {
      opened.fail(Reason.STOPPING, "the server is stopping");
    } else if (isFull) {
      opened.fail(Reason.BUSY, OPEN_MAX + " calls wait for their answers, the most that may");
    }
    return opened;
  }

  private synchronized boolean close(OpenCall call) {
    Due due = call.due;
    call.due = null;
    return due != null && open.remove(due) != null;
  }

  /** Ends the calls whose deadline has passed. Must be called regularly. */
  public void tick(long nowNs) {
    List<OpenCall> late = new ArrayList<>();
    synchronized (this) {
      while (!open.isEmpty() && nowNs - open.firstKey().ns >= 0) {
        OpenCall call = open.pollFirstEntry().getValue();
        call.due = null;
        late.add(call);
      }
    }
    for (OpenCall call : late) {
      call.fail(
          Reason.DEADLINE,
          "there was no answer within %s ms; it may have taken effect, or may do so later"
              .formatted(call.deadline.toMillis()));
    }
  }

  /** Ends all calls, and every call that is opened later. */
  public void stop() {
    List<OpenCall> left;
    synchronized (this) {
      isStopped = true;
      left = List.copyOf(open.values());
      open.clear();
      left.forEach(call -> call.due = null);
    }
    left.forEach(call -> call.fail(Reason.STOPPING, "the server is stopping"));
  }

  /** Returns the number of calls without an answer. */
  public synchronized int size() {
    return open.size();
  }
}
