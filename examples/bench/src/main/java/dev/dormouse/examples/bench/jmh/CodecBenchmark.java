package dev.dormouse.examples.bench.jmh;

import dev.dormouse.storage.codec.Codecs;
import dev.dormouse.storage.codec.ValueCodec;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Measures how an attachment is written to bytes and read back. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CodecBenchmark {
  private static final int BYTES_MAX = 16 << 10;

  /** An attachment as a chat room may have for a member. */
  public record Member(String name, int said, boolean isAway, List<String> seen) {}

  private final ValueCodec codec = Codecs.kryo(List.of(Member.class));
  private final Member member = new Member("ada", 17, false, List.of("one", "two", "three"));
  private final byte[] stored = codec.encode(member, BYTES_MAX);

  /** Writes an attachment. */
  @Benchmark
  public byte[] encode() {
    return codec.encode(member, BYTES_MAX);
  }

  /** Reads an attachment. */
  @Benchmark
  public Object decode() {
    return codec.decode(stored);
  }
}
