package dev.dormouse.server.protocol.wire;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToHost;
import java.nio.ByteBuffer;
import java.util.function.Function;

/**
 * Writes records as the bytes that travel between a gateway and a host on different nodes, and
 * reads them. The package's description has the form of the bytes. {@link FrameReader} finds where
 * the bytes of one record end in a stream.
 *
 * <p>The methods are pure functions. Whatever the bytes are, a method that reads them gives a
 * record or throws a {@link WireException}, and allocates no more than a small multiple of them.
 */
public final class RecordCodec {
  /** The version of the form that this node writes, and the only one that it reads. */
  public static final int VERSION = 1;

  /**
   * The most bytes that a record may take. A turn may send {@link ActorOptions#TURN_BYTES_CEILING},
   * of which each character counts as one byte and may take three on the wire; the rest is for the
   * last records of a turn, which its limit does not count.
   */
  public static final int BYTES_MAX = 4 * ActorOptions.TURN_BYTES_CEILING;

  /** The bytes that a record has besides its texts, bytes and ids, roughly. */
  private static final int RECORD_BYTES = 64;

  private RecordCodec() {}

  /**
   * A record for a host, as it came.
   *
   * @param epoch the epoch in which the gateway believes that the host owns the record's group
   * @param record the record
   */
  public record ForHost(long epoch, ToHost record) {}

  /**
   * Writes a record for a host.
   *
   * @param epoch the epoch in which the gateway believes that the host owns the record's group
   * @throws WireException if the record takes more than {@link #BYTES_MAX} bytes, or the claims of
   *     a user lie too deep inside each other
   */
  public static ByteBuffer encode(long epoch, ToHost record) {
    WireWriter out = new WireWriter(record.getClass().getSimpleName(), 0);
    out.int1(VERSION);
    out.int8(epoch);
    ToHostCodec.write(out, record);
    return out.written();
  }

  /**
   * Writes a record for a gateway.
   *
   * @throws WireException if the record takes more than {@link #BYTES_MAX} bytes
   */
  public static ByteBuffer encode(FromHost record) {
    WireWriter out = new WireWriter(record.getClass().getSimpleName(), estimate(record));
    out.int1(VERSION);
    FromHostCodec.write(out, record);
    return out.written();
  }

  /**
   * Reads a record for a host, from the position of the bytes to their limit. Neither is moved, and
   * the record does not refer to the bytes.
   *
   * @throws WireException if the bytes are no such record
   */
  public static ForHost decodeForHost(ByteBuffer bytes) {
    return read(bytes, in -> new ForHost(in.int8("epoch"), ToHostCodec.read(in)));
  }

  /**
   * Reads a record for a gateway, from the position of the bytes to their limit. Neither is moved,
   * and the record does not refer to the bytes.
   *
   * @throws WireException if the bytes are no such record
   */
  public static FromHost decodeForGateway(ByteBuffer bytes) {
    return read(bytes, FromHostCodec::read);
  }

  private static <T> T read(ByteBuffer bytes, Function<WireReader, T> record) {
    WireReader in = new WireReader(bytes);
    try {
      in.version(VERSION);
      T value = record.apply(in);
      in.end();
      return value;
    } catch (WireException e) {
      throw e;
    } catch (RuntimeException e) { // a constructor that refuses the values
      throw in.invalid(e);
    }
  }

  private static long estimate(FromHost record) {
    return record instanceof Release release
        ? release.records().stream().mapToLong(r -> r.bytes() + RECORD_BYTES).sum() + RECORD_BYTES
        : 0;
  }
}
