package dev.dormouse.storage;

/** The outcome of a commit. */
public sealed interface CommitResult {

  /** The commit is kept, as the store's durability says. */
  record Done() implements CommitResult {}

  /**
   * Nothing of the commit was kept, because the actor has another owner by now.
   *
   * @param epoch the epoch that is in force
   */
  record Fenced(long epoch) implements CommitResult {}

  /**
   * Nothing of the commit was kept, because there is no room for it or an earlier commit of its
   * chain was lost. Later commits may be kept again.
   *
   * @param why the reason, in words
   */
  record Refused(String why) implements CommitResult {}

  /**
   * The commit may have been kept or not. Its owner must forget its state and read the store again.
   *
   * @param cause the failure
   */
  record Unknown(Throwable cause) implements CommitResult {}

  /** The one {@link Done} that is needed. */
  CommitResult DONE = new Done();
}
