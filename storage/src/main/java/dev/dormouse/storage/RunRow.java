package dev.dormouse.storage;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of an opening of a folder, for those that come after it.
 *
 * <p>Key: {@code run} and the incarnation (8). Bytes: version (1), boot id (16, zero if unknown),
 * file number of the folder (8, zero if unknown), 1 if it was closed or else 0 (1); big-endian;
 * more may follow in later versions and is passed over.
 *
 * @param surroundings where it took place
 * @param isClosed whether it was closed in good order
 */
record RunRow(Surroundings surroundings, boolean isClosed) {
  private static final byte[] KEY_PREFIX = "run".getBytes(StandardCharsets.US_ASCII);
  private static final byte VERSION = 1;
  private static final int BYTES = 1 + 16 + 8 + 1;
  private static final UUID UNKNOWN = new UUID(0, 0);

  /** The key of an incarnation's row. */
  static byte[] key(long incarnation) {
    return ByteBuffer.allocate(KEY_PREFIX.length + Long.BYTES)
        .put(KEY_PREFIX)
        .putLong(incarnation)
        .array();
  }

  /** The bytes to store. */
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

  /** Reads what {@link #encode} wrote; null if it is of another version, or cut short. */
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
   * How an opening ended, from what it and the one after it have left.
   *
   * @param next of the next opening; null if it is not known
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
