package dev.dormouse.storage;

import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A chain of commits, each of which builds on those before it. Once a commit of the chain is not
 * kept, all later commits of the chain are refused, even if their owner has not heard of the loss.
 * An owner that has heard of it reads the store again and goes on with a new chain.
 *
 * <p>Any thread may call every method.
 */
public final class CommitChain {
  private final @Nullable Executor writer;
  private volatile boolean isBroken;

  /** Creates an empty chain. The thread that hands in a commit may write it. */
  public CommitChain() {
    this.writer = null;
  }

  /**
   * Creates an empty chain whose commits are written by a task of an executor, unless each write
   * waits for an fsync. The task writes all commits together that were handed in before it runs, so
   * one write serves many turns and no thread is woken for it. Chains may share an executor. If the
   * executor refuses tasks, the thread that hands in a commit writes it.
   */
  public CommitChain(Executor writer) {
    this.writer = writer;
  }

  /** Returns the executor whose task writes; null if the caller may write. */
  public @Nullable Executor writer() {
    return writer;
  }

  /** Returns whether a commit of this chain was not kept. */
  public boolean isBroken() {
    return isBroken;
  }

  /** Notes that a commit of this chain was not kept. Only a store calls this. */
  public void breakOff() {
    isBroken = true;
  }
}
