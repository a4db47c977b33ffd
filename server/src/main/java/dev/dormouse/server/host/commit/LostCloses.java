package dev.dormouse.server.host.commit;

import dev.dormouse.server.protocol.ToHost;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/**
 * Connections that ended, though their actors' stores could not keep that: the commit of the close
 * was lost. Each is closed again until it is kept: one at a time as long as commits are lost, a
 * page at a time once they are not. What a stop leaves here the next start finds in the store.
 *
 * <p>No more than there were connections. May be used from any thread, {@link #retry} by one at a
 * time.
 */
public final class LostCloses {
  private static final int PAGE = 256;

  private final ConcurrentLinkedQueue<ToHost.Closed> waiting = new ConcurrentLinkedQueue<>();

  /** Whether one was lost since the last attempt. */
  private volatile boolean isLosing;

  /** Adds a close whose commit was lost. */
  void add(ToHost.Closed closed) {
    waiting.add(closed);
    isLosing = true;
  }

  /** Returns the number of connections to close again, in time proportional to it. */
  public int size() {
    return waiting.size();
  }

  /** Closes some again. To be called now and then. */
  public void retry(Consumer<ToHost> host) {
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
