package dev.dormouse.server.gateway.socket;

import dev.dormouse.log.Log;
import dev.dormouse.server.protocol.Time;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Turns the {@link LivenessWheel} of each event loop, with one timer while there are peers on it.
 * Each method is called on the event loop of the peer.
 *
 * <p>It remembers when the latest ticks were, longer than a peer may be silent: so a peer that
 * notes a tick knows a time, whatever the process stood still meanwhile.
 */
public final class Heartbeats {
  /** How many peers are looked at before the event loop turns to others. */
  private static final int PEERS_AT_ONCE = 512;

  /** How many ticks are remembered: a power of two, and more than a peer may be silent. */
  private static final int TICKS_REMEMBERED = 64;

  private static final Logger log = Log.of(Heartbeats.class);

  private final Time time;
  private final long tickNs;
  private final ConcurrentHashMap<EventLoop, Loop> loops = new ConcurrentHashMap<>();

  /** Creates heartbeats without peers. With an interval of zero nobody is pinged or given up. */
  Heartbeats(Duration interval, Time time) {
    this.time = time;
    this.tickNs = interval.toNanos() / LivenessWheel.TICKS_PER_INTERVAL;
  }

  /** Begins to ping the peer when it is silent. */
  void join(LivenessWheel.Peer peer, EventLoop eventLoop) {
    if (tickNs > 0) {
      loops.computeIfAbsent(eventLoop, Loop::new).join(peer);
    }
  }

  /** Stops pinging the peer, if it joined and did not leave yet. */
  void leave(LivenessWheel.Peer peer, EventLoop eventLoop) {
    Loop loop = loops.get(eventLoop);
    if (loop != null) {
      loop.leave(peer);
    }
  }

  /**
   * Returns when something was last heard of the peer, less than a tick too early. A peer that is
   * not read counts as heard.
   *
   * @return null if it is not on the wheel
   */
  public @Nullable Instant lastHeard(LivenessWheel.Peer peer, EventLoop eventLoop) {
    Loop loop = loops.get(eventLoop);
    return loop == null || peer.slot == null ? null : loop.timeOf(peer.heardTick);
  }

  private final class Loop {
    private final EventLoop eventLoop;
    private final LivenessWheel wheel = new LivenessWheel();

    /** The times of the latest ticks, in milliseconds of the wall clock, by their number. */
    private final long[] tickTimesMs = new long[TICKS_REMEMBERED];

    /** The timer that turns the wheel; null while nobody is on the wheel. */
    private @Nullable Future<?> turning;

    Loop(EventLoop eventLoop) {
      this.eventLoop = eventLoop;
    }

    void join(LivenessWheel.Peer peer) {
      peer.wheel = wheel;
      wheel.add(peer);
      if (turning == null) {
        noteTime();
        // Not at a fixed rate: after a pause, ticks that were missed must not come all at once.
        turning =
            eventLoop.scheduleWithFixedDelay(this::turn, tickNs, tickNs, TimeUnit.NANOSECONDS);
      }
    }

    /** Turns the wheel. It throws nothing, because the event loop would never call it again. */
    private void turn() {
      try {
        wheel.tick();
        noteTime();
        look();
      } catch (RuntimeException | Error e) {
        log.error("silent clients could not all be pinged; the next tick tries again", e);
      }
    }

    private void noteTime() {
      tickTimesMs[placeOf(wheel.now())] = time.wallMs();
    }

    Instant timeOf(int tick) {
      return Instant.ofEpochMilli(tickTimesMs[placeOf(tick)]);
    }

    private static int placeOf(int tick) {
      return tick & (TICKS_REMEMBERED - 1);
    }

    private void look() {
      if (wheel.look(PEERS_AT_ONCE)) {
        eventLoop.execute(this::look);
      }
    }

    void leave(LivenessWheel.Peer peer) {
      wheel.remove(peer);
      if (wheel.size() == 0 && turning != null) {
        turning.cancel(false);
        turning = null;
      }
    }
  }
}
