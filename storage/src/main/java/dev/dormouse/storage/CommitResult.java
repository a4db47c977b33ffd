package dev.dormouse.storage;

/** What became of a commit. */
public sealed interface CommitResult {

  /** It is kept, as the store's durability says. */
  record Done() implements CommitResult {}

  /**
   * Nothing of it was kept: the actor has another owner by now.
   *
   * @param epoch the epoch that is in force
   */
  record Fenced(long epoch) implements CommitResult {}

  /**
   * Nothing of it was kept: the disk has no room, or an earlier commit of its chain was lost. Later
   * ones may be kept again.
   *
   * @param why the reason, in words
   */
  record Refused(String why) implements CommitResult {}

  /**
   * It may have been kept or not. Whoever handed it in must forget what it knows and read again.
   *
   * @param cause what went wrong
   */
  record Unknown(Throwable cause) implements CommitResult {}

  /** The one instance that is needed. */
  CommitResult DONE = new Done();
}
