package dev.dormouse.sdk;

/**
 * Where the handlers of an actor type run. One at a time per actor in each case.
 *
 * <pre>{@code
 * .actor("/echo/:key", Echo.class, Echo::new, o -> o.threading(Threading.EVENT_LOOP))
 * }</pre>
 */
public enum Threading {
  /**
   * Handlers may block: they run on virtual threads where the JDK has them (21 and later), on a
   * pool of worker threads on 17. A thread runs handlers of many actors, one after the other, so
   * that a {@link ThreadLocal} which a handler sets is seen by others.
   */
  MAY_BLOCK,
  /**
   * Handlers never block: they run on the event loop that also serves sockets. A handler that
   * blocks there holds up its neighbours.
   */
  EVENT_LOOP
}
