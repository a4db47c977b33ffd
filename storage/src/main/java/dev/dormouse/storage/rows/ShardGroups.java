package dev.dormouse.storage.rows;

/**
 * The division of shards into groups. A group is a range of shards that lie side by side, so that
 * the rows of a group are one range of keys in each table and move together. The sizes of two
 * groups differ by at most one shard.
 *
 * @param shards the number of shards, at least 1
 * @param groups the number of groups, 1 to the number of shards
 */
public record ShardGroups(int shards, int groups) {
  private static final int GROUPS_DEFAULT = 64;

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if there is no shard, no group, or a group without a shard
   */
  public ShardGroups {
    if (shards < 1 || shards > RowKeys.SHARDS_MAX) {
      throw new IllegalArgumentException(shards + " shards are not 1 to " + RowKeys.SHARDS_MAX);
    }
    if (groups < 1 || groups > shards) {
      throw new IllegalArgumentException(
          shards + " shards cannot be divided into " + groups + " groups");
    }
  }

  /**
   * Returns the default division: into 64 groups, or into groups of one shard if there are fewer.
   */
  public static ShardGroups of(int shards) {
    return new ShardGroups(shards, Math.min(shards, GROUPS_DEFAULT));
  }

  /** Returns the first shard of a group. */
  public int first(int group) {
    return (int) ((long) check(group) * shards / groups);
  }

  /** Returns the end of a group: the shard after its last one. */
  public int end(int group) {
    return (int) ((check(group) + 1L) * shards / groups);
  }

  /**
   * Returns the group of a shard.
   *
   * @throws IndexOutOfBoundsException if there is no such shard
   */
  public int groupOf(int shard) {
    if (shard < 0 || shard >= shards) {
      throw new IndexOutOfBoundsException("shard " + shard + " is not one of " + shards);
    }
    return (int) (((shard + 1L) * groups - 1) / shards);
  }

  private int check(int group) {
    if (group < 0 || group >= groups) {
      throw new IndexOutOfBoundsException("group " + group + " is not one of " + groups);
    }
    return group;
  }
}
