package dev.dormouse.server.host.rows;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;

/**
 * Notes stored parts of actors that cannot be read, because their bytes fail their checksum or
 * because the application has no class for them any more. Each such part is logged once, counted,
 * and left as it is; only its actor overwrites it, by setting it anew. The caller decides what the
 * fault means for its event; all other events are served.
 *
 * <p>All methods may be called from any thread.
 */
public final class Quarantine {
  private static final Logger log = Log.of(Quarantine.class);

  /** The most faults that are told apart; later ones are counted each time, and not logged. */
  public static final int KNOWN_MAX = 4_096;

  /** The kind of stored part that a fault is in. */
  enum Part {
    ACTOR,
    CONNECTION,
    ATTACHMENT,
    VALUE,
    ALARM
  }

  private record Place(Part part, ActorId actor, String name) implements Comparable<Place> {
    private static final Comparator<Place> ORDER =
        Comparator.comparing(Place::actor).thenComparing(Place::part).thenComparing(Place::name);

    @Override
    public int compareTo(Place other) {
      return ORDER.compare(this, other);
    }
  }

  private final Map<Part, LongAdder> counts = new EnumMap<>(Part.class);
  private final LongAdder refusedEvents = new LongAdder();
  private final LongAdder unclosedLeftovers = new LongAdder();

  /** The faults that were logged; guarded by its own monitor. */
  private final Set<Place> known = new HashSet<>();

  /** Creates a quarantine that has noted nothing. */
  public Quarantine() {
    Arrays.stream(Part.values()).forEach(part -> counts.put(part, new LongAdder()));
  }

  /** Notes that an actor's own row cannot be read. */
  public void actor(ActorId actor, RuntimeException cause) {
    note(
        new Place(Part.ACTOR, actor, ""),
        "its events are refused until it can be read, and its rows are left as they are",
        cause);
  }

  /** Notes that the row of a connection cannot be read. */
  public void connection(ActorId actor, ConnectionId connection, RuntimeException cause) {
    note(
        new Place(Part.CONNECTION, actor, connection.toString()),
        "it has no tags and no attachment; the row is left as it is until it is attached to anew",
        cause);
  }

  /** Notes that the attachment of a connection cannot be read. */
  public void attachment(ActorId actor, ConnectionId connection, RuntimeException cause) {
    note(
        new Place(Part.ATTACHMENT, actor, connection.toString()),
        "its bytes are left as they are until something is attached anew",
        cause);
  }

  /** Notes that an entry of an actor's storage, or its automatic replies, cannot be read. */
  public void value(ActorId actor, String name, RuntimeException cause) {
    note(
        new Place(Part.VALUE, actor, name),
        "its bytes are left as they are until it is set",
        cause);
  }

  /** Notes that an alarm cannot be read. */
  public void alarm(ActorId actor, String name, RuntimeException cause) {
    note(
        new Place(Part.ALARM, actor, name),
        "it does not ring; its bytes are left as they are until it is set",
        cause);
  }

  /** Counts an event that was refused because the row of its actor cannot be read. */
  public void eventRefused() {
    refusedEvents.increment();
  }

  /**
   * Counts a connection of a dead process that was left as it is, since its actor is unreadable.
   */
  public void unclosedLeftover() {
    unclosedLeftovers.increment();
  }

  /** Returns the counts of everything that was noted. */
  public UnreadableCounts counts() {
    return new UnreadableCounts(
        count(Part.ACTOR),
        count(Part.CONNECTION),
        count(Part.ATTACHMENT),
        count(Part.VALUE) + count(Part.ALARM),
        refusedEvents.sum(),
        unclosedLeftovers.sum());
  }

  private long count(Part part) {
    return Objects.requireNonNull(counts.get(part)).sum();
  }

  private void note(Place place, String outcome, RuntimeException cause) {
    boolean isLogged;
    boolean isLast;
    synchronized (known) {
      if (known.contains(place)) {
        return;
      }
      isLogged = known.size() < KNOWN_MAX;
      isLast = known.size() == KNOWN_MAX - 1;
      if (isLogged) {
        known.add(place);
      }
    }
    Objects.requireNonNull(counts.get(place.part())).increment();
    if (isLogged) {
      log.error(
          "actor {}, {} {}cannot be read; {}: {}",
          place.actor(),
          place.part().name().toLowerCase(Locale.ROOT),
          place.name().isEmpty() ? "" : place.name() + " ",
          outcome,
          cause.getMessage());
    }
    if (isLast) {
      log.error(
          "{} stored parts cannot be read; further ones are counted and not logged", KNOWN_MAX);
    }
  }
}
