package dev.dormouse.server.node;

import dev.dormouse.log.Log;
import java.lang.management.ManagementFactory;
import java.lang.management.PlatformManagedObject;
import java.lang.reflect.InvocationTargetException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Adds and removes platform threads that carry virtual threads; the JDK begins with one for each
 * core. While handlers that compute or reads of a slow disk hold all carriers, no blocked virtual
 * thread can continue. So more carriers are added, and removed later. JDK 24 and later allow this;
 * on 21 to 23 blocked virtual threads wait until a carrier is free.
 *
 * <p>One thread at a time may use an object.
 */
final class Carriers {
  private static final Logger log = Log.of(Carriers.class);

  /** The number of carriers after which the JDK adds none by itself. */
  private static final int CARRIERS = 256;

  private static final long STAY_NS = 10_000_000_000L;

  /** The management interface of the JDK's scheduler; null on a JDK that cannot add carriers. */
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

  /** Adds as many carriers as were added before, and at least one. */
  void add(long nowNs) {
    change(Math.max(1, 2 * added), nowNs);
  }

  /** Removes half of the added carriers if no more were needed for 10 s. */
  void restIfDue(long nowNs) {
    if (added > 0 && nowNs - changedNs >= STAY_NS) {
      change(added / 2, nowNs);
    }
  }

  /** Returns whether all added carriers are removed again. */
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
