package dev.dormouse.sdk;

/**
 * The threads on which the handlers of an actor type run. The handlers of one actor run one at a
 * time in each case.
 *
 * <pre>{@code
 * .actor("/echo/:key", Echo.class, Echo::new, o -> o.threading(Threading.EVENT_LOOP))
 * }</pre>
 */
public enum Threading {
  /**
   * Handlers may block or compute: they run on virtual threads where the JDK has them (21 and
   * later), on at most 256 platform threads on 17. When handlers keep all the processors of virtual
   * threads, up to 256 platform threads take the others.
   *
   * <p>A thread runs handlers of many actors, one after the other. After each handler its
   * interrupt, name, priority, context class loader and the labels of log lines are set to what
   * they were before. A {@link ThreadLocal} is not: one that a handler sets and does not remove is
   * seen by handlers of other actors. An {@link InheritableThreadLocal} is never inherited by a
   * thread of handlers. A handler must not give away its thread: code that interrupts it later
   * interrupts another actor.
   */
  MAY_BLOCK,
  /**
   * Handlers never block: they run on the event loop that also serves sockets. A handler that
   * blocks there delays its neighbours, until it is interrupted after 30 seconds. The thread is set
   * back after each handler, as with {@link #MAY_BLOCK}.
   */
  EVENT_LOOP
}
