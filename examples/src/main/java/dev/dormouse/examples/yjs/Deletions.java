package dev.dormouse.examples.yjs;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The deleted parts of a document, which Yjs calls a delete set: for each client, ranges of clocks
 * in order, which neither touch nor overlap.
 */
record Deletions(Map<Long, List<Range>> ranges) {
  static final Deletions NONE = new Deletions(Map.of());

  /** The clocks from {@code from} on and before {@code to}. */
  record Range(long from, long to) {}

  static Deletions read(ByteReader in) {
    Map<Long, List<Range>> ranges = new TreeMap<>();
    for (long clients = in.readNumber(); clients > 0; clients--) {
      long client = in.readNumber();
      for (long left = in.readNumber(); left > 0; left--) {
        long from = in.readNumber();
        long to = from + in.readNumber();
        if (to > ByteReader.NUMBER_MAX) {
          throw new MalformedException("a deletion ends after the last clock");
        }
        if (to > from) {
          ranges.computeIfAbsent(client, c -> new ArrayList<>()).add(new Range(from, to));
        }
      }
    }
    return inOrder(ranges);
  }

  static Deletions merge(List<Deletions> all) {
    Map<Long, List<Range>> ranges = new TreeMap<>();
    for (Deletions one : all) {
      one.ranges.forEach(
          (client, of) -> ranges.computeIfAbsent(client, c -> new ArrayList<>()).addAll(of));
    }
    return inOrder(ranges);
  }

  private static Deletions inOrder(Map<Long, List<Range>> ranges) {
    ranges.replaceAll((client, of) -> joined(of));
    return new Deletions(ranges);
  }

  private static List<Range> joined(List<Range> ranges) {
    ranges.sort(Comparator.comparingLong(Range::from));
    List<Range> joined = new ArrayList<>();
    for (Range next : ranges) {
      Range last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
      if (last != null && next.from <= last.to) {
        joined.set(joined.size() - 1, new Range(last.from, Math.max(last.to, next.to)));
      } else {
        joined.add(next);
      }
    }
    return joined;
  }

  boolean isEmpty() {
    return ranges.isEmpty();
  }

  /** Returns whether everything that others delete is deleted here. */
  boolean contains(Deletions others) {
    return others.ranges.entrySet().stream()
        .allMatch(
            entry -> {
              List<Range> here = ranges.getOrDefault(entry.getKey(), List.of());
              return entry.getValue().stream().allMatch(range -> covers(here, range));
            });
  }

  private static boolean covers(List<Range> ranges, Range wanted) {
    int found =
        Collections.binarySearch(ranges, wanted, Comparator.comparingLong(range -> range.from));
    int at = found >= 0 ? found : -found - 2;
    return at >= 0 && ranges.get(at).to >= wanted.to;
  }

  /** Writes the deletions as Yjs does, the greatest client first. */
  void write(ByteWriter out) {
    out.number(ranges.size());
    List<Long> clients = new ArrayList<>(ranges.keySet());
    clients.sort(Comparator.reverseOrder());
    for (long client : clients) {
      List<Range> of = ranges.getOrDefault(client, List.of());
      out.number(client).number(of.size());
      of.forEach(range -> out.number(range.from).number(range.to - range.from));
    }
  }
}
