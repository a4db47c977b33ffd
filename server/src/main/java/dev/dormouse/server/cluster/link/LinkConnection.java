package dev.dormouse.server.cluster.link;

import dev.dormouse.server.cluster.link.FrameSplitter.Frame;
import dev.dormouse.server.cluster.link.FrameSplitter.MalformedException;
import dev.dormouse.server.cluster.link.Greeting.BadGreetingException;
import dev.dormouse.server.cluster.link.Greeting.Role;
import dev.dormouse.server.cluster.link.LinkException.Reason;
import dev.dormouse.server.cluster.link.LinkReceiver.Peer;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One connection between two nodes, from its first byte to its last.
 *
 * <pre>
 *   GREETING ──► OPEN ──► CLOSED
 *       └────────────────────▲
 * </pre>
 *
 * <p>The event loop of the {@link NodeLinks} calls every method but {@link #call}, {@link #message}
 * and {@link #disconnect}, which any thread may call.
 */
final class LinkConnection {
  /** The limit of a frame before the greeting has ended. */
  static final int GREETING_BYTES_MAX = 1_024;

  private static final int BATCH_BYTES = 256 << 10;
  private static final int SOCKET_QUEUE_BYTES = 1 << 20;
  private static final byte[] NOTHING = new byte[0];

  /** The kinds of frames on the wire, which never change. */
  private static final int HELLO = 1;

  private static final int CHALLENGE = 2;
  private static final int PROOF = 3;
  private static final int PING = 4;
  private static final int CALL = 5;
  private static final int ANSWER = 6;
  private static final int NO_ANSWER = 7;
  private static final int MESSAGE = 8;

  /** The stage of a connection's life. */
  enum State {
    /** The nodes tell each other who they are. */
    GREETING,
    /** Frames travel. */
    OPEN,
    /** Nothing is sent or taken any more. */
    CLOSED;

    /** Returns whether this state may be followed by another. */
    boolean mayBecome(State next) {
      return next.compareTo(this) > 0;
    }
  }

  /** A call that waits for its answer. */
  private record Pending(CompletableFuture<byte[]> answer, long deadlineNs) {}

  private final NodeLinks links;
  private final NetSocket socket;
  private final long number;

  // Any thread uses the fields below.

  private final Queue<Frame> queue = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean isFlushing = new AtomicBoolean();

  /** The bytes that were handed over and not yet taken by the system. */
  private final AtomicLong waitingBytes = new AtomicLong();

  private final Map<Long, Pending> pending = new ConcurrentHashMap<>();
  private final AtomicLong calls = new AtomicLong();
  private volatile State state = State.GREETING;

  // Only the event loop uses the fields below.

  private final FrameSplitter splitter = new FrameSplitter();
  private final long beganNs;
  private long heardNs;
  private long pingedNs;

  /** True once the greeting has failed and was reported. */
  private boolean isRefused;

  private @Nullable Greeting own;
  private @Nullable Greeting others;

  /** The peer; null until the greeting has ended. Any thread reads it, for messages. */
  private volatile @Nullable Peer peer;

  /** The lane; null until it is known. */
  private @Nullable Lane lane;

  /** The peer that is dialled; null if the peer dialled. */
  private final @Nullable String dialled;

  /**
   * Begins the greeting on a socket.
   *
   * @param dialled the peer that this node has dialled; null if the peer has dialled
   * @param lane the lane if this node has dialled, or else null
   */
  LinkConnection(
      NodeLinks links,
      NetSocket socket,
      long number,
      @Nullable String dialled,
      @Nullable Lane lane) {
    this.links = links;
    this.socket = socket;
    this.number = number;
    this.dialled = dialled;
    this.lane = lane;
    this.beganNs = links.time().nowNs();
    this.heardNs = beganNs;
    this.pingedNs = beganNs;
    socket.setWriteQueueMaxSize(SOCKET_QUEUE_BYTES);
    socket.drainHandler(drained -> flush());
    socket.exceptionHandler(failure -> close(NodeLinks.reasonOf(failure)));
    socket.closeHandler(closed -> close("the other side closed the connection"));
    socket.handler(this::take);
    if (dialled != null && lane != null) {
      own = links.greeting(lane, dialled);
      enqueue(new Frame(HELLO, 0, own.encode()));
    }
  }

  State state() {
    return state;
  }

  /** Returns the peer; null until the greeting has ended. */
  @Nullable Peer peer() {
    return peer;
  }

  /** Returns the greeting of the other side; null until it has come. */
  @Nullable Greeting others() {
    return others;
  }

  /** Returns the lane; null until it is known. */
  @Nullable Lane lane() {
    return lane;
  }

  /** Returns the peer that this node has dialled; null if the peer has dialled. */
  @Nullable String dialled() {
    return dialled;
  }

  /** Returns the other side for a log line: the peer's name if it is known, and its address. */
  String name() {
    Peer known = peer;
    String address = String.valueOf(socket.remoteAddress());
    if (known != null) {
      return "node " + known.node() + " at " + address;
    }
    return dialled == null ? address : "node " + dialled + " at " + address;
  }

  // Sending.

  /** Asks the peer; see {@link NodeLinks#call}. */
  CompletionStage<byte[]> call(byte[] body, long limitNs) {
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    if (pending.size() >= links.limits().waitingCallsMax()) {
      links.countFull();
      answer.completeExceptionally(
          new LinkException(Reason.FULL, "too many calls wait for an answer of " + name()));
      return answer;
    }
    long id = calls.incrementAndGet();
    pending.put(id, new Pending(answer, links.time().nowNs() + limitNs));
    if (state != State.OPEN) {
      end(id, new LinkException(Reason.NO_LINK, "there is no connection to " + name()));
    } else if (!enqueue(new Frame(CALL, id, body))) {
      links.countFull();
      end(id, new LinkException(Reason.FULL, "too many bytes wait for " + name()));
    }
    return answer;
  }

  /** Sends a message; returns false if it was not sent because too many bytes wait. */
  boolean message(long id, byte[] body) {
    if (state == State.OPEN && enqueue(new Frame(MESSAGE, id, body))) {
      return true;
    }
    links.countFull();
    return false;
  }

  private void end(long id, LinkException why) {
    Pending call = pending.remove(id);
    if (call != null) {
      call.answer.completeExceptionally(why);
    }
  }

  private boolean enqueue(Frame frame) {
    long bytes = frame.bytes();
    if (waitingBytes.addAndGet(bytes) > links.limits().waitingBytesMax()) {
      waitingBytes.addAndGet(-bytes);
      return false;
    }
    queue.add(frame);
    if (isFlushing.compareAndSet(false, true)) {
      links.run(
          () -> {
            isFlushing.set(false);
            flush();
          });
    }
    return true;
  }

  /** Hands what waits to the socket, many frames in one buffer, until the socket is full. */
  private void flush() {
    while (state != State.CLOSED && !queue.isEmpty() && !socket.writeQueueFull()) {
      Buffer out = Buffer.buffer();
      Frame next;
      while (out.length() < BATCH_BYTES && (next = queue.poll()) != null) {
        next.appendTo(out);
      }
      int bytes = out.length();
      socket.write(out).onComplete(written -> waitingBytes.addAndGet(-bytes));
    }
  }

  // Receiving.

  private void take(Buffer bytes) {
    heardNs = links.time().nowNs();
    splitter.add(bytes);
    try {
      while (state != State.CLOSED) {
        int bytesMax = state == State.OPEN ? links.limits().frameBytesMax() : GREETING_BYTES_MAX;
        Frame frame = splitter.next(bytesMax);
        if (frame == null) {
          return;
        }
        handle(frame);
      }
    } catch (MalformedException e) {
      malformed(String.valueOf(e.getMessage()));
    } catch (BadGreetingException e) {
      refuse(e.why());
    } catch (RuntimeException e) {
      links.failed(this, e);
      close("this node could not handle what it sent: " + e);
    }
  }

  private void malformed(String why) {
    if (state == State.OPEN) {
      links.countMalformed();
      close("it sent bytes that are no frame: " + why);
    } else {
      refuse("it sent bytes that are no greeting: " + why);
    }
  }

  private void refuse(String why) {
    if (state == State.GREETING) {
      isRefused = true;
      links.refused(this, why);
      close("it was refused");
    }
  }

  private void handle(Frame frame) throws BadGreetingException, MalformedException {
    Peer known = peer;
    if (known == null || lane == null) {
      greet(frame);
      return;
    }
    LinkReceiver receiver = links.receiver(lane);
    switch (frame.kind()) {
      case PING -> {}
      case CALL -> receiver.called(known, frame.body(), new Reply(frame.id()));
      case MESSAGE -> receiver.message(known, frame.id(), frame.body());
      case ANSWER -> {
        Pending call = pending.remove(frame.id());
        if (call != null) { // else it came too late
          call.answer.complete(frame.body());
        }
      }
      case NO_ANSWER ->
          end(
              frame.id(),
              new LinkException(Reason.FAILED, new String(frame.body(), StandardCharsets.UTF_8)));
      default -> throw new MalformedException("there is no kind " + frame.kind());
    }
  }

  private void greet(Frame frame) throws BadGreetingException {
    ByteBuffer in = ByteBuffer.wrap(frame.body());
    Greeting mine = own;
    if (dialled == null && mine == null && frame.kind() == HELLO) {
      Greeting hello = Greeting.decode(in);
      links.check(hello, null, null);
      others = hello;
      mine = links.greeting(hello.lane(), hello.from());
      own = mine;
      byte[] greeting = mine.encode();
      byte[] proof = Greeting.proof(links.secret(), Role.LISTENER, hello, mine);
      enqueue(
          new Frame(
              CHALLENGE,
              0,
              ByteBuffer.allocate(greeting.length + proof.length)
                  .put(greeting)
                  .put(proof)
                  .array()));
    } else if (dialled == null && mine != null && others != null && frame.kind() == PROOF) {
      if (!Greeting.isSame(
          Greeting.proof(links.secret(), Role.DIALER, others, mine), frame.body())) {
        throw new BadGreetingException("it does not have this cluster's secret");
      }
      open(others);
    } else if (dialled != null && mine != null && frame.kind() == CHALLENGE) {
      Greeting answer = Greeting.decode(in);
      links.check(answer, dialled, lane);
      others = answer;
      byte[] proof = new byte[in.remaining()];
      in.get(proof);
      if (!Greeting.isSame(Greeting.proof(links.secret(), Role.LISTENER, mine, answer), proof)) {
        throw new BadGreetingException("it does not have this cluster's secret");
      }
      enqueue(new Frame(PROOF, 0, Greeting.proof(links.secret(), Role.DIALER, mine, answer)));
      open(answer);
    } else {
      throw new BadGreetingException("it does not greet");
    }
  }

  private void open(Greeting greeting) {
    Lane opened = greeting.lane();
    Peer who = new Peer(greeting.from(), greeting.run(), number);
    links.replace(who.node(), opened);
    lane = opened;
    peer = who;
    become(State.OPEN);
    links.opened(this, who, opened);
  }

  private void become(State next) {
    if (!state.mayBecome(next)) {
      throw new IllegalStateException("a connection cannot change: " + state + " to " + next);
    }
    state = next;
  }

  /** Answers one call. */
  private final class Reply implements LinkReceiver.Answer {
    private final long id;
    private final AtomicBoolean isSent = new AtomicBoolean();

    Reply(long id) {
      this.id = id;
    }

    @Override
    public void send(byte[] body) {
      give(ANSWER, body);
    }

    @Override
    public void fail(String why) {
      give(NO_ANSWER, why.getBytes(StandardCharsets.UTF_8));
    }

    private void give(int kind, byte[] body) {
      if (isSent.compareAndSet(false, true) && state == State.OPEN) {
        if (!enqueue(new Frame(kind, id, body))) {
          links.countFull();
          LinkConnection.this.disconnect("answers wait for it beyond the limit");
        }
      }
    }

    @Override
    public void disconnect(String why) {
      LinkConnection.this.disconnect(why);
    }
  }

  // Time and end.

  /** Ends the connection soon. Any thread may call this. */
  void disconnect(String why) {
    links.run(() -> close(why));
  }

  /**
   * Does what is due.
   *
   * @param nowNs the time
   * @param lateNs how much later than planned the event loop runs; what waits in the system's
   *     buffers could not be read in that time
   */
  void tick(long nowNs, long lateNs) {
    LinkOptions.Limits limits = links.limits();
    if (state == State.GREETING) {
      if (nowNs - beganNs > limits.greetingLimit().toNanos() + lateNs) {
        refuse("it did not greet within " + limits.greetingLimit().toMillis() + " ms");
      }
      return;
    }
    heardNs += lateNs;
    if (nowNs - heardNs > limits.dead().toNanos()) {
      links.countDead();
      close("it was silent for " + limits.dead().toMillis() + " ms");
      return;
    }
    if (nowNs - pingedNs >= limits.ping().toNanos()) {
      pingedNs = nowNs;
      boolean unused = enqueue(new Frame(PING, 0, NOTHING)); // if much waits, that is a sign, too
    }
    for (Map.Entry<Long, Pending> call : pending.entrySet()) {
      if (nowNs - call.getValue().deadlineNs > 0) {
        end(call.getKey(), new LinkException(Reason.LATE, name() + " did not answer in time"));
      }
    }
  }

  /** Closes the connection; nothing if it is closed. */
  void close(String why) {
    if (state == State.CLOSED) {
      return;
    }
    if (state == State.GREETING && !isRefused) {
      isRefused = true;
      links.refused(this, "the greeting did not end: " + why);
    }
    become(State.CLOSED);
    var unused = socket.close();
    queue.clear();
    for (Long id : pending.keySet()) {
      end(id, new LinkException(Reason.BROKEN, "the connection to " + name() + " ended: " + why));
    }
    links.closed(this, why);
  }
}
