package dev.dormouse.server.gateway.socket;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.limits.Admission;
import dev.dormouse.server.gateway.limits.ClientMemory;
import dev.dormouse.server.gateway.limits.Progress;
import dev.dormouse.server.gateway.limits.Tally;
import dev.dormouse.server.gateway.wire.CloseCodes;
import dev.dormouse.server.gateway.wire.DeflateTerms;
import dev.dormouse.server.gateway.wire.FrameDecoder;
import dev.dormouse.server.gateway.wire.SocketDeflate;
import dev.dormouse.server.gateway.wire.ViolationException;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.DormouseObserver.FrameError;
import dev.dormouse.server.observe.LogLabels;
import dev.dormouse.server.protocol.HeapCost;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToHost;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * One client's socket, from the actor's acceptance to the end of the TCP connection. It is the
 * Netty handler behind the {@link FrameDecoder}.
 *
 * <p><b>How a message travels.</b> The decoder hands the socket whole frames. {@link
 * InboundMessages} puts the frames of a message together, answers the message itself if it is one
 * of the actor's automatic requests, and otherwise gives it a number and sends it to the host. The
 * host confirms each number when the message is handled. What the actor says comes back as a
 * release: {@code Releases} finds the sockets that it is for, {@link LoopQueues} carries one task
 * to each event loop, and the task calls {@link #send} and, at the end, {@link #flush}. {@link
 * SocketWriter} then writes to the network, or keeps the message while the client does not read.
 *
 * <p><b>Life.</b> {@link SocketState} is the life of a socket, and {@link #go} is the only method
 * that changes it. An illegal change throws. {@link Closing} knows how the connection ends. The
 * host hears {@link ToHost.Closed} exactly once, after it has handled every message that came
 * before. An actor that closes a connection wants none of those messages, so the host hears of that
 * end at once. When the TCP connection is gone, too, the socket is forgotten.
 *
 * <p><b>Before the 101.</b> An actor may send to a connection as soon as it has accepted it. Steps
 * that come before the 101 is written wait in the socket, in order.
 *
 * <p><b>A slow actor.</b> The socket stops reading from the network while {@link
 * InboundMessages#isFull} says so. Until then it answers pings and closes although the actor is
 * behind. Pings and closes that come later wait like the messages before them.
 *
 * <p><b>A silent client.</b> While the socket is open, a {@link LivenessWheel} pings a client from
 * which nothing comes, and gives it up when it does not answer. {@link HalfInput} gives up a client
 * that leaves a frame or a message half sent. The host hears only of the end.
 *
 * <p><b>Memory.</b> An idle socket has only the fields below, and no timer. Whatever belongs to a
 * message on its way, to unhandled messages or to the end is made when it is needed, and dropped
 * with it.
 *
 * <p>Only the socket's event loop may call a method that does not say otherwise.
 */
public final class ClientSocket extends LivenessWheel.Peer {
  /** The {@link #place} of a socket that is in no group. */
  static final int NO_PLACE = -1;

  /**
   * How many frames that cost their sender nothing a client may send at once: control frames, and
   * messages that are answered automatically. No actor's credit bounds them, so after so many of
   * them the event loop turns to others, and this client is not read for {@link #REST_MS}.
   */
  static final int LIGHT_FRAMES_MAX = 256;

  /** A stop that has less time than this for answers closes at once. */
  private static final long ANSWERS_MS_MIN = 50;

  /** How long a client is not read that has sent too many such frames at once. */
  static final long REST_MS = 10;

  private static final Logger log = Log.of(ClientSocket.class);

  /** Something to do to a socket, on its event loop. */
  public interface Step {
    void apply(ClientSocket socket);
  }

  private final SocketParts parts;
  private final ActorId actor;
  private final ConnectionId id;
  private final EventLoop loop;
  private final InboundMessages inbound;

  /** The decoder that stands before the socket in the pipeline. */
  public final FrameDecoder frames;

  /**
   * The socket's place among its actor's sockets. Guarded by the group in {@link ConnectionGroups}.
   */
  int place = NO_PLACE;

  /** The connection's tags. The threads that bring the actor's releases change them, in turn. */
  private volatile List<String> tags;

  private SocketState state = SocketState.UPGRADING;

  /** Whether a read from the network is being handled, after which comes a flush. */
  private boolean isReading;

  /** Whether the client is not read for a moment, having sent {@link #LIGHT_FRAMES_MAX} at once. */
  private boolean isResting;

  /** How many frames of this read the socket answered itself, or nobody wanted. */
  private short lightFrames;

  /** The seat that the socket was admitted to; null once the socket is forgotten. */
  private Admission.@Nullable Place seat;

  /** The steps that came before the 101 was out; null if there were none, and afterwards. */
  private @Nullable Early early;

  /** Writes to the client; null until the socket is in the pipeline. */
  private @Nullable SocketWriter writer;

  /** Watches input that is half there; null while none is. */
  private @Nullable HalfInput half;

  /** What is known of the end; null until the end begins. */
  private @Nullable Closing closing;

  /**
   * The steps that came before the 101 was out, in order. Only the socket's event loop uses them.
   */
  private static final class Early extends ClientMemory.Holder {
    private final List<Step> steps = new ArrayList<>(2);

    /** Whether a step was left out, for which the socket is to be closed. */
    private boolean isOver;

    Early(ClientMemory memory, ClientMemory.@Nullable Address address) {
      super(memory, ClientMemory.Held.WAITING, address);
    }
  }

  public ClientSocket(
      SocketParts parts,
      ActorOptions options,
      ActorId actor,
      ConnectionId id,
      EventLoop loop,
      @Nullable DeflateTerms terms,
      List<String> tags,
      Admission.Place seat) {
    this.parts = parts;
    this.actor = actor;
    this.id = id;
    this.loop = loop;
    this.tags = tags;
    this.seat = seat;
    SocketDeflate deflate =
        terms == null ? null : new SocketDeflate(terms, parts.tally().counters().deflateContexts);
    this.inbound = new InboundMessages(parts, actor, id, options, deflate);
    this.frames = new FrameDecoder(inbound.frameBytesMax(), deflate != null, this::isRead);
  }

  /** Returns what all sockets share. Any thread. */
  SocketParts parts() {
    return parts;
  }

  /** Returns the limits and what was used of them. Any thread. */
  Tally tally() {
    return parts.tally();
  }

  ActorOptions options() {
    return inbound.options();
  }

  public ActorId actor() {
    return actor;
  }

  public ConnectionId id() {
    return id;
  }

  /**
   * Takes over the count of its TCP connection when the socket is in the pipeline. Called on its
   * event loop, before it is opened.
   *
   * @param tcp where its TCP connection was counted until now; null if nowhere
   * @return false if it was forgotten already, and counts no more
   */
  public boolean takes(Admission.@Nullable Place tcp) {
    if (seat != null) {
      seat.takes(tcp);
    }
    return seat != null;
  }

  /**
   * Returns the address at which the socket's memory is counted; null once the socket is forgotten.
   */
  ClientMemory.@Nullable Address address() {
    return seat;
  }

  /** Returns where the socket's life stands. */
  public SocketState state() {
    return state;
  }

  /** Returns the event loop that the socket belongs to. Any thread. */
  public EventLoop loop() {
    return loop;
  }

  /** Sets the connection's tags. Only the thread that brings the actor's releases may call it. */
  public void retag(List<String> tags) {
    this.tags = tags;
  }

  /**
   * Returns whether the connection has all of these tags. Only the thread that brings the releases.
   */
  public boolean hasTags(List<String> wanted) {
    return wanted.isEmpty() || tags.containsAll(wanted);
  }

  private void go(SocketState next) {
    state = state.to(next);
  }

  // ---- the beginning

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    writer = new SocketWriter(context, this, inbound.deflate());
  }

  /** Opens the socket, because the 101 is written. What the host said meanwhile goes out now. */
  public void opened() {
    if (state != SocketState.UPGRADING) {
      endTcp();
      return;
    }
    go(SocketState.OPEN);
    inbound.opened();
    parts.heartbeats().join(this, loop);
    applyEarly();
    flush();
  }

  /**
   * Ends a socket whose client was gone before the 101, or whose channel could not be taken over.
   */
  public void neverOpened() {
    if (state == SocketState.UPGRADING) {
      gone();
      applyEarly(); // each step says that it is in vain
    }
  }

  private void applyEarly() {
    Early said = early;
    early = null;
    if (said != null) {
      said.letGo();
      said.steps.forEach(step -> step.apply(this));
    }
  }

  /**
   * Whether the 101 is not out yet; then it is done afterwards.
   *
   * @param bytes what it keeps in memory until then; if that is too much, it is left out, and the
   *     socket is closed once it is open
   * @param instead told if it is left out
   */
  private boolean isTooEarly(Step step, long bytes, Runnable instead) {
    if (state != SocketState.UPGRADING) {
      return false;
    }
    Early said = early;
    if (said == null) {
      said = new Early(parts.tally().memory(), seat);
      early = said;
    }
    if (bytes > 0 && (said.isOver || said.isTooMuchWith(bytes))) {
      if (!said.isOver) {
        said.isOver = true;
        hitClientMemory();
        said.steps.add(socket -> socket.close(Closing.TOO_SLOW));
      }
      instead.run();
    } else {
      said.hold(bytes);
      said.steps.add(step);
    }
    return true;
  }

  // ---- from the client

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    isReading = true;
    try {
      if (message instanceof WebSocketFrame frame) {
        receive(frame);
      }
    } catch (ViolationException violation) {
      violated(violation.code(), String.valueOf(violation.getMessage()));
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void receive(WebSocketFrame frame) {
    inbound.checkReservedBits(frame);
    if (state == SocketState.OPEN && !InboundMessages.isControl(frame)) {
      Payload reply = inbound.add(frame, seat);
      if (reply != null) {
        light();
        send(reply, null, null, SocketParts.AUTOMATIC);
      }
      read();
      return;
    }
    light();
    inbound.came(frame);
    if (frame instanceof CloseWebSocketFrame close) {
      clientCloses(close);
    } else if (frame instanceof PingWebSocketFrame && writer != null && state == SocketState.OPEN) {
      writer.pong(ByteBufUtil.getBytes(frame.content()));
    }
  }

  private void light() {
    lightFrames++;
    if (lightFrames >= LIGHT_FRAMES_MAX && !isResting) {
      isResting = true;
      read();
      var unused = loop.schedule(this::goOn, REST_MS, TimeUnit.MILLISECONDS);
    }
  }

  private void goOn() {
    isResting = false;
    read();
  }

  /** Reads from the network, or stops reading. Once the end has begun, it always reads. */
  private void read() {
    if (writer == null || !writer.read(isRead())) {
      return;
    }
    heard(); // what it sent meanwhile is yet to come
    loop.execute(frames::resume);
    if (half != null) {
      half.restart();
    }
  }

  @Override
  boolean isRead() {
    return !isResting && (state != SocketState.OPEN || !inbound.isFull());
  }

  @Override
  void ping() {
    if (writer != null) {
      writer.ping();
    }
  }

  /**
   * The TCP connection is closed at once: nobody is there to answer a close frame. Unless the
   * client is still busy with what was sent before the ping.
   */
  @Override
  void giveUp() {
    if (writer != null && writer.isTaking()) {
      parts.heartbeats().join(this, loop);
      return;
    }
    parts.tally().hit(parts.tally().counters().silentDropped, "silence", "close 1006", actor, id);
    lost(Cause.CLIENT_SILENT, null);
    endTcp();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    isReading = false;
    lightFrames = 0;
    heard();
    if (state == SocketState.OPEN && inbound.isTooMuchWith(frames.heldBytes(), seat)) {
      violated(CloseCodes.TRY_AGAIN_LATER, InboundMessages.TOO_MUCH);
    }
    read();
    flush();
    if (half == null && state == SocketState.OPEN && (frames.isWithin() || inbound.isWithin())) {
      half = new HalfInput(parts, loop, frames, inbound, this::halfElapsed);
    }
    if (half != null) {
      half.look();
    }
  }

  /**
   * Closes the socket for the memory of input that is half there, unless that went on meanwhile.
   */
  void revoked(ClientMemory.Revocable half) {
    if (half.isRevoked() && state == SocketState.OPEN) {
      hitClientMemory();
      violated(CloseCodes.TRY_AGAIN_LATER, InboundMessages.TOO_MUCH);
      flush();
    }
  }

  /** Records that the client is closed because of the memory that clients hold. */
  void hitClientMemory() {
    parts
        .tally()
        .hit(parts.tally().counters().overloadClosed, "client-memory", "close 1013", actor, id);
  }

  private void halfElapsed(@Nullable String late) {
    half = null;
    if (late != null) {
      parts.tally().hit("unfinished-input", "close 1008", actor, id);
      violated(CloseCodes.POLICY, late);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (writer != null) {
      writer.writabilityChanged();
    }
  }

  /** Drops events of the HTTP server, whose shutdown closes the channel itself. */
  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ChannelInputShutdownEvent && writer != null) {
      inputEnded(writer);
    }
    ReferenceCountUtil.release(event);
  }

  /**
   * The client has ended its half of the TCP connection. It may still read: what it is owed leaves
   * before the other half ends, too.
   */
  private void inputEnded(SocketWriter writer) {
    if (state == SocketState.OPEN) {
      beginToAnswer(lost(Cause.CONNECTION_LOST, null));
    } else if (state == SocketState.CLOSING && closing != null && writer.waitingBytes() > 0) {
      closing.unanswered();
      drain(writer, closing);
    } else if (state == SocketState.UPGRADING
        || (state != SocketState.ANSWERING && writer.isEnded())) {
      endTcp();
    }
  }

  // ---- from the host

  /**
   * Sends a message, as {@link SocketWriter#message} says, or drops it if the socket is not open.
   */
  public void send(Payload message, @Nullable ByteBuf shared, @Nullable String key, long report) {
    if (isTooEarly(
        socket -> socket.send(message, null, key, report),
        HeapCost.ofBytes(message.size()) + WaitingMessages.OVERHEAD_BYTES,
        () -> parts.lost(actor, id, report))) {
      return;
    }
    if (writer == null || !isSpeaking()) {
      parts.lost(actor, id, report);
    } else if (!writer.message(message, shared, key, report)) {
      close(Closing.TOO_SLOW);
      parts.lost(actor, id, report);
    }
  }

  private boolean isSpeaking() {
    return state == SocketState.OPEN || state == SocketState.ANSWERING;
  }

  /** Writes out what was written since the last flush. During a read, that waits for its end. */
  void flush() {
    if (writer != null && !isReading) {
      writer.turnEnds();
    }
  }

  /** Forgets a message that the host handled, and those before it. */
  public void handled(long sequence) {
    inbound.handled(sequence);
    read();
    answered();
    report();
  }

  /** Keeps a message that the host did not take, and those after it. */
  public void withheld(long sequence) {
    inbound.withheld(sequence);
  }

  /** Sends a message again that the host wants now, and those after it. */
  public void resumed(long sequence) {
    inbound.resumed(sequence);
  }

  public long waitingBytes() {
    return writer == null ? 0 : writer.waitingBytes();
  }

  // ---- the end

  /** Closes the connection for the actor or the gateway. The first to close says how it ended. */
  public void close(CloseReason reason) {
    if (isTooEarly(socket -> socket.close(reason), 0, () -> {})) {
      return;
    }
    if (reason.cause() == Cause.ACTOR) {
      inbound.forget();
      answered();
    }
    if (writer != null && state == SocketState.OPEN) {
      Closing begun = end(Closing.begun(reason), SocketState.CLOSING);
      writer.close(reason.code(), reason.reason());
      endTcpAfter(parts.tally().options().close(), writer, begun);
    } else if (reason.cause() == Cause.VIOLATION) {
      echo();
    }
    report();
  }

  /**
   * The gateway shuts down: closes, once the messages that came before are answered, or after a
   * while.
   */
  void leave(CloseReason reason, Duration atMost) {
    boolean isTimeForAnswers = atMost.toMillis() >= ANSWERS_MS_MIN;
    if (isTimeForAnswers && state == SocketState.OPEN && inbound.onHandled(() -> close(reason))) {
      var unused = loop.schedule(() -> close(reason), atMost.toNanos(), TimeUnit.NANOSECONDS);
    } else {
      close(reason);
    }
  }

  private void clientCloses(CloseWebSocketFrame frame) {
    if (writer == null) {
      return;
    }
    if (state == SocketState.OPEN) {
      Closing begun = Closing.certain(Closing.reasonOf(frame), null);
      go(SocketState.ANSWERING);
      closing = begin(begun);
      endInput();
      read();
      if (inbound.isHandled()) {
        echo();
      } else {
        long waitNs = parts.tally().options().drain().toNanos();
        begun.waitFor(loop.schedule(this::echo, waitNs, TimeUnit.NANOSECONDS));
      }
    } else if (state == SocketState.CLOSING && closing != null) {
      closing.answered(Closing.reasonOf(frame));
      drain(writer, closing);
    }
  }

  /** Ends a socket whose client says no more: what it is owed is sent for a while, then the end. */
  private void beginToAnswer(Closing begun) {
    go(SocketState.ANSWERING);
    endInput();
    read();
    if (inbound.isHandled()) {
      echo();
    } else {
      long waitNs = parts.tally().options().drain().toNanos();
      begun.waitFor(loop.schedule(this::echo, waitNs, TimeUnit.NANOSECONDS));
    }
  }

  /** Answers the client's close if all that the client sent before is answered. */
  private void answered() {
    if (state == SocketState.ANSWERING && inbound.isHandled()) {
      echo();
    }
  }

  /** Answers the client's close, if that is still to be done. */
  private void echo() {
    if (state == SocketState.ANSWERING && writer != null && closing != null) {
      go(SocketState.DRAINING);
      parts.groups().leave(this);
      if (closing.begun().code() == CloseReason.ABNORMAL) {
        writer.finish();
      } else {
        writer.lastClose(closing.begun().code(), "");
      }
      endTcpAfter(parts.tally().options().drain(), writer, closing);
      report();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (cause instanceof CorruptedWebSocketFrameException violation) {
      violated(violation.closeStatus().code(), String.valueOf(violation.getMessage()));
    } else if (!(cause instanceof ClosedChannelException)) {
      // Otherwise what was waiting to be written is dropped with the channel, which says so itself.
      if (!(cause instanceof IOException)) {
        logFailure(cause);
      }
      lost(Cause.CONNECTION_LOST, Closing.wordsOf(cause));
      endTcp();
    }
  }

  private Closing lost(Cause cause, @Nullable String failure) {
    closing = closing == null ? begin(Closing.lost(cause, failure)) : closing;
    return closing;
  }

  /** Logs a failure of the server's own, which is not the network's. Any thread. */
  void logFailure(Throwable cause) {
    LogLabels.with(
        actor, id, () -> log.error("socket of connection {} of actor {} failed", id, actor, cause));
  }

  /** Tells observers why the end begins, if the client failed or broke a limit. */
  private Closing begin(Closing begun) {
    String failure = begun.failure();
    if (failure != null && parts.tally().observers().isAny()) {
      parts
          .tally()
          .observers()
          .tell(DormouseObserver::frameError, new FrameError(id, actor, failure));
    }
    if (failure != null && begun.begun().code() == CloseCodes.TOO_BIG) {
      parts
          .tally()
          .hit(parts.tally().counters().oversizeClosed, "message-bytes", "close 1009", actor, id);
    } else if (ViolationException.SHORT_FRAGMENTS.equals(failure)) {
      parts.tally().hit("fragments", "close 1008", actor, id);
    }
    return begun;
  }

  /** Closes the socket of a client that broke the protocol or a limit. */
  private void violated(int code, String words) {
    if (writer == null) {
      return;
    }
    if (state == SocketState.OPEN) {
      Closing broken = end(Closing.violated(code, words), SocketState.DRAINING);
      writer.lastClose(code, broken.begun().reason());
      endTcpAfter(parts.tally().options().drain(), writer, broken);
      report();
    } else if (state == SocketState.CLOSING && closing != null) {
      closing.unanswered();
      drain(writer, closing);
    }
  }

  /** Begins the end: no more messages go either way. */
  private Closing end(Closing begun, SocketState next) {
    go(next);
    closing = begin(begun);
    endInput();
    parts.groups().leave(this);
    read();
    return begun;
  }

  private void drain(SocketWriter writer, Closing ending) {
    go(SocketState.DRAINING);
    writer.finish();
    endTcpAfter(parts.tally().options().drain(), writer, ending);
    report();
  }

  /** Ends the TCP connection after a while, or later while the client goes on taking what waits. */
  private void endTcpAfter(Duration wait, SocketWriter writer, Closing ending) {
    Progress before = new Progress(parts.tally().time().nowNs(), writer.takenBytes());
    Duration limit =
        writer.waitingBytes() > 0 && wait.compareTo(parts.tally().options().close()) < 0
            ? parts.tally().options().close()
            : wait;
    Runnable elapsed =
        () -> {
          boolean goesOn = before.goesOn(parts.tally().time().nowNs(), writer.takenBytes());
          if (goesOn && ending.isPatient()) {
            endTcpAfter(wait, writer, ending);
          } else {
            endTcp();
          }
        };
    ending.waitFor(loop.schedule(elapsed, limit.toNanos(), TimeUnit.NANOSECONDS));
  }

  private void endTcp() {
    if (writer != null) {
      writer.abandon();
    }
  }

  /** Ends the socket now, whatever the client or the host still owe. */
  void abandon() {
    inbound.forget();
    neverOpened();
    report();
    endTcp();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (state != SocketState.GONE) {
      gone();
    }
    context.fireChannelInactive();
  }

  private void gone() {
    go(SocketState.GONE);
    Closing ended = lost(Cause.CONNECTION_LOST, null);
    ended.stopWaiting();
    CloseReason outcome = ended.unanswered();
    endInput();
    if (writer != null) {
      writer.release();
      inbound.gone(outcome, writer.bytesOut());
    }
    parts.groups().leave(this);
    report();
  }

  private void endInput() {
    inbound.end(seat);
    parts.heartbeats().leave(this, loop);
    if (half != null) {
      half.stop();
      half = null;
    }
  }

  /** Tells the host, once, when all that came before is handled; then, when gone, is forgotten. */
  private void report() {
    CloseReason outcome = closing == null ? null : closing.outcome();
    if (closing == null || outcome == null || !inbound.isHandled()) {
      return;
    }
    if (closing.report()) {
      if (closing.failure() != null) {
        parts.transport().toHost(new ToHost.Failed(actor, id, closing.failure()));
      }
      parts.transport().toHost(new ToHost.Closed(actor, id, outcome));
    }
    if (state == SocketState.GONE) {
      if (seat != null && writer == null) {
        seat.free();
      } else if (seat != null) {
        seat.leave();
      }
      seat = null;
      parts.groups().remove(this);
    }
  }
}
