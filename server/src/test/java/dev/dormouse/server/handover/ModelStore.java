package dev.dormouse.server.handover;

import dev.dormouse.sdk.ConnectionId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The replicated log, and the rows that applying it makes. An ownership begins with an entry of its
 * own; an entry of a turn takes effect only if no later ownership's entry is before it.
 */
final class ModelStore {

  /** One write of a turn. */
  record Write(What what, long id, long value) {}

  /** The kinds of writes. */
  enum What {
    /** Appends a message to the actor's list: connection, sequence. */
    APPEND,
    /** Stores the sequence of the last message of a connection. */
    SEQUENCE,
    /** Adds a connection. */
    ADD,
    /**
     * Removes a connection, since its onClose ran; the value is 1 if the host made the close up.
     */
    REMOVE,
    /** Sets a connection's tag. */
    TAG,
    /** Notes that the actor has closed a connection. */
    CLOSE,
    /** Appends a plain request to the actor's list, and keeps that it was answered. */
    REQUEST,
    /** Forgets the answer of a plain request. */
    FORGET,
    /** Appends the alarm to the actor's list, and removes it. */
    ALARM
  }

  /** The stored row of a connection. */
  record Row(long sequence, long tag, boolean isClosing) {}

  /** The rows of the actor. Not changed once it is shared. */
  static final class Rows implements Canon.Frozen {
    final TreeMap<Long, Row> connections = new TreeMap<>();
    final List<Long> list = new ArrayList<>();
    final TreeSet<Long> requests = new TreeSet<>();
    boolean hasAlarm;
    private transient long @Nullable [] hash;

    @Override
    public long[] hash() {
      long[] known = hash;
      if (known == null) {
        known = Canon.hash(List.of(connections, list, requests, hasAlarm));
        hash = known;
      }
      return known;
    }

    Rows with(List<Write> writes) {
      Rows next = new Rows();
      next.connections.putAll(connections);
      next.list.addAll(list);
      next.requests.addAll(requests);
      next.hasAlarm = hasAlarm;
      writes.forEach(next::write);
      return next;
    }

    private void write(Write write) {
      long id = write.id();
      switch (write.what()) {
        case APPEND -> list.add(message(id, write.value()));
        case SEQUENCE ->
            connections.computeIfPresent(
                id, (c, row) -> new Row(write.value(), row.tag(), row.isClosing()));
        case ADD -> connections.put(id, new Row(0, 0, false));
        case REMOVE -> connections.remove(id);
        case TAG ->
            connections.computeIfPresent(
                id, (c, row) -> new Row(row.sequence(), write.value(), row.isClosing()));
        case CLOSE ->
            connections.computeIfPresent(id, (c, row) -> new Row(row.sequence(), row.tag(), true));
        case REQUEST -> {
          list.add(id);
          requests.add(id);
        }
        case FORGET -> requests.remove(id);
        case ALARM -> {
          list.add(0L);
          hasAlarm = false;
        }
      }
    }
  }

  /** Returns the number by which a message is known in the actor's list. */
  static long message(long connection, long sequence) {
    return connection << 4 | sequence;
  }

  /** The writes of a turn on their way into the log. */
  static final class Proposal {
    final long epoch;
    final List<Write> writes;

    /** Null until the log has taken or refused it. */
    @Nullable Boolean isDone;

    /** The turn is abandoned, so nobody waits for the outcome. */
    boolean isOrphan;

    Proposal(long epoch, List<Write> writes) {
      this.epoch = epoch;
      this.writes = writes;
    }
  }

  private final transient boolean isFenced;

  /**
   * Creates an empty store.
   *
   * @param isFenced whether entries of former ownerships have no effect, as is right
   */
  ModelStore(boolean isFenced) {
    this.isFenced = isFenced;
  }

  /** The proposals of each host that are under way, in order. */
  final List<ArrayDeque<Proposal>> underWay = List.of(new ArrayDeque<>(), new ArrayDeque<>());

  Rows rows = new Rows();

  /** Connections whose gateway has reported their end, and whose onClose has not run. */
  final TreeSet<Long> hasEnd = new TreeSet<>();

  /** The epoch of the last ownership in the log. */
  long epoch;

  /** Takes the entry that begins an ownership. */
  void own(long newEpoch) {
    epoch = newEpoch;
    prune();
  }

  /** Takes the first proposal of a host into the log, and applies it. */
  void apply(int host) {
    Proposal proposal = underWay.get(host).removeFirst();
    proposal.isDone = !isFenced || proposal.epoch == epoch;
    if (proposal.isDone) {
      for (Write write : proposal.writes) {
        check(write);
        rows = rows.with(List.of(write));
      }
    }
  }

  /** Loses the abandoned proposals of a host: none comes into the log without those before it. */
  void lose(int host) {
    underWay.get(host).removeIf(proposal -> proposal.isOrphan);
  }

  /** Abandons all proposals of a host; they may still reach the log. */
  void abandon(int host) {
    underWay.get(host).forEach(proposal -> proposal.isOrphan = true);
    prune();
  }

  /** Forgets proposals that nobody waits for and that have no effect. */
  private void prune() {
    for (ArrayDeque<Proposal> proposals : underWay) {
      proposals.removeIf(p -> p.isOrphan && (p.writes.isEmpty() || (p.epoch != epoch && isFenced)));
    }
  }

  private void check(Write write) {
    long id = write.id();
    Row row = rows.connections.get(id);
    switch (write.what()) {
      case APPEND -> {
        long message = message(id, write.value());
        Violation.check(
            !rows.list.contains(message), "a message took effect twice: " + name(message));
        Violation.check(
            row != null,
            "a message took effect after the close of its connection: " + name(message));
        Violation.check(
            rows.list.stream().noneMatch(m -> m >> 4 == id && m > message),
            "a message took effect after a later one of its connection: " + name(message));
      }
      case SEQUENCE, TAG, CLOSE, FORGET -> {}
      case ADD -> Violation.check(row == null, "a connection was accepted twice: " + id(id));
      case REMOVE -> {
        Violation.check(row != null, "onClose ran twice for " + id(id));
        Violation.check(
            write.value() == 0 || !hasEnd.contains(id),
            "onClose ran with a made-up reason though the gateway knows the right one");
        hasEnd.remove(id);
      }
      case REQUEST ->
          Violation.check(!rows.list.contains(id), "a plain request took effect twice: " + id(id));
      case ALARM -> Violation.check(rows.hasAlarm, "the alarm rang twice");
    }
  }

  static String id(long value) {
    return new ConnectionId(value).toString();
  }

  static String name(long message) {
    return message == 0
        ? "alarm"
        : message < (1L << 43) ? "request " + id(message) : id(message >> 4) + "#" + (message & 15);
  }
}
