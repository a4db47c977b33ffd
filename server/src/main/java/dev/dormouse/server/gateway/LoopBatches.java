package dev.dormouse.server.gateway;

import dev.dormouse.log.Log;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * What a release does to sockets, gathered by event loop: each loop gets one task, does its steps
 * in order, then flushes each socket that it touched, once. Releases which come one after the other
 * are carried out so: see {@link LoopQueues}.
 *
 * <p>Made for one release, by one thread.
 */
final class LoopBatches {
  private static final Logger log = Log.of(LoopBatches.class);

  /** One thing to do to a socket, on its event loop. */
  interface Step {
    void apply(ClientSocket socket);
  }

  private final LoopQueues loops;

  /** Most releases are for one socket. */
  private List<Batch> batches = List.of();

  private List<ByteBuf> shared = List.of();

  /** How much memory all steps keep. */
  private long bytes;

  LoopBatches(LoopQueues loops) {
    this.loops = loops;
  }

  void add(ClientSocket socket, Step step) {
    batchOf(socket.loop()).add(socket, step);
  }

  /** Steps keep so much memory, in bytes, until they are done. */
  void keep(long more) {
    bytes += more;
  }

  /** Takes over the caller's reference to a buffer that steps use. */
  void share(ByteBuf buffer) {
    if (shared.isEmpty()) {
      shared = new ArrayList<>(1);
    }
    shared.add(buffer);
  }

  /** Hands each loop its task. */
  void dispatch() {
    for (Batch batch : batches) {
      shared.forEach(ByteBuf::retain);
      batch.shared = shared;
      if (bytes > ClientMemory.ALWAYS) { // what is less is not worth counting
        batch.hold(loops, bytes / batches.size());
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
    Batch batch = new Batch(loop);
    if (batches.isEmpty()) {
      batches = List.of(batch);
    } else {
      batches = new ArrayList<>(batches);
      batches.add(batch);
    }
    return batch;
  }

  /** A step that is to be done, and those after it. */
  private static final class Todo {
    final ClientSocket socket;
    final Step step;
    @Nullable Todo next;

    Todo(ClientSocket socket, Step step) {
      this.socket = socket;
      this.step = step;
    }
  }

  private static final class Batch implements LoopQueues.Work {
    private final EventLoop loop;
    private List<ByteBuf> shared = List.of();

    /** Null if what it keeps is not counted. */
    private @Nullable LoopQueues countedBy;

    private long bytes;
    private @Nullable Todo first;
    private @Nullable Todo last;

    Batch(EventLoop loop) {
      this.loop = loop;
    }

    void hold(LoopQueues loops, long share) {
      countedBy = loops;
      bytes = share;
      loops.hold(share);
    }

    private void end() {
      shared.forEach(ByteBuf::release);
      if (countedBy != null) {
        countedBy.hold(-bytes);
      }
    }

    void add(ClientSocket socket, Step step) {
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
      log.debug("an event loop is shut down; its sockets are gone");
      end();
    }

    private static void apply(Step step, ClientSocket socket) {
      try {
        step.apply(socket);
      } catch (RuntimeException | Error harmsNoOther) {
        socket.logFailure(harmsNoOther);
        socket.abandon();
      }
    }
  }
}
