package dev.dormouse.server.gateway;

import dev.dormouse.server.observe.LogLabels;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a release does to sockets, gathered by event loop: each loop gets one task, does its steps
 * in order, then flushes each socket that it touched, once. Releases which come one after the other
 * are carried out so: see {@link LoopQueues}.
 *
 * <p>Made for one release, by one thread.
 */
final class LoopBatches {
  private static final Logger log = LoggerFactory.getLogger(LoopBatches.class);

  /** One thing to do to a socket, on its event loop. */
  interface Step {
    void apply(ClientSocket socket);
  }

  private final LoopQueues loops;
  private final List<Batch> batches = new ArrayList<>(2);
  private final List<ByteBuf> shared = new ArrayList<>(0);

  LoopBatches(LoopQueues loops) {
    this.loops = loops;
  }

  void add(ClientSocket socket, Step step) {
    batchOf(socket.loop()).add(socket, step);
  }

  /** Takes over the caller's reference to a buffer that steps use. */
  void share(ByteBuf buffer) {
    shared.add(buffer);
  }

  /** Hands each loop its task. */
  void dispatch() {
    for (Batch batch : batches) {
      shared.forEach(ByteBuf::retain);
      try {
        loops.run(batch.loop, batch);
      } catch (RejectedExecutionException loopIsShutDown) {
        log.debug("an event loop is shut down; its sockets are gone");
        shared.forEach(ByteBuf::release);
      }
    }
    shared.forEach(ByteBuf::release);
  }

  private Batch batchOf(EventLoop loop) {
    for (Batch batch : batches) {
      if (batch.loop == loop) {
        return batch;
      }
    }
    Batch batch = new Batch(loop, shared);
    batches.add(batch);
    return batch;
  }

  private static final class Batch implements Runnable {
    private final EventLoop loop;
    private final List<ByteBuf> shared;
    private final List<ClientSocket> sockets = new ArrayList<>(2);
    private final List<Step> steps = new ArrayList<>(2);

    Batch(EventLoop loop, List<ByteBuf> shared) {
      this.loop = loop;
      this.shared = shared;
    }

    void add(ClientSocket socket, Step step) {
      sockets.add(socket);
      steps.add(step);
    }

    @Override
    public void run() {
      try {
        for (int i = 0; i < steps.size(); i++) {
          apply(steps.get(i), sockets.get(i));
        }
        sockets.forEach(ClientSocket::flush);
      } finally {
        shared.forEach(ByteBuf::release);
      }
    }

    private static void apply(Step step, ClientSocket socket) {
      try {
        step.apply(socket);
      } catch (RuntimeException | Error harmsNoOther) {
        LogLabels.with(
            socket.actor(),
            socket.id(),
            () ->
                log.error("connection {} of actor {}", socket.id(), socket.actor(), harmsNoOther));
        socket.abandon();
      }
    }
  }
}
