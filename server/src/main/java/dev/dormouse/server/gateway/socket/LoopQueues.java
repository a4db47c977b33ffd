package dev.dormouse.server.gateway.socket;

import dev.dormouse.log.Log;
import dev.dormouse.server.gateway.limits.ClientMemory;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Brings work to event loops, in the order in which the work comes. A loop gets one task for all
 * work that waits. Work that the loop itself hands in while no other work waits is done at once, if
 * the caller holds no lock then.
 *
 * <p>Any thread may use it.
 */
public final class LoopQueues {
  private static final Logger log = Log.of(LoopQueues.class);

  private final ConcurrentHashMap<EventLoop, LoopQueue> queues = new ConcurrentHashMap<>();
  private final LongAdder bytes = new LongAdder();
  private final boolean isDoneAtOnce;

  /** A piece of work for an event loop, which is either run on the loop or given up. */
  interface Work extends Runnable {

    /** Gives the work up, because the loop is shut down. Any thread. */
    default void giveUp() {}
  }

  /**
   * Creates queues without work.
   *
   * @param isDoneAtOnce whether work may be done while its caller waits; false if callers hold
   *     locks
   */
  public LoopQueues(boolean isDoneAtOnce) {
    this.isDoneAtOnce = isDoneAtOnce;
  }

  /** Charges bytes of memory that waiting work holds; a negative number releases bytes. */
  void hold(long more) {
    bytes.add(more);
  }

  /** Returns about how many bytes of memory waiting work holds. */
  public long bytes() {
    return bytes.sum();
  }

  /** Runs work on the loop, after all work that was handed in before. */
  void run(EventLoop loop, Work work) {
    LoopQueue queue = queues.get(loop);
    if (queue == null) {
      queue = queues.computeIfAbsent(loop, its -> new LoopQueue(its, isDoneAtOnce));
    }
    queue.run(work);
  }

  /** Returns an empty set of steps for sockets. */
  Steps steps() {
    return new Steps(this);
  }

  /**
   * Gathers steps for sockets by their event loop. Each loop gets one piece of work, which applies
   * the steps in order and then flushes each socket of a step.
   *
   * <p>One thread gathers the steps, for example those of one release, and dispatches them once.
   */
  public static class Steps {
    private final LoopQueues loops;

    /**
     * The batches, one for each event loop; mostly one, because most releases are for one socket.
     */
    private List<Batch> batches = List.of();

    /** The buffers that steps use, with one reference each. */
    private List<ByteBuf> shared = List.of();

    /** The bytes of memory that all steps keep. */
    private long bytes;

    public Steps(LoopQueues loops) {
      this.loops = loops;
    }

    /** Adds a step for a socket. */
    public final void add(ClientSocket socket, ClientSocket.Step step) {
      batchOf(socket.loop()).add(socket, step);
    }

    /** Charges bytes of memory that the steps keep until they are applied. */
    public final void keep(long more) {
      bytes += more;
    }

    /** Takes over the caller's reference to a buffer that steps use. */
    public final void share(ByteBuf buffer) {
      if (shared.isEmpty()) {
        shared = new ArrayList<>(1);
      }
      shared.add(buffer);
    }

    /** Hands the steps to their event loops. */
    public final void dispatch() {
      for (Batch batch : batches) {
        shared.forEach(ByteBuf::retain);
        batch.shared = shared;
        if (bytes > ClientMemory.ALWAYS) { // fewer bytes are not worth counting
          batch.hold(bytes / batches.size());
        }
        loops.run(batch.loop, batch);
      }
      shared.forEach(ByteBuf::release);
    }

    private Batch batchOf(EventLoop loop) {
      for (Batch batch : batches) {
        if (batch.loop == loop) {
          return batch;
        }
      }
      Batch batch = new Batch(loops, loop);
      if (batches.isEmpty()) {
        batches = List.of(batch);
      } else {
        batches = new ArrayList<>(batches);
        batches.add(batch);
      }
      return batch;
    }

