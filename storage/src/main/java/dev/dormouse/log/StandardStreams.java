package dev.dormouse.log;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The standard streams of a process that a server owns. {@link #queue} puts a queue of 1 MiB in
 * front of each, so that code that prints, such as the application's own logger, never waits for a
 * reader of the stream. Prints that do not fit are lost, and a line on the stream tells how many as
 * soon as somebody reads again.
 *
 * <p>Any thread may call every method.
 */
public final class StandardStreams {
  private static final long BYTES_MAX = 1L << 20;
  private static final List<LossyQueue<byte[]>> queues = new CopyOnWriteArrayList<>();

  private StandardStreams() {}

  /** Puts the queues in front of {@code System.out} and {@code System.err}. Idempotent. */
  public static synchronized void queue() {
    if (queues.isEmpty()) {
      System.setOut(queued(FileDescriptor.out, "stdout"));
      System.setErr(queued(FileDescriptor.err, "stderr"));
    }
  }

  private static PrintStream queued(FileDescriptor descriptor, String name) {
    FileOutputStream stream = new FileOutputStream(descriptor);
    LossyQueue<byte[]> queue =
        new LossyQueue<>(
            "dormouse-" + name, BYTES_MAX, stream::write, lost -> report(stream, lost));
    queue.prepare();
    queues.add(queue);
    return new PrintStream(new QueuedStream(queue), true, charsetOf(name));
  }

  private static void report(OutputStream stream, long lost) throws IOException {
    String line = "dormouse: " + lost + " prints were lost while nobody read this stream";
    stream.write((line + System.lineSeparator()).getBytes(StandardCharsets.US_ASCII));
  }

  private static Charset charsetOf(String name) {
    for (String property : List.of(name + ".encoding", "sun." + name + ".encoding")) {
      String charset = System.getProperty(property);
      if (charset != null && Charset.isSupported(charset)) {
        return Charset.forName(charset);
      }
    }
    return Charset.forName(System.getProperty("native.encoding", "UTF-8"));
  }

  /** Returns the number of prints that were lost so far. */
  static long lost() {
    return queues.stream().mapToLong(LossyQueue::lost).sum();
  }

  /**
   * Waits until everything that was printed is written, but no longer than the limit for each
   * stream.
   *
   * @return whether everything is written
   */
  static boolean flush(Duration limit) {
    boolean isWritten = true;
    for (LossyQueue<byte[]> queue : queues) {
      isWritten &= queue.flush(limit);
    }
    return isWritten;
  }

  /** The stream in front of a queue, which makes a piece of each write. */
  private static final class QueuedStream extends OutputStream {
    private static final int PIECE_BYTES = 64; // the memory of a piece besides its bytes

    private final LossyQueue<byte[]> queue;

    QueuedStream(LossyQueue<byte[]> queue) {
      this.queue = queue;
    }

    @Override
    public void write(int oneByte) {
      write(new byte[] {(byte) oneByte}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      if (length > 0) {
        queue.put(Arrays.copyOfRange(bytes, from, from + length), length + PIECE_BYTES);
      }
    }
  }
}
