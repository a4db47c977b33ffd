package dev.dormouse.storage.rows;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The row about an actor itself: the one row that a wake must read.
 *
 * <p>Bytes: version 1 (1), flags (1: there may be automatic replies), epoch (8), activations (8),
 * and to the end for each gateway its run (8) and its connections (4); big-endian.
 *
 * @param epoch the number of the ownership that wrote the row last
 * @param activations how often the actor was activated, as far as it was stored
 * @param gateways the gateways that hold connections of the actor, in the order of their runs
 * @param mayHaveAutoReplies whether there may be an {@link AutoRepliesRow}
 */
public record ActorRow(
    long epoch, long activations, List<Gateway> gateways, boolean mayHaveAutoReplies) {
  private static final byte VERSION = 1;
  private static final int HEAD_BYTES = 1 + 1 + Long.BYTES + Long.BYTES;
  private static final int GATEWAY_BYTES = Long.BYTES + Integer.BYTES;
  private static final byte MAY_HAVE_AUTO_REPLIES = 1;

  /** The row of an actor that was never stored. */
  public static final ActorRow NONE = new ActorRow(0, 0);

  /** The row's key in {@link Table#ACTOR}. */
  public static final byte[] KEY = {};

  /**
   * A gateway that holds connections of the actor.
   *
   * @param run the run of the gateway's node, which the ids of these connections begin with
   * @param connections the number of the connections that have a row, at least 1
   */
  public record Gateway(long run, int connections) {}

  /** Copies the list. */
  public ActorRow {
    gateways = List.copyOf(gateways);
  }

  /** Creates the row of an actor without connections and automatic replies. */
  public ActorRow(long epoch, long activations) {
    this(epoch, activations, List.of(), false);
  }

  /** Returns how many connection rows the actor has. */
  public int connections() {
    int sum = 0;
    for (int i = 0; i < gateways.size(); i++) { // an iterator would be garbage of every turn
      sum += gateways.get(i).connections();
    }
    return sum;
  }

  /** Returns this row as an ownership writes it: with the same connections. */
  public ActorRow written(long epoch, long activations, boolean mayHaveAutoReplies) {
    return new ActorRow(epoch, activations, gateways, mayHaveAutoReplies);
  }

  /**
   * Returns this row with more or fewer connections of one gateway. A gateway without connections
   * is left out, so that no number falls below 1.
   *
   * @param run the run of the gateway's node
   * @param more the number of connections that are added; negative if connections end
   */
  public ActorRow with(long run, int more) {
    List<Gateway> changed = new ArrayList<>(gateways.size() + 1);
    int connections = more;
    int at = 0;
    for (Gateway gateway : gateways) {
      if (gateway.run() == run) {
        connections += gateway.connections();
      } else {
        at += gateway.run() < run ? 1 : 0;
        changed.add(gateway);
      }
    }
    if (connections > 0) {
      changed.add(at, new Gateway(run, connections));
    }
    return new ActorRow(epoch, activations, changed, mayHaveAutoReplies);
  }

  /** Returns the bytes to store. */
  public byte[] encode() {
    ByteBuffer out = ByteBuffer.allocate(HEAD_BYTES + gateways.size() * GATEWAY_BYTES);
    out.put(VERSION)
        .put(mayHaveAutoReplies ? MAY_HAVE_AUTO_REPLIES : 0)
        .putLong(epoch)
        .putLong(activations);
    for (Gateway gateway : gateways) {
      out.putLong(gateway.run()).putInt(gateway.connections());
    }
    return out.array();
  }

  /**
   * Reads the bytes that {@link #encode} wrote.
   *
   * @param bytes the bytes; null gives {@link #NONE}
   * @throws CorruptRowException if the bytes are not of that form
   */
  public static ActorRow decodeOrNone(byte @Nullable [] bytes) {
    return bytes == null ? NONE : decode(bytes);
  }

  /**
   * Reads the bytes that {@link #encode} wrote.
   *
   * @throws CorruptRowException if the bytes are not of that form
   */
  public static ActorRow decode(byte[] bytes) {
    int gatewayBytes = bytes.length - HEAD_BYTES;
    if (gatewayBytes < 0 || gatewayBytes % GATEWAY_BYTES != 0 || bytes[0] != VERSION) {
      throw new CorruptRowException(
          "an actor's row of " + bytes.length + " bytes is not of version " + VERSION, null);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes, 1, bytes.length - 1);
    boolean mayHaveAutoReplies = (in.get() & MAY_HAVE_AUTO_REPLIES) != 0;
    long epoch = in.getLong();
    long activations = in.getLong();
    List<Gateway> gateways = new ArrayList<>(gatewayBytes / GATEWAY_BYTES);
    long before = -1;
    while (in.hasRemaining()) {
      Gateway gateway = new Gateway(in.getLong(), in.getInt());
      if (gateway.run() <= before || gateway.connections() < 1) {
        throw new CorruptRowException(
            "an actor's row counts %s connections of run %s after those of run %s"
                .formatted(gateway.connections(), gateway.run(), before),
            null);
      }
      before = gateway.run();
      gateways.add(gateway);
    }
    return new ActorRow(epoch, activations, gateways, mayHaveAutoReplies);
  }
}
