package dev.dormouse.examples.yjs;

import dev.dormouse.sdk.ConnectionId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who is here, and over which connection each client has announced itself. Clients send on what
 * they hear, so most announcements are known already; those are told apart by their clocks.
 */
final class Presences {
  /** The most clients that one connection may announce. */
  static final int CLIENTS_MAX = 64;

  /** The most characters of all that one connection announces. */
  static final int CHARACTERS_MAX = 32 << 10;

  private final Map<Long, Announced> announced = new HashMap<>();

  /** The connections whose announcements have changed since the last {@link #changed}. */
  private final Set<ConnectionId> changed = new HashSet<>();

  private record Announced(Presence presence, ConnectionId by) {}

  /** Adds a presence that was kept with a connection; the one with the greater clock counts. */
  void recall(ConnectionId by, Presence kept) {
    Announced known = announced.get(kept.client());
    if (known == null || known.presence.clock() <= kept.clock()) {
      announced.put(kept.client(), new Announced(kept, by));
    }
  }

  /**
   * Hears an announcement, and returns whether it is news.
   *
   * @throws MalformedException if the connection announces too much
   */
  boolean hear(ConnectionId from, Presence said) {
    Announced known = announced.get(said.client());
    boolean isNews =
        known == null
            ? !said.isGone()
            : (said.clock() > known.presence.clock())
                || (said.clock() == known.presence.clock()
                    && said.isGone()
                    && !known.presence.isGone());
    if (isNews) {
      // Others only tell that a client has gone; its own connection stays the one that counts.
      ConnectionId by = known != null && said.isGone() ? known.by : from;
      announced.put(said.client(), new Announced(said, by));
      changed.add(by);
      checkLimits(by);
    }
    return isNews;
  }

  private void checkLimits(ConnectionId by) {
    List<Presence> all = of(by);
    if (all.size() > CLIENTS_MAX
        || all.stream().mapToInt(one -> one.state().length()).sum() > CHARACTERS_MAX) {
      throw new MalformedException(
          "a connection may announce %s clients and %s characters"
              .formatted(CLIENTS_MAX, CHARACTERS_MAX));
    }
  }

  /** Forgets what a connection has announced, and returns it. */
  List<Presence> leave(ConnectionId gone) {
    List<Presence> left = of(gone);
    left.forEach(one -> announced.remove(one.client()));
    changed.remove(gone);
    return left.stream().filter(one -> !one.isGone()).toList();
  }

  /** Returns everyone who is here. */
  List<Presence> here() {
    return announced.values().stream()
        .map(Announced::presence)
        .filter(one -> !one.isGone())
        .toList();
  }

  /** Returns what a connection has announced. */
  List<Presence> of(ConnectionId by) {
    return new ArrayList<>(
        announced.values().stream()
            .filter(one -> one.by.equals(by))
            .map(Announced::presence)
            .toList());
  }

  /** Returns the connections whose announcements have changed since the last call. */
  Set<ConnectionId> changed() {
    Set<ConnectionId> since = Set.copyOf(changed);
    changed.clear();
    return since;
  }
}
