package dev.dormouse.server.cluster.raft;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * How far the groups of a node are, which the nodes tell each other over their links. They compare
 * it with what they know themselves, and need no trust in the engine for it.
 *
 * <p>Bytes: flags (1), number of groups (2), and for each group flags (1), last (8), applied (8)
 * and lag (8).
 *
 * @param takesGroups whether the node may be handed groups
 * @param groups the groups, in the order of their numbers
 */
record Progress(boolean takesGroups, List<Group> groups) {
  private static final int TAKES_GROUPS = 1;
  private static final int OWNED = 1;
  private static final int LOADING = 2;
  private static final int GROUP_BYTES = 1 + 3 * Long.BYTES;

  /**
   * How far a group is on a node.
   *
   * @param isOwned whether the node owns the group
   * @param isLoading whether the node takes the state of the group from a snapshot
   * @param last the index of the last entry in the log
   * @param applied the index of the last entry that was applied
   * @param lag the greatest number of entries that a node has not got, if the node leads the group;
   *     -1 if it does not
   */
  record Group(boolean isOwned, boolean isLoading, long last, long applied, long lag) {}

  byte[] encode() {
    ByteBuffer out =
        ByteBuffer.allocate(1 + Short.BYTES + groups.size() * GROUP_BYTES)
            .put((byte) (takesGroups ? TAKES_GROUPS : 0))
            .putShort((short) groups.size());
    for (Group group : groups) {
      out.put((byte) ((group.isOwned ? OWNED : 0) | (group.isLoading ? LOADING : 0)))
          .putLong(group.last)
          .putLong(group.applied)
          .putLong(group.lag);
    }
    return out.array();
  }

  /**
   * Reads what {@link #encode} wrote. Bytes behind the groups are passed over.
   *
   * @throws IllegalArgumentException if the bytes are cut short
   */
  static Progress decode(byte[] bytes) {
    try {
      ByteBuffer in = ByteBuffer.wrap(bytes);
      boolean takesGroups = (in.get() & TAKES_GROUPS) != 0;
      int count = Short.toUnsignedInt(in.getShort());
      List<Group> groups = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int flags = in.get();
        groups.add(
            new Group(
                (flags & OWNED) != 0,
                (flags & LOADING) != 0,
                in.getLong(),
                in.getLong(),
                in.getLong()));
      }
      return new Progress(takesGroups, groups);
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("what a node tells of its groups is cut short", e);
    }
  }
}
