package dev.dormouse.server.cluster;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;

/**
 * The groups that a node owns, as the node tells them to gateways that keep no data.
 *
 * <p>Bytes: version (1), number of groups that the node owns (4), and for each of them the group
 * (4) and the epoch (8).
 *
 * @param epochs the epoch of each group that the node owns
 */
record OwnedGroups(Map<Integer, Long> epochs) {
  private static final int VERSION = 1;
  private static final int GROUP_BYTES = Integer.BYTES + Long.BYTES;

  byte[] encode() {
    ByteBuffer out =
        ByteBuffer.allocate(1 + Integer.BYTES + epochs.size() * GROUP_BYTES)
            .put((byte) VERSION)
            .putInt(epochs.size());
    epochs.forEach((group, epoch) -> out.putInt(group).putLong(epoch));
    return out.array();
  }

  /**
   * Reads the bytes that {@link #encode} wrote.
   *
   * @throws IllegalArgumentException if the bytes are none
   */
  static OwnedGroups decode(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      int version = in.get();
      if (version != VERSION) {
        throw new IllegalArgumentException(
            "a list of owned groups has version " + version + ", and this node reads " + VERSION);
      }
      int count = in.getInt();
      if (count < 0 || count != in.remaining() / GROUP_BYTES) {
        throw new IllegalArgumentException("a list of owned groups says it has " + count);
      }
      Map<Integer, Long> epochs = new TreeMap<>();
      for (int i = 0; i < count; i++) {
        epochs.put(in.getInt(), in.getLong());
      }
      return new OwnedGroups(epochs);
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("a list of owned groups is cut short", e);
    }
  }
}
