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
 * Pings silent clients, by one {@link LivenessWheel} for each event loop. A timer turns a wheel
 * while there are peers on it. Each method is called on the event loop of its peer.
 *
 * <p>The times of the latest ticks are remembered for longer than a peer may be silent. So the time
 * of a peer's last input can be told from its tick, even if the process stood still meanwhile.
 */
public final class Heartbeats {
  /** The number of peers that are looked at before the event loop does other work. */
  private static final int PEERS_AT_ONCE = 512;

  /** The number of remembered ticks: a power of two, and more than a peer may be silent. */
  private static final int TICKS_REMEMBERED = 64;

  private static final Logger log = Log.of(Heartbeats.class);

  private final Time time;
  private final long tickNs;
  private final ConcurrentHashMap<EventLoop, Loop> loops = new ConcurrentHashMap<>();

  /** Creates heartbeats without peers. If the interval is zero, no peer is pinged or given up. */
  Heartbeats(Duration interval, Time time) {
    this.time = time;
    this.tickNs = interval.toNanos() / LivenessWheel.TICKS_PER_INTERVAL;
  }

  /** Adds a peer, which is then pinged when it is silent. */
  void join(LivenessWheel.Peer peer, EventLoop eventLoop) {
    if (tickNs > 0) {
      loops.computeIfAbsent(eventLoop, Loop::new).join(peer);
    }
  }

  /** Removes a peer, if it is on a wheel. */
  void leave(LivenessWheel.Peer peer, EventLoop eventLoop) {
    Loop loop = loops.get(eventLoop);
    if (loop != null) {
      loop.leave(peer);
    }
  }

  /**
   * Returns the time of the peer's last input, at most one tick too early. While the server does
   * not read from a peer, the peer counts as heard.
   *
   * @return the time; null if the peer is not on a wheel
   */
  public @Nullable Instant lastHeard(LivenessWheel.Peer peer, EventLoop eventLoop) {
    Loop loop = loops.get(eventLoop);
    return loop == null || peer.slot == null ? null : loop.timeOf(peer.heardTick);
  }

  /** The wheel of one event loop, with its timer. Only that event loop uses it. */
  private final class Loop {
    private final EventLoop eventLoop;
    private final LivenessWheel wheel = new LivenessWheel();

    /** The times of the latest ticks, in milliseconds of the wall clock, by the tick's number. */
    private final long[] tickTimesMs = new long[TICKS_REMEMBERED];

    /** The timer that turns the wheel; null while no peer is on the wheel. */
    private @Nullable Future<?> turning;

    Loop(EventLoop eventLoop) {
      this.eventLoop = eventLoop;
    }

    void join(LivenessWheel.Peer peer) {
      peer.wheel = wheel;
      wheel.add(peer);
      if (turning == null) {
        noteTime();
        // A fixed rate would make up for missed ticks all at once after a pause of the process.
        turning =
            eventLoop.scheduleWithFixedDelay(this::turn, tickNs, tickNs, TimeUnit.NANOSECONDS);
      }
    }

    /** Turns the wheel. An exception is logged, because it would end the timer. */
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
