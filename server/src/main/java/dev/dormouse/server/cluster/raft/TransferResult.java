package dev.dormouse.server.cluster.raft;

/** The outcome of an attempt to hand a group to another node. */
public sealed interface TransferResult {

  /** The other node owns the group, as far as this node knows. */
  record Done() implements TransferResult {}

  /**
   * The group was not handed over. This node may own it, or begin another ownership of it.
   *
   * @param why the reason, in words
   */
  record Refused(String why) implements TransferResult {}

  /** The time was over before the other node owned the group. It may own it later. */
  record TimedOut() implements TransferResult {}
}
