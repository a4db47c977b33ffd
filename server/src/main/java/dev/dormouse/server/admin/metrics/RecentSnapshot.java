package dev.dormouse.server.admin.metrics;

import dev.dormouse.server.protocol.Time;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a snapshot that is at most a second old, so that one answer, which reads dozens of meters,
 * looks at the server once. Any thread.
 */
final class RecentSnapshot implements Supplier<Snapshot> {
  private static final long AGE_MAX_NS = TimeUnit.SECONDS.toNanos(1);

  private final Supplier<Snapshot> look;
  private final Time time;

  /** The last snapshot; null before the first one. Guarded by this object. */
  private @Nullable Snapshot last;

  /** The time of the last snapshot. Guarded by this object. */
  private long lastNs;

  RecentSnapshot(Supplier<Snapshot> look, Time time) {
    this.look = look;
    this.time = time;
  }

  @Override
  public synchronized Snapshot get() {
    Snapshot snapshot = last;
    return snapshot == null || time.nowNs() - lastNs > AGE_MAX_NS ? renew() : snapshot;
  }

  /** Takes a snapshot, which following calls of {@link #get} return. */
  synchronized Snapshot renew() {
    Snapshot snapshot = look.get();
    last = snapshot;
    lastNs = time.nowNs();
    return snapshot;
  }
}
