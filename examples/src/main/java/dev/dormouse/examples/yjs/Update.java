package dev.dormouse.examples.yjs;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An update of a document in Yjs's first format: structs that clients inserted, and what was
 * deleted. A whole document is an update, too.
 *
 * <p>Merging, state vectors and differences follow {@code updates.js} of yjs, with one difference:
 * texts that were typed one character after the other are joined when updates are merged, as Yjs
 * does with a document that it has loaded.
 *
 * @param structs each client's structs in the order of their clocks, without overlap, the greatest
 *     client first; there is a gap wherever clocks are missing between two structs
 */
record Update(Map<Long, List<Struct>> structs, Deletions deletions) {
  /** About the most bytes of structs that are joined to one. */
  private static final int JOINED_BYTES_MAX = 1 << 20;

  static final Update NONE = new Update(Map.of(), Deletions.NONE);

  /**
   * Reads an update.
   *
   * @throws MalformedException if Yjs could not read it
   */
  static Update read(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    List<Struct> structs = new ArrayList<>();
    for (long clients = in.readNumber(); clients > 0; clients--) {
      long count = in.readNumber();
      long client = in.readNumber();
      long clock = in.readNumber();
      for (long left = count; left > 0; left--) {
        Struct struct = Struct.read(in, client, clock);
        structs.add(struct);
        clock = struct.end();
      }
    }
    Deletions deletions = Deletions.read(in);
    if (in.hasMore()) {
      throw new MalformedException("an update has bytes after its end");
    }
    return of(structs, deletions);
  }

  /** Returns an update that says everything that some updates say. */
  static Update merge(List<Update> updates) {
    List<Struct> structs = new ArrayList<>();
    updates.forEach(update -> update.structs.values().forEach(structs::addAll));
    return of(structs, Deletions.merge(updates.stream().map(Update::deletions).toList()));
  }

  private static Update of(List<Struct> structs, Deletions deletions) {
    Map<Long, List<Struct>> byClient = new TreeMap<>(Comparator.reverseOrder());
    for (Struct struct : structs) {
      if (!struct.isGap()) {
        byClient.computeIfAbsent(struct.client(), client -> new ArrayList<>()).add(struct);
      }
    }
    byClient.replaceAll((client, of) -> inOrder(of));
    return new Update(byClient, deletions);
  }

  private static List<Struct> inOrder(List<Struct> structs) {
    structs.sort(Comparator.comparingLong(Struct::clock));
    List<Struct> ordered = new ArrayList<>();
    List<Struct> run = new ArrayList<>();
    long end = structs.get(0).clock();
    int bytes = 0;
    for (Struct struct : structs) {
      if (struct.end() <= end) {
        continue;
      }
      Struct next = struct.from(end);
      boolean isGap = next.clock() > end && !(ordered.isEmpty() && run.isEmpty());
      if (!run.isEmpty()
          && (isGap
              || bytes + next.bytesMax() > JOINED_BYTES_MAX
              || !run.get(run.size() - 1).isContinuedBy(next))) {
        ordered.add(Struct.join(run));
        run.clear();
        bytes = 0;
      }
      if (isGap) {
        ordered.add(Struct.gap(next.client(), end, next.clock() - end));
      }
      run.add(next);
      bytes += next.bytesMax();
      end = next.end();
    }
    ordered.add(Struct.join(run));
    return ordered;
  }

  boolean isEmpty() {
    return structs.isEmpty() && deletions.isEmpty();
  }

  /** Returns, for each client, the clock up to which all its structs are here. */
  Map<Long, Long> state() {
    Map<Long, Long> state = new TreeMap<>(Comparator.reverseOrder());
    structs.forEach(
        (client, of) -> {
          long clock = 0;
          for (Struct struct : of) {
            if (struct.isGap() || struct.clock() != clock) {
              break;
            }
            clock = struct.end();
          }
          if (clock > 0) {
            state.put(client, clock);
          }
        });
    return state;
  }

  /** Returns this update without the structs that a client has whose state is given. */
  Update after(Map<Long, Long> state) {
    Map<Long, List<Struct>> missing = new TreeMap<>(Comparator.reverseOrder());
    structs.forEach(
        (client, of) -> {
          long known = state.getOrDefault(client, 0L);
          List<Struct> rest = new ArrayList<>();
          for (Struct struct : of) {
            if (struct.end() > known && !(rest.isEmpty() && struct.isGap())) {
              rest.add(struct.from(known));
            }
          }
          if (!rest.isEmpty()) {
            missing.put(client, rest);
          }
        });
    return new Update(missing, deletions);
  }

  /** Returns whether a document that is this update would not change by another one. */
  boolean contains(Update other) {
    return other.after(state()).structs.isEmpty() && deletions.contains(other.deletions);
  }

  byte[] bytes() {
    return split(Integer.MAX_VALUE).get(0);
  }

  /**
   * Returns encoded updates that together say what this one says. Each has at most a number of
   * bytes, unless a single struct or the deletions have more.
   */
  List<byte[]> split(int bytesMax) {
    List<byte[]> parts = new ArrayList<>();
    List<Section> sections = new ArrayList<>();
    int bytes = 0;
    for (List<Struct> of : structs.values()) {
      Section section = null;
      for (Struct struct : of) {
        if (bytes > 0 && bytes + struct.bytesMax() > bytesMax) {
          parts.add(encode(sections, Deletions.NONE));
          sections = new ArrayList<>();
          section = null;
          bytes = 0;
        }
        if (section == null && struct.isGap()) {
          continue; // the structs after a gap name their clock
        }
        if (section == null) {
          section = new Section(struct);
          sections.add(section);
        }
        section.add(struct);
        bytes += struct.bytesMax();
      }
    }
    parts.add(encode(sections, deletions));
    return parts;
  }

  private static byte[] encode(List<Section> sections, Deletions deletions) {
    ByteWriter out = new ByteWriter().number(sections.size());
    for (Section section : sections) {
      out.number(section.count).number(section.client).number(section.clock).raw(section.structs);
    }
    deletions.write(out);
    return out.bytes();
  }

  /** The structs of one client in an encoded update. */
  private static final class Section {
    private final long client;
    private final long clock;
    private final ByteWriter structs = new ByteWriter();
    private int count;

    Section(Struct first) {
      this.client = first.client();
      this.clock = first.clock();
    }

    void add(Struct struct) {
      struct.write(structs);
      count++;
    }
  }

  /** Reads what Yjs calls a state vector. */
  static Map<Long, Long> readState(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    Map<Long, Long> state = new TreeMap<>(Comparator.reverseOrder());
    for (long left = in.readNumber(); left > 0; left--) {
      state.put(in.readNumber(), in.readNumber());
    }
    return state;
  }

  static byte[] bytesOf(Map<Long, Long> state) {
    ByteWriter out = new ByteWriter().number(state.size());
    state.forEach((client, clock) -> out.number(client).number(clock));
    return out.bytes();
  }
}