    /** A step to be applied, with a link to the next one. */
    private static final class Todo {
      final ClientSocket socket;
      final ClientSocket.Step step;
      @Nullable Todo next;

      Todo(ClientSocket socket, ClientSocket.Step step) {
        this.socket = socket;
        this.step = step;
      }
    }

    /** The steps for the sockets of one event loop. */
    private static final class Batch implements Work {
      private final LoopQueues loops;
      private final EventLoop loop;
      private List<ByteBuf> shared = List.of();

      /** The bytes of memory that were charged for the batch. */
      private long bytes;

      private @Nullable Todo first;
      private @Nullable Todo last;

      Batch(LoopQueues loops, EventLoop loop) {
        this.loops = loops;
        this.loop = loop;
      }

      void hold(long share) {
        bytes = share;
        loops.hold(share);
      }

      private void end() {
        shared.forEach(ByteBuf::release);
        if (bytes != 0) {
          loops.hold(-bytes);
        }
      }

      void add(ClientSocket socket, ClientSocket.Step step) {
        Todo todo = new Todo(socket, step);
        if (last == null) {
          first = todo;
        } else {
          last.next = todo;
        }
        last = todo;
      }

      @Override
      public void run() {
        try {
          for (Todo todo = first; todo != null; todo = todo.next) {
            apply(todo.step, todo.socket);
          }
          for (Todo todo = first; todo != null; todo = todo.next) {
            todo.socket.flush();
          }
        } finally {
          end();
        }
      }

      @Override
      public void giveUp() {
        log.debug("steps for sockets are given up, because their event loop is shut down");
        end();
      }

      private static void apply(ClientSocket.Step step, ClientSocket socket) {
        try {
          step.apply(socket);
        } catch (RuntimeException | Error harmsNoOther) {
          socket.logFailure(harmsNoOther);
          socket.abandon();
        }
      }
    }
  }

  /** The work that waits for one event loop. Any thread may add work. */
  private static final class LoopQueue {
    /** The pieces of work that are done at once before the loop's other tasks get a turn. */
    private static final int SLICE = 1_024;

    private final EventLoop loop;
    private final Queue<Work> waiting = new ConcurrentLinkedQueue<>();

    /** True while the loop has a task that will do the work that waits. */
    private final AtomicBoolean isExpected = new AtomicBoolean();

    /** True while the loop runs a piece of work. Only the loop uses it. */
    private boolean isWorking;

    private final boolean isDoneAtOnce;

    LoopQueue(EventLoop loop, boolean isDoneAtOnce) {
      this.loop = loop;
      this.isDoneAtOnce = isDoneAtOnce;
    }

    void run(Work work) {
      if (isDoneAtOnce && loop.inEventLoop() && !isWorking && waiting.isEmpty()) {
        carryOut(work);
        return;
      }
      waiting.add(work);
      expect();
    }

    /**
     * Makes sure that the waiting work is done or given up. A loop that is shut down may refuse a
     * task, or take it and never run it; but it runs every task that it took before the shutdown.
     */
    private void expect() {
      if (!isExpected.get() && isExpected.compareAndSet(false, true)) {
        boolean isTaken = false;
        try {
          loop.execute(this::workOff);
          isTaken = true;
        } catch (RejectedExecutionException loopIsShutDown) {
          // the waiting work is given up below
        } finally {
          if (!isTaken) { // after any exception the next piece of work must ask again
            isExpected.set(false);
          }
        }
      }
      if (loop.isShutdown()) {
        giveUp();
      }
    }

    private void giveUp() {
      for (Work next = waiting.poll(); next != null; next = waiting.poll()) {
        next.giveUp();
      }
    }

    private void workOff() {
      isExpected.set(false);
      try {
        for (int i = 0; i < SLICE; i++) {
          Work next = waiting.poll();
          if (next == null) {
            return;
          }
          carryOut(next);
        }
      } finally {
        if (!waiting.isEmpty()) {
          expect();
        }
      }
    }

    private void carryOut(Work work) {
      isWorking = true;
      try {
        work.run();
      } finally {
        isWorking = false;
      }
    }
  }
}
