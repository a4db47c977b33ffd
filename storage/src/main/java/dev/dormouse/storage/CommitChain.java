package dev.dormouse.storage;

import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Commits each of which builds on those before it: once one of them was not kept, all that are
 * handed in after it are refused, whether their owner has heard of the loss or not. Who has heard
 * of it, and has read the store anew, goes on with a new chain.
 *
 * <p>May be used from any thread.
 */
public final class CommitChain {
  private final @Nullable Executor writer;
  private volatile boolean isBroken;

  /** Of no commits yet. They are written as they come. */
  public CommitChain() {
    this.writer = null;
  }

  /**
   * Of no commits yet. Those that need no fsync are written by a task of this executor, all
   * together that are handed in before it runs: so one write serves many turns, and nobody is woken
   * for it. Other chains may have the same executor. If it takes no more tasks, the caller writes.
   */
  public CommitChain(Executor writer) {
    this.writer = writer;
  }

  /** Whose task writes; null if the caller is to. */
  @Nullable Executor writer() {
    return writer;
  }

  /** Whether a commit of it was not kept. */
  public boolean isBroken() {
    return isBroken;
  }

  /** A commit of it was not kept. */
  void breakOff() {
    isBroken = true;
  }
}
