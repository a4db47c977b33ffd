package dev.dormouse.server.cluster;

import dev.dormouse.log.Log;
import dev.dormouse.server.protocol.Time;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToLongFunction;
import org.slf4j.Logger;

/**
 * Tells the other nodes how far this node has applied the log of each group, and how far the others
 * lag behind where this node is the leader; and remembers what they tell. So every node knows of
 * every group whether all nodes have caught up.
 *
 * <p>A node lags by the entries that the leader had applied {@link #GRACE} before and that the node
 * has not applied yet. What is on its way while a cluster works is no lag.
 *
 * <p>Bytes of a report: format (1), number of groups (4), and for each group the index that was
 * applied (8) and the lag (8), which is -1 if it is not known.
 *
 * <p>Any thread may call every method.
 */
final class NodeReports {
  private static final Logger log = Log.of(NodeReports.class);

  /** The id of a report on the lane of frames. */
  static final long ID = 4;

  /** The time between two reports. */
  static final Duration STEP = Duration.ofMillis(250);

  private static final byte FORMAT = 1;
  private static final Duration GRACE = Duration.ofSeconds(1);
  private static final long FRESH_NS = Duration.ofSeconds(2).toNanos();
  private static final long UNKNOWN = -1;

  /** The number of samples that cover {@link #GRACE}. */
  private static final int SAMPLES = (int) GRACE.dividedBy(STEP) + 1;

  /**
   * The last report of a node.
   *
   * @param atNs when it came
   * @param applied the index that the node has applied, by group
   * @param lags the lag of the other nodes as the node knows it, by group
   * @param behind the lag of the node itself when the report came, by group
   */
  private record Report(long atNs, long[] applied, long[] lags, long[] behind) {}

  private final List<String> others;
  private final int groups;
  private final IntToLongFunction applied;
  private final Time time;

  // The monitor guards the fields below.

  /** The indexes that this node had applied during {@link #GRACE}, the oldest first. */
  private final Deque<long[]> samples = new ArrayDeque<>();

  private final Map<String, Report> reports = new HashMap<>();

  /**
   * Creates the reports of a node.
   *
   * @param others the names of the other nodes
   * @param applied returns the index that this node has applied to a group
   */
  NodeReports(List<String> others, int groups, IntToLongFunction applied, Time time) {
    this.others = List.copyOf(others);
    this.groups = groups;
    this.applied = applied;
    this.time = time;
  }

  /** Looks at this node's groups and returns the next report to the others; one each STEP. */
  synchronized byte[] next() {
    long[] now = new long[groups];
    for (int group = 0; group < groups; group++) {
      now[group] = applied.applyAsLong(group);
    }
    samples.add(now);
    if (samples.size() > SAMPLES) {
      samples.remove();
    }
    ByteBuffer out = ByteBuffer.allocate(1 + Integer.BYTES + groups * 2 * Long.BYTES);
    out.put(FORMAT).putInt(groups);
    for (int group = 0; group < groups; group++) {
      out.putLong(now[group]).putLong(lag(group));
    }
    return out.array();
  }

  /** Takes the report of another node. */
  synchronized void take(String node, byte[] body) {
    ByteBuffer in = ByteBuffer.wrap(body);
    long[] theirs = new long[groups];
    long[] lags = new long[groups];
    long[] behind = new long[groups];
    try {
      if (in.get() != FORMAT || in.getInt() != groups) {
        log.debug("a report of node {} is of another format", node);
        return;
      }
      for (int group = 0; group < groups; group++) {
        theirs[group] = in.getLong();
        lags[group] = in.getLong();
        behind[group] = behind(group, theirs[group]);
      }
    } catch (BufferUnderflowException e) {
      log.debug("a report of node {} is cut short", node);
      return;
    }
    reports.put(node, new Report(time.nowNs(), theirs, lags, behind));
  }

  /** Forgets what a node has told, because it may have started again. */
  synchronized void forget(String node) {
    reports.remove(node);
  }

  private long behind(int group, long theirs) {
    long[] earlier = samples.peek();
    return earlier == null ? 0 : Math.max(0, earlier[group] - theirs);
  }

  /**
   * Returns the lag of the other nodes in a group that this node leads: the greatest one, or -1 as
   * long as a node has told nothing.
   */
  synchronized long lag(int group) {
    long greatest = 0;
    long nowNs = time.nowNs();
    for (String node : others) {
      Report last = reports.get(node);
      if (last == null) {
        return UNKNOWN;
      }
      boolean isFresh = nowNs - last.atNs < FRESH_NS;
      long lag = isFresh ? last.behind[group] : behind(group, last.applied[group]);
      greatest = Math.max(greatest, lag);
    }
    return greatest;
  }

  /** Returns the lag in a group as its leader, another node, has told; -1 if that is not known. */
  synchronized long lag(int group, String leader) {
    Report last = reports.get(leader);
    return last == null || time.nowNs() - last.atNs >= FRESH_NS ? UNKNOWN : last.lags[group];
  }
}
