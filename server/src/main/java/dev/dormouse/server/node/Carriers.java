package dev.dormouse.server.node;

import dev.dormouse.log.Log;
import java.lang.management.ManagementFactory;
import java.lang.management.PlatformManagedObject;
import java.lang.reflect.InvocationTargetException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The platform threads that carry virtual ones: one for each core. While all of them are kept, by
 * handlers that compute or by reads of a slow disk, no virtual thread that was blocked can go on;
 * so more are added, and taken away later. JDK 24 and later can do that; on 21 to 23 such threads
 * wait until a carrier is free.
 *
 * <p>One thread at a time.
 */
final class Carriers {
  private static final Logger log = Log.of(Carriers.class);

  /** The JDK makes no more by itself. */
  private static final int CARRIERS = 256;

  private static final long STAY_NS = 10_000_000_000L;

  /** Null on a JDK that cannot add any. */
  private final @Nullable Class<? extends PlatformManagedObject> type = type();

  private int added;
  private long changedNs;

  private static @Nullable Class<? extends PlatformManagedObject> type() {
    try {
      return Class.forName("jdk.management.VirtualThreadSchedulerMXBean")
          .asSubclass(PlatformManagedObject.class);
    } catch (ClassNotFoundException e) {
      return null;
    }
  }

  /** Adds as many as were added before, and at least one. */
  void add(long nowNs) {
    change(Math.max(1, 2 * added), nowNs);
  }

  /** Takes away half of those that were added, if there was no need of more for 10 s. */
  void restIfDue(long nowNs) {
    if (added > 0 && nowNs - changedNs >= STAY_NS) {
      change(added / 2, nowNs);
    }
  }

  /** Returns whether all that were added are taken away again. */
  boolean isAtRest() {
    return added == 0;
  }

  private void change(int wanted, long nowNs) {
    if (type == null) {
      return;
    }
    changedNs = nowNs;
    try {
      Object scheduler = ManagementFactory.getPlatformMXBean(type);
      int own = (int) type.getMethod("getParallelism").invoke(scheduler) - added;
      int allowed = Math.max(0, Math.min(wanted, CARRIERS - own));
      type.getMethod("setParallelism", int.class).invoke(scheduler, own + allowed);
      added = allowed;
    } catch (ReflectiveOperationException | RuntimeException | OutOfMemoryError e) {
      log.debug("the number of carrier threads stays as it is", cause(e));
    }
  }

  private static Throwable cause(Throwable e) {
    return e instanceof InvocationTargetException && e.getCause() != null ? e.getCause() : e;
  }
}
