package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the time and reason of the last wake, for the actors that woke last. Every wake is
 * written here, so the data is a table of columns: a wake leaves no new object, and a young
 * collection finds all referenced objects in one place.
 *
 * <p>An actor's hash selects {@value #WAYS} places. The actor takes a free one, or else that of the
 * actor that woke longest ago. While there are no more actors than a quarter of the places, hardly
 * any is forgotten. Any thread.
 */
final class WakeTable {
  private static final int WAYS = 8;
  private static final int LOCKS = 16;

  private final int sets;
  private final @Nullable ActorId[] actors;
  private final int[] hashes;
  private final long[] atMs;
  private final long[] tookNs;
  private final String[] reasons;
  private final Object[] locks = new Object[LOCKS];

  /**
   * Creates an empty table.
   *
   * @param places the number of places, a power of two, at least 128
   */
  WakeTable(int places) {
    this.sets = places / WAYS;
    this.actors = new ActorId[places];
    this.hashes = new int[places];
    this.atMs = new long[places];
    this.tookNs = new long[places];
    this.reasons = new String[places];
    for (int i = 0; i < LOCKS; i++) {
      locks[i] = new Object();
    }
  }

  private static int hash(ActorId actor) {
    int hash = actor.hashCode() * 0x9E3779B9;
    return hash ^ hash >>> 16;
  }

  private int set(int hash) {
    return hash & (sets - 1);
  }

  private Object lock(int set) {
    return locks[set & (LOCKS - 1)];
  }

  /** Returns the place of an actor; -1 if it has none. */
  private int find(ActorId actor, int hash) {
    int first = set(hash) * WAYS;
    for (int i = first; i < first + WAYS; i++) {
      if (hashes[i] == hash && actor.equals(actors[i])) {
        return i;
      }
    }
    return -1;
  }

  /** Returns the place of the actor of a set that woke longest ago, or an empty one. */
  private int eldest(int set) {
    int eldest = set * WAYS;
    for (int i = eldest; i < (set + 1) * WAYS; i++) {
      if (actors[i] == null) {
        return i;
      }
      if (atMs[i] < atMs[eldest]) {
        eldest = i;
      }
    }
    return eldest;
  }

  /** Records a wake of an actor. */
  void woke(ActorId actor, RecentWakes.Wake wake) {
    int hash = hash(actor);
    int set = set(hash);
    synchronized (lock(set)) {
      int place = find(actor, hash);
      if (place < 0) {
        place = eldest(set);
        actors[place] = actor;
        hashes[place] = hash;
      }
      atMs[place] = wake.atMs();
      tookNs[place] = wake.tookNs();
      reasons[place] = wake.reason();
    }
  }

  /** Returns the last wake of an actor; null if it is forgotten, or there was none. */
  RecentWakes.@Nullable Wake of(ActorId actor) {
    int hash = hash(actor);
    synchronized (lock(set(hash))) {
      int place = find(actor, hash);
      return place < 0 ? null : new RecentWakes.Wake(atMs[place], reasons[place], tookNs[place]);
    }
  }
}
