package dev.dormouse.storage;

/**
 * Commits each of which builds on those before it: once one of them was not kept, all that are
 * handed in after it are refused, whether their owner has heard of the loss or not. Who has heard
 * of it, and has read the store anew, goes on with a new chain.
 *
 * <p>May be used from any thread.
 */
public final class CommitChain {
  private volatile boolean isBroken;

  /** Of no commits yet. */
  public CommitChain() {}

  /** Whether a commit of it was not kept. */
  public boolean isBroken() {
    return isBroken;
  }

  /** A commit of it was not kept. */
  void breakOff() {
    isBroken = true;
  }
}
