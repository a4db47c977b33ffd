package dev.dormouse.server.host.commit;

import dev.dormouse.server.protocol.ToHost;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/**
 * Close events that were handled and whose commit was lost, of all actors of a host. Each is
 * handled again until its commit is kept: one at a time as long as commits are lost, a page at a
 * time once they are not. Closes that a stop leaves here are found in the store by the next start.
 *
 * <p>There are never more such closes than there were connections. May be used from any thread;
 * {@link #retry} by one thread at a time.
 */
public final class LostCloses {
  private static final int PAGE = 256;

  private final ConcurrentLinkedQueue<ToHost.Closed> waiting = new ConcurrentLinkedQueue<>();

  /** True if a close was lost since the last attempt. */
  private volatile boolean isLosing;

  /** Adds a close whose commit was lost. */
  void add(ToHost.Closed closed) {
    waiting.add(closed);
    isLosing = true;
  }

  /** Returns the number of closes to handle again; takes time proportional to that number. */
  public int size() {
    return waiting.size();
  }

  /** Hands some closes to the host again. Must be called regularly. */
  public void retry(Consumer<ToHost.Closed> host) {
    int most = isLosing ? 1 : PAGE;
    isLosing = false;
    for (int i = 0; i < most; i++) {
      ToHost.Closed closed = waiting.poll();
      if (closed == null) {
        return;
      }
      host.accept(closed);
    }
  }
}
