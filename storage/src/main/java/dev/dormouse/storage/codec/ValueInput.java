package dev.dormouse.storage.codec;

import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.KryoBufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A Kryo input that trusts no length: it checks that a length fits into the bytes that are left
 * before it allocates anything. It reads the form that {@link ValueOutput} writes, and never
 * changes the bytes that it reads.
 */
final class ValueInput extends Input {

  /** Returns the number of bytes that are left. */
  int remaining() {
    return limit - position;
  }

  /**
   * Reads a count of items that take at least one byte each.
   *
   * @throws KryoException if the count is greater than the number of bytes that are left
   */
  int readCount() {
    return checked(readVarInt(true), 1);
  }

  @Override
  protected int require(int required) {
    if (required > limit - position) {
      throw new KryoBufferUnderflowException("the bytes end too early");
    }
    return limit - position;
  }

  @Override
  public @Nullable String readString() {
    int head = readVarInt(true);
    if (head == 0) {
      return null;
    }
    int length = checked((head - 1) >>> 1, 1);
    String text =
        (head & 1) == 1
            ? new String(buffer, position, length, StandardCharsets.UTF_8)
            : ByteBuffer.wrap(buffer, position, length).asCharBuffer().toString();
    position += length;
    return text;
  }

  @Override
  public byte[] readBytes(int length) {
    return super.readBytes(checked(length, 1));
  }

  @Override
  public int[] readInts(int length) {
    return super.readInts(checked(length, Integer.BYTES));
  }

  @Override
  public int[] readInts(int length, boolean optimizePositive) {
    return super.readInts(checked(length, 1), optimizePositive);
  }

  @Override
  public long[] readLongs(int length) {
    return super.readLongs(checked(length, Long.BYTES));
  }

  @Override
  public long[] readLongs(int length, boolean optimizePositive) {
    return super.readLongs(checked(length, 1), optimizePositive);
  }

  @Override
  public double[] readDoubles(int length) {
    return super.readDoubles(checked(length, Double.BYTES));
  }

  private int checked(int count, int bytesEach) {
    if (count < 0 || count > remaining() / bytesEach) {
      throw new KryoException("a length of " + count + " where " + remaining() + " bytes are left");
    }
    return count;
  }
}
