package dev.dormouse.server.protocol;

import dev.dormouse.sdk.ActorId;
import org.jspecify.annotations.Nullable;

/**
 * Tells which node runs the actors of a group of shards. The answer may be out of date, so every
 * record carries the epoch that its sender believes in, and the receiver refuses an older one.
 *
 * <p>Any thread may call every method. No method waits.
 */
public interface Placement {

  /** Returns the number of groups into which the shards are divided. */
  int groups();

  /** Returns the group of an actor, from 0; the group of an actor never changes. */
  int groupOf(ActorId actor);

  /** Returns the owner of a group; null if no owner is known now. */
  @Nullable Owner ownerOf(int group);

  /**
   * Returns whether the owners never change, because gateway and host are one process. The two ends
   * then cannot lose each other, and nothing is kept for that case.
   */
  boolean isFixed();

  /** Returns the placement of a single node, which owns everything in one epoch. */
  static Placement fixed(Owner owner) {
    return new Placement() {
      @Override
      public int groups() {
        return 1;
      }

      @Override
      public int groupOf(ActorId actor) {
        return 0;
      }

      @Override
      public Owner ownerOf(int group) {
        return owner;
      }

      @Override
      public boolean isFixed() {
        return true;
      }
    };
  }
}
