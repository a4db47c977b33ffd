package dev.dormouse.examples;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.function.Predicate;

/**
 * A crowd of clients that read everything, in one thread. They answer pings and closes, and record
 * what came. The texts of a broadcast are numbered, see {@link #number}.
 */
final class Crowd implements AutoCloseable {
  private static final int UPGRADES_AT_ONCE = 64;

  private final Selector selector;
  private final Semaphore upgrading = new Semaphore(UPGRADES_AT_ONCE);
  private final ConcurrentLinkedQueue<Member> joining = new ConcurrentLinkedQueue<>();
  private final List<Member> members = new ArrayList<>();
  private final ByteBuffer bytes = ByteBuffer.allocateDirect(1 << 16);
  private final Object lock = new Object();
  private volatile boolean isOver;

  private Crowd() throws IOException {
    selector = Selector.open();
    Thread thread = new Thread(this::read, "crowd");
    thread.setDaemon(true);
    thread.start();
  }

  /** Connects this number of clients, each to its own path, and returns when all are connected. */
  static Crowd connect(int port, int number, IntFunction<String> path) throws Exception {
    Crowd crowd = new Crowd();
    for (int i = 0; i < number; i++) {
      if (!crowd.upgrading.tryAcquire(Child.LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("client " + i + " waits for the upgrades before it");
      }
      SocketChannel channel =
          SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.write(
          ByteBuffer.wrap(RawClient.upgrade(path.apply(i)).getBytes(StandardCharsets.US_ASCII)));
      channel.configureBlocking(false);
      Member member = new Member(channel);
      crowd.members.add(member);
      crowd.joining.add(member);
      crowd.selector.wakeup();
    }
    crowd.await("upgraded", member -> member.status == 101);
    return crowd;
  }

  /** Returns the text of the broadcast with this number. */
  static String number(int number) {
    return "%08d".formatted(number);
  }

  /** Waits until all clients are as wanted. */
  void await(String what, Predicate<Member> wanted) throws InterruptedException {
    long deadlineNs = System.nanoTime() + Child.LIMIT.toNanos();
    synchronized (lock) {
      while (!members.stream().allMatch(wanted)) {
        long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime());
        if (leftMs <= 0) {
          long number = members.stream().filter(wanted).count();
          throw new AssertionError(
              "%d of %d clients are %s".formatted(number, members.size(), what));
        }
        lock.wait(leftMs);
      }
    }
  }

  List<Member> members() {
    return members;
  }

  private void read() {
    try {
      while (!isOver) {
        selector.select();
        for (Member member = joining.poll(); member != null; member = joining.poll()) {
          member.channel.register(selector, SelectionKey.OP_READ, member);
        }
        synchronized (lock) {
          selector.selectedKeys().forEach(this::read);
          selector.selectedKeys().clear();
          lock.notifyAll();
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void read(SelectionKey key) {
    Member member = (Member) key.attachment();
    int statusBefore = member.status;
    try {
      bytes.clear();
      if (member.channel.read(bytes) < 0) {
        member.isGone = true;
        key.cancel();
        member.channel.close();
      } else {
        member.take(bytes.flip());
      }
    } catch (IOException reset) {
      member.isGone = true;
      key.cancel();
    }
    if (statusBefore == 0 && member.status != 0) {
      upgrading.release();
    }
  }

  @Override
  public void close() throws IOException {
    isOver = true;
    selector.wakeup();
    for (Member member : members) {
      member.channel.close();
    }
  }

  /**
   * One client of the crowd. Its findings are guarded by the crowd's lock while they are awaited.
   */
  static final class Member {
    private static final int KEPT = 8;

    private final SocketChannel channel;
    private final StringBuilder head = new StringBuilder();
    private final ByteBuffer frame = ByteBuffer.allocate(10 + KEPT);
    private long skip;

    /** The status of the answer to the upgrade; zero before the answer. */
    int status;

    /** The number of numbered texts that came in order from zero. */
    int numbered;

    /** The first text that came out of order or was not expected; null if there is none. */
    String wrong;

    /** The code of the close frame; zero before the frame. */
    int closeCode;

    long closedNs;

    /** Is true once the TCP connection has ended. */
    boolean isGone;

    private Member(SocketChannel channel) {
      this.channel = channel;
    }

    private void take(ByteBuffer bytes) throws IOException {
      while (status == 0 && bytes.hasRemaining()) {
        head.append((char) bytes.get());
        if (head.length() >= 4 && head.indexOf("\r\n\r\n", head.length() - 4) >= 0) {
          status = Integer.parseInt(head.substring(9, 12));
        }
      }
      while (bytes.hasRemaining()) {
        int skipped = (int) Math.min(skip, bytes.remaining());
        bytes.position(bytes.position() + skipped);
        skip -= skipped;
        if (skip == 0 && bytes.hasRemaining()) {
          frame.put(bytes.get());
          takeFrame();
        }
      }
    }

    /** Checks whether the head and the beginning of a frame are there; the rest is skipped. */
    private void takeFrame() throws IOException {
      int size = frame.position();
      if (size < 2) {
        return;
      }
      int length7 = frame.get(1) & 0x7F;
      int headBytes = length7 == 127 ? 10 : length7 == 126 ? 4 : 2;
      if (size < headBytes) {
        return;
      }
      long length =
          length7 == 127 ? frame.getLong(2) : length7 == 126 ? frame.getShort(2) & 0xFFFF : length7;
      int kept = (int) Math.min(KEPT, length);
      if (size == headBytes + kept) {
        skip = length - kept;
        takeFrame(frame.get(0) & 0xF, frame.array(), headBytes, kept);
        frame.clear();
      }
    }

    private void takeFrame(int opcode, byte[] bytes, int from, int length) throws IOException {
      if (opcode == Frames.CLOSE) {
        closeCode = length < 2 ? 1005 : ByteBuffer.wrap(bytes).getShort(from) & 0xFFFF;
        closedNs = System.nanoTime();
        int answer = closeCode == 1005 ? 1000 : closeCode; // RFC 6455, section 5.5.1: its echo
        channel.write(ByteBuffer.wrap(Frames.close(answer)));
        return;
      }
      if (opcode == Frames.PING) {
        channel.write(ByteBuffer.wrap(Frames.of(Frames.FINAL | Frames.PONG, new byte[0])));
        return;
      }
      String text = new String(bytes, from, length, StandardCharsets.US_ASCII);
      if (opcode == Frames.TEXT && text.equals(number(numbered))) {
        numbered++;
      } else if (wrong == null) {
        wrong = "opcode " + opcode + ", '" + text + "' after " + numbered;
      }
    }
  }
}
