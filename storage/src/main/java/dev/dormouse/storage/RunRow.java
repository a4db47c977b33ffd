package dev.dormouse.storage;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The row of an opening of a folder, from which later openings tell how it ended.
 *
 * <p>Key: the text {@code run} and the number of the run (8). Bytes: version (1), boot id (16, zero
 * if unknown), file number of the folder (8, zero if unknown), 1 if the store was closed or else 0
 * (1); big-endian. A later version may write more bytes after them, which a reader passes over.
 *
 * @param surroundings where the opening took place
 * @param isClosed whether the store was closed
 */
record RunRow(Surroundings surroundings, boolean isClosed) {
  private static final byte[] KEY_PREFIX = "run".getBytes(StandardCharsets.US_ASCII);
  private static final byte VERSION = 1;
  private static final int BYTES = 1 + 16 + 8 + 1;
  private static final UUID UNKNOWN = new UUID(0, 0);

  /** Returns the key of the row of a run. */
  static byte[] key(long run) {
    return ByteBuffer.allocate(KEY_PREFIX.length + Long.BYTES).put(KEY_PREFIX).putLong(run).array();
  }

  /** Returns the bytes to store. */
  byte[] encode() {
    UUID boot = surroundings.boot() == null ? UNKNOWN : surroundings.boot();
    return ByteBuffer.allocate(BYTES)
        .put(VERSION)
        .putLong(boot.getMostSignificantBits())
        .putLong(boot.getLeastSignificantBits())
        .putLong(surroundings.folder())
        .put((byte) (isClosed ? 1 : 0))
        .array();
  }

  /** Reads the bytes that {@link #encode} wrote; returns null if the version is unknown. */
  static @Nullable RunRow decodeOrNull(byte[] bytes) {
    if (bytes.length < BYTES || bytes[0] != VERSION) {
      return null;
    }
    ByteBuffer in = ByteBuffer.wrap(bytes, 1, BYTES - 1);
    UUID boot = new UUID(in.getLong(), in.getLong());
    Surroundings surroundings = new Surroundings(boot.equals(UNKNOWN) ? null : boot, in.getLong());
    return new RunRow(surroundings, in.get() == 1);
  }

  /**
   * Tells how an opening ended, from its row and that of the next opening.
   *
   * @param run the row of the opening; null if there is none
   * @param next the row of the next opening; null if there is none
   */
  static Ending endingOf(@Nullable RunRow run, @Nullable RunRow next) {
    if (run == null || next == null) {
      return Ending.PROCESS_DIED;
    }
    if (run.isClosed) {
      return Ending.CLOSED;
    }
    Surroundings before = run.surroundings;
    Surroundings after = next.surroundings;
    boolean isSameFolder = before.folder() != 0 && before.folder() == after.folder();
    boolean isOtherBoot =
        before.boot() != null && after.boot() != null && !before.boot().equals(after.boot());
    return isSameFolder && isOtherBoot ? Ending.MACHINE_RESTARTED : Ending.PROCESS_DIED;
  }
}
