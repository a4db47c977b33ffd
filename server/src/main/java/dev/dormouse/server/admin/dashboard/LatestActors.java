package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.protocol.LatestMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Remembers data about a limited number of actors: those to which something happened last. Any
 * thread.
 *
 * @param <M> the data about one actor; only one thread at a time touches it
 */
final class LatestActors<M> {
  private static final int PARTS = 16;

  /** The actors in the order of use. Each part is guarded by its monitor. */
  private final List<Map<ActorId, M>> parts = new ArrayList<>();

  private final Supplier<M> nothing;

  /**
   * Creates an empty memory.
   *
   * @param actorsMax the most actors; they are spread over {@value #PARTS} parts of equal size
   * @param nothing makes the data of an actor to which nothing has happened
   */
  LatestActors(int actorsMax, Supplier<M> nothing) {
    this.nothing = nothing;
    for (int i = 0; i < PARTS; i++) {
      parts.add(new LatestMap<>(actorsMax / PARTS));
    }
  }

  private Map<ActorId, M> partOf(ActorId actor) {
    int hash = actor.hashCode();
    return parts.get((hash ^ hash >>> 16) & (PARTS - 1));
  }

  /** Changes the data of an actor to which something happened. */
  void happened(ActorId actor, Consumer<M> change) {
    Map<ActorId, M> part = partOf(actor);
    synchronized (part) {
      change.accept(part.computeIfAbsent(actor, id -> nothing.get()));
    }
  }

  /** Returns a view of an actor's data; null if there is none. */
  <T> @Nullable T of(ActorId actor, Function<M, T> told) {
    Map<ActorId, M> part = partOf(actor);
    synchronized (part) {
      M memory = part.get(actor);
      return memory == null ? null : told.apply(memory);
    }
  }

  /** Returns the actors whose data is like that, in no order. */
  List<ActorId> where(Predicate<M> wanted) {
    List<ActorId> found = new ArrayList<>();
    for (Map<ActorId, M> part : parts) {
      synchronized (part) {
        part.forEach(
            (actor, memory) -> {
              if (wanted.test(memory)) {
                found.add(actor);
              }
            });
      }
    }
    return found;
  }

  /** Returns the number of actors with data. */
  int size() {
    int size = 0;
    for (Map<ActorId, M> part : parts) {
      synchronized (part) {
        size += part.size();
      }
    }
    return size;
  }

  void forgetAll() {
    for (Map<ActorId, M> part : parts) {
      synchronized (part) {
        part.clear();
      }
    }
  }
}
