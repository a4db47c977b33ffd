package dev.dormouse.server.gateway;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The {@link LivenessWheel} of each event loop, turned by one timer while there are peers on it.
 * Each method is called on the event loop of the peer.
 */
final class Heartbeats {
  /** How many peers are looked at before the event loop turns to others. */
  private static final int PEERS_AT_ONCE = 512;

  private final long tickNs;
  private final ConcurrentHashMap<EventLoop, Loop> loops = new ConcurrentHashMap<>();

  /** With zero, nobody is pinged or given up. */
  Heartbeats(Duration interval) {
    this.tickNs = interval.toNanos() / LivenessWheel.TICKS_PER_INTERVAL;
  }

  /** Pings the peer from now on, when it is silent. */
  void join(WheelPeer peer, EventLoop eventLoop) {
    if (tickNs > 0) {
      loops.computeIfAbsent(eventLoop, Loop::new).join(peer);
    }
  }

  /** Lets the peer be; nothing if it left before, or never joined. */
  void leave(WheelPeer peer, EventLoop eventLoop) {
    Loop loop = loops.get(eventLoop);
    if (loop != null) {
      loop.leave(peer);
    }
  }

  private final class Loop {
    private final EventLoop eventLoop;
    private final LivenessWheel wheel = new LivenessWheel();

    /** Null while nobody is on the wheel. */
    private @Nullable Future<?> turning;

    Loop(EventLoop eventLoop) {
      this.eventLoop = eventLoop;
    }

    void join(WheelPeer peer) {
      peer.wheel = wheel;
      wheel.add(peer);
      if (turning == null) {
        // Not at a fixed rate: after a pause, ticks that were missed must not come all at once.
        turning =
            eventLoop.scheduleWithFixedDelay(this::turn, tickNs, tickNs, TimeUnit.NANOSECONDS);
      }
    }

    private void turn() {
      wheel.tick();
      look();
    }

    private void look() {
      if (wheel.look(PEERS_AT_ONCE)) {
        eventLoop.execute(this::look);
      }
    }

    void leave(WheelPeer peer) {
      wheel.remove(peer);
      if (wheel.size() == 0 && turning != null) {
        turning.cancel(false);
        turning = null;
      }
    }
  }
}
