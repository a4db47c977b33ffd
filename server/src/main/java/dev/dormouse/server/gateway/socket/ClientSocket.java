package dev.dormouse.server.gateway.socket;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.limits.Admission;
import dev.dormouse.server.gateway.limits.ClientMemory;
import dev.dormouse.server.gateway.limits.ClientMemory.Held;
import dev.dormouse.server.gateway.limits.HandledKinds;
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
import dev.dormouse.server.protocol.Owner;
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
 * The socket of one client, from the actor's acceptance to the end of the TCP connection. It is the
 * Netty handler behind the {@link FrameDecoder}.
 *
 * <p><b>The way of a message.</b> The decoder hands whole frames to the socket. {@link
 * InboundMessages} joins the frames of a message. It answers the message itself if the actor has an
 * automatic reply to it; otherwise it numbers the message and sends it to the host. The host
 * confirms each number when the message is handled. Messages of the actor come back in a release:
 * {@code Releases} finds the recipients' sockets, and {@link LoopQueues} carries one task to each
 * event loop. The task calls {@link #send} for each message and {@link #flush} at the end. {@link
 * SocketWriter} then writes to the network, or keeps the message while the client does not read.
 *
 * <p><b>Life.</b> {@link SocketState} names the steps of a socket's life, and only {@link #go}
 * changes the state. A change that may not be throws. {@link Closing} keeps how the connection
 * ends. The host is told {@link ToHost.Closed} exactly once, after it has handled every message
 * that came before. If the actor itself closes the connection, it wants none of those messages, and
 * the host is told at once. The socket is forgotten when the host was told and the TCP connection
 * has ended.
 *
 * <p><b>Before the 101.</b> An actor may send to a connection as soon as it has accepted the
 * connection. Steps that come before the 101 is written wait in the socket, in order.
 *
 * <p><b>A slow actor.</b> The socket stops reading from the network while {@link
 * InboundMessages#isFull} returns true. Until then it answers pings and closes even though the
 * actor has not handled earlier messages. After that, pings and closes wait in the network behind
 * those messages.
 *
 * <p><b>A silent client.</b> While the socket is open, a {@link LivenessWheel} pings a client that
 * is silent, and gives the client up when no answer comes. {@link HalfInput} gives up a client that
 * does not finish a frame or a message. The host is told only of the end.
 *
 * <p><b>Memory.</b> An idle socket has only the fields below, and no timer. Objects for a message
 * on its way, for unhandled messages and for the end are created when they are needed, and dropped
 * afterwards.
 *
 * <p>Only the socket's event loop may call a method that does not say otherwise.
 */
public final class ClientSocket extends LivenessWheel.Peer {
  /** The value of {@link #place} for a socket that is in no group. */
  static final int NO_PLACE = -1;

  /**
   * The light frames that a client may send at once. Light frames are control frames and messages
   * with automatic replies, which no actor's credit bounds. After this many of them the client is
   * not read for {@link #REST_MS}, so that the event loop serves others.
   */
  static final int LIGHT_FRAMES_MAX = 256;

  /** About how many bytes of heap a socket takes while nothing comes or goes over it. */
  public static final int SOCKET_BYTES = 2 << 10;

  /** About how many bytes of heap TLS takes in addition for each socket. */
  private static final int TLS_BYTES = 6 << 10;

  /** The shortest time for answers, in milliseconds, for which a stopping gateway waits. */
  private static final long ANSWERS_MS_MIN = 50;

  /** The pause in reading, in milliseconds, after too many light frames at once. */
  static final long REST_MS = 10;

  private static final Logger log = Log.of(ClientSocket.class);

  /** An action on a socket, which runs on the socket's event loop. */
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

  /** The connection's tags. Only the thread that brings the actor's releases changes them. */
  private volatile List<String> tags;

  private SocketState state = SocketState.UPGRADING;

  /** True while a read from the network is handled, which ends with a flush. */
  private boolean isReading;

  /** True while the client is not read because it has sent too many light frames at once. */
  private boolean isResting;

  /** True once the host keeps nothing of the connection. Guarded by the group's monitor. */
  private boolean isEnded;

  /** The number of light frames in the current read, see {@link #LIGHT_FRAMES_MAX}. */
  private short lightFrames;

  /** The seat that the socket was admitted to; null once the socket is forgotten. */
  private Admission.@Nullable Place seat;

  /** The steps that came before the 101 was out; null if there were none, and afterwards. */
  private @Nullable Early early;

  /** The writer to the client; null until the socket is in the pipeline. */
  private @Nullable SocketWriter writer;

  /** The watch of half frames and half messages; null while there are none. */
  private @Nullable HalfInput half;

  /** The end of the connection; null until the end begins. */
  private @Nullable Closing closing;

  /**
   * The steps that came before the 101 was out, in order. Only the socket's event loop uses them.
   */
  private static final class Early extends ClientMemory.Holder {
    private final List<Step> steps = new ArrayList<>(2);

    /** True once a step was left out; the socket is closed when it is open. */
    private boolean isOver;

    Early(ClientMemory memory, ClientMemory.@Nullable Address address) {
      super(memory, ClientMemory.Held.WAITING, address);
    }
  }

  /**
   * Creates the socket of a connection that the actor has accepted. The gateway must be attached to
   * the owner whose release accepts the connection.
   */
  public ClientSocket(
      SocketParts parts,
      ActorOptions options,
      HandledKinds handled,
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
    this.inbound = new InboundMessages(parts, actor, id, options, handled, deflate);
    this.frames = new FrameDecoder(inbound.frameBytesMax(), deflate != null, this::isRead);
  }

  /** Returns the parts that all sockets share. Any thread. */
  SocketParts parts() {
    return parts;
  }

  /** Returns the tally of the gateway's limits. Any thread. */
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

  /** Returns the group of shards of the socket's actor. Any thread. */
  int group() {
    return inbound.group();
  }

  /**
   * Takes over the count of the TCP connection, once the socket is in the pipeline and before it is
   * opened.
   *
   * @param tcp the place that has counted the TCP connection until now; null if none has
   * @return false if the socket was forgotten already, and does not count the TCP connection
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

  /** Returns the state of the socket. */
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
   * Returns the connection's tags. Only the thread that brings the actor's releases may call it.
   */
  public List<String> tags() {
    return tags;
  }

  /**
   * Returns whether the connection has all of these tags. Only the thread that brings the actor's
   * releases may call it.
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
    if (seat != null) {
      parts.tally().memory().hold(Held.SOCKETS, seat, 0, bytesOfSocket());
    }
  }

  /** Returns about how many bytes of heap the socket takes while nothing comes or goes over it. */
  private long bytesOfSocket() {
    return parts.tally().options().tls() == null ? SOCKET_BYTES : SOCKET_BYTES + TLS_BYTES;
  }

  /** Opens the socket after its 101 is written, and applies the steps that came before. */
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
   * Ends a socket that cannot open, because its client has gone or its channel is not available.
   */
  public void neverOpened() {
    if (state == SocketState.UPGRADING) {
      gone();
      applyEarly(); // each step reports that it came too late
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
   * Returns whether a step came before the 101 is written; if so, keeps the step until then.
   *
   * @param bytes the memory that the step takes until then; if that is more than the client may
   *     hold, the step is left out, and the socket is closed once it is open
   * @param instead runs if the step is left out
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
    heard(); // input that came during the pause is not read yet
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
   * Closes the TCP connection at once, because the client would not answer a close frame. A client
   * that still reads earlier messages is not given up.
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
   * Closes the socket, because others need the memory of its half input, unless more of that input
   * has come meanwhile.
   */
  void revoked(ClientMemory.Revocable half) {
    if (half.isRevoked() && state == SocketState.OPEN) {
      hitClientMemory();
      violated(CloseCodes.TRY_AGAIN_LATER, InboundMessages.TOO_MUCH);
      flush();
    }
  }

  /** Records that the client is closed because clients hold too much memory. */
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
   * Begins the end after the client has ended its half of the TCP connection. The client may still
   * read, so waiting messages are sent before the server ends its half.
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
   * Sends a message by {@link SocketWriter#message}, or drops the message if the socket is not
   * open.
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

  /** Flushes the frames written since the last flush, unless a read is handled, which flushes. */
  void flush() {
    if (writer != null && !isReading) {
      writer.turnEnds();
    }
  }

  /** Forgets a message that the host has handled, and all messages before it. */
  public void handled(long sequence) {
    inbound.handled(sequence);
    read();
    answered();
    report();
  }

  /** Keeps a message that the host has no room for, and all messages after it. */
  public void withheld(long sequence) {
    inbound.withheld(sequence);
  }

  /** Sends a message again that the host now has room for, and all messages after it. */
  public void resumed(long sequence) {
    inbound.resumed(sequence);
  }

  /** Returns about how many bytes wait for the client to read. Any thread. */
  public long waitingBytes() {
    return writer == null ? 0 : writer.waitingBytes();
  }

  /**
   * Sends what is unanswered to an owner of the actor, and everything later. The close needs
   * nothing here, because {@link ToHost.Closed} comes only after all messages were handled.
   */
  public void attached(Owner owner) {
    inbound.attached(owner);
  }

  // ---- the end

  /** Closes the connection, because no host of its actor was found in time. */
  public void hostNotFound() {
    giveUp("time-without-host", Closing.HOST_NOT_FOUND);
  }

  /** Closes the connection, because the host does not have it. */
  public void unknown() {
    giveUp("unknown-connection", Closing.NOT_KNOWN);
  }

  /** Closes the connection. Messages that are not handled are dropped: no host answers them. */
  private void giveUp(String limit, CloseReason reason) {
    if (isSpeaking() || state == SocketState.UPGRADING) {
      parts.tally().hit(parts.tally().counters().hostlessClosed, limit, "close 1012", actor, id);
    }
    inbound.giveUp();
    answered();
    close(reason);
  }

  /** Hears that the host keeps nothing of the connection. The caller holds the group's monitor. */
  public void ended() {
    isEnded = true;
  }

  /** Returns whether the host keeps nothing of the connection, so that it need not be announced. */
  public boolean isEnded() {
    return isEnded;
  }

  /** Closes the connection for the actor or the gateway. Only the first reason counts. */
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
   * Closes the connection for a stopping gateway, when the messages that came before are handled.
   *
   * @param atMost the time after which the connection is closed in any case
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

  /**
   * Begins the end of a socket whose client has stopped sending. Answers to its earlier messages
   * are sent for a while; then comes the end.
   */
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

  /** Answers the client's close once all earlier messages of the client are handled. */
  private void answered() {
    if (state == SocketState.ANSWERING && inbound.isHandled()) {
      echo();
    }
  }

  /** Answers the client's close, unless it is answered already. */
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
      // A closed channel needs nothing here: it drops waiting frames, and reports its end itself.
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

  /** Logs a failure of the server itself, not of the network. Any thread. */
  void logFailure(Throwable cause) {
    LogLabels.with(
        actor,
        id,
        () ->
            log.error(
                "socket of connection {} of actor {} failed; it is closed", id, actor, cause));
  }

  /** Reports why the end begins, if the client failed or broke a limit. */
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
    } else if (failure != null && isBreach(begun.begun().code())) {
      parts.tally().hit("websocket-protocol", "close " + begun.begun().code(), actor, id);
    } else if (ViolationException.SHORT_FRAGMENTS.equals(failure)) {
      parts.tally().hit("fragments", "close 1008", actor, id);
    }
    return begun;
  }

  /** Returns whether a server closes with this code because the client broke the protocol. */
  private static boolean isBreach(int code) {
    return code == CloseCodes.PROTOCOL_ERROR || code == CloseCodes.BAD_PAYLOAD;
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

  /** Ends the TCP connection after a while, or later if the client still reads. */
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

  /** Ends the socket now, without waiting for the client or the host. */
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

  /**
   * Tells the host of the end, once, when every message that came before is handled. A socket whose
   * TCP connection has ended is then forgotten.
   */
  private void report() {
    CloseReason outcome = closing == null ? null : closing.outcome();
    if (closing == null || outcome == null || !inbound.isHandled()) {
      return;
    }
    if (closing.report()) {
      String failure = closing.failure();
      parts
          .closes()
          .report(
              failure == null ? null : new ToHost.Failed(actor, id, failure, outcome),
              new ToHost.Closed(actor, id, outcome));
    }
    if (state == SocketState.GONE) {
      if (seat != null && writer == null) {
        seat.free();
      } else if (seat != null) {
        parts.tally().memory().hold(Held.SOCKETS, seat, bytesOfSocket(), 0);
        seat.leave();
      }
      seat = null;
      parts.groups().remove(this);
    }
  }
}
