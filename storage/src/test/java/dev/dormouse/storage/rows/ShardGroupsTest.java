package dev.dormouse.storage.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ShardGroupsTest {

  @Property(tries = 300)
  void everyShardLiesInTheOneGroupWhoseRangeHasItAndSizesDifferByAtMostOne(
      @ForAll @IntRange(min = 1, max = 5_000) int shards,
      @ForAll @IntRange(min = 1, max = 5_000) int wanted) {
    ShardGroups groups = new ShardGroups(shards, Math.min(shards, wanted));
    int next = 0;
    int least = shards / groups.groups();
    for (int group = 0; group < groups.groups(); group++) {
      assertThat(groups.first(group)).isEqualTo(next);
      next = groups.end(group);
      assertThat(next - groups.first(group)).isBetween(least, least + 1);
      for (int shard = groups.first(group); shard < next; shard++) {
        assertThat(groups.groupOf(shard)).isEqualTo(group);
      }
    }
    assertThat(next).isEqualTo(shards);
  }

  @Test
  void theGreatestNumbersDoNotOverflow() {
    ShardGroups each = new ShardGroups(RowKeys.SHARDS_MAX, RowKeys.SHARDS_MAX);
    assertThat(each.groupOf(RowKeys.SHARDS_MAX - 1)).isEqualTo(RowKeys.SHARDS_MAX - 1);
    assertThat(each.end(RowKeys.SHARDS_MAX - 1)).isEqualTo(RowKeys.SHARDS_MAX);
  }

  @Test
  void theDefaultIsSixtyFourGroupsOrAGroupForEachShard() {
    assertThat(ShardGroups.of(4_096)).isEqualTo(new ShardGroups(4_096, 64));
    assertThat(ShardGroups.of(7)).isEqualTo(new ShardGroups(7, 7));
  }

  @Test
  void whatIsNoDivisionOrNoPartOfItIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ShardGroups(3, 4))
        .withMessage("3 shards cannot be divided into 4 groups");
    assertThatIllegalArgumentException().isThrownBy(() -> new ShardGroups(3, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new ShardGroups(0, 1));
    ShardGroups groups = new ShardGroups(4, 2);
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> groups.groupOf(4))
        .withMessage("shard 4 is not one of 4");
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> groups.first(2))
        .withMessage("group 2 is not one of 2");
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> groups.end(-1));
  }
}
