package dev.dormouse.server.gateway.http;

import dev.dormouse.server.gateway.edge.Edge;
import dev.dormouse.server.gateway.edge.ProxiedClient;
import dev.dormouse.server.gateway.limits.Admission;
import dev.dormouse.server.gateway.limits.ClientMemory;
import dev.dormouse.server.gateway.limits.Refusal;
import dev.dormouse.server.gateway.limits.RequestLimit;
import dev.dormouse.server.gateway.limits.Tally;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Guards one connection while it is HTTP's, until it ends or a socket takes it over.
 *
 * <ul>
 *   <li>It counts the connection, of which there are only so many, see {@link Admission#openTcp}.
 *   <li>It ends the connection when its client is too slow, see {@link HttpTimers}.
 *   <li>It charges the client for the heads of requests that are not answered.
 *   <li>It keeps what a client sends behind an upgrade request from the HTTP decoder, which would
 *       take frames for a request, until the request is answered. With a 101 these early bytes are
 *       the socket's first input; with any other answer they are the HTTP connection's next. At
 *       most {@value #BYTES_MAX} bytes and one read more are kept; then nothing is read until the
 *       answer.
 *   <li>It sees all answers leave, and ends the connection where the client could not tell its next
 *       request from a body.
 * </ul>
 *
 * <p>There are two handlers: this one stands before the HTTP decoder and feeds it no further than
 * the end of a head; {@link Decoded} stands behind and says whether the head was an upgrade's. An
 * upgrade that comes in one read with a request that has a body, before it, is not watched: what
 * follows it there is lost. RFC 6455 has clients wait for the 101 anyway.
 *
 * <p>Both are on the connection's event loop, and leave with the 101.
 */
public final class HttpGuard extends ChannelInboundHandlerAdapter {
  private static final int BYTES_MAX = 1 << 16;

  /** The heap that a connection takes with a request that is not answered, in bytes, about. */
  public static final int CONNECTION_BYTES = 12 << 10;

  /** The heap that TLS takes besides, in bytes, about. */
  private static final int TLS_BYTES = 12 << 10;

  /** The name of the HTTP/1 decoder in a pipeline of Vert.x. */
  private static final String HTTP_DECODER = "httpDecoder";

  /** The name of the last handler in a pipeline of Vert.x. */
  private static final String VERTX = "handler";

  private final Decoded decoded = new Decoded();
  private final Tally tally;
  private final HttpTimers timers;
  private final HttpWatch watch;

  private @Nullable ChannelHandlerContext context;

  /** The early bytes that are kept; null if there are none. */
  private @Nullable Kept kept;

  /** The memory that heads take of requests that are not answered, or not whole. */
  private @Nullable Heads heads;

  /** Whether the request that came last is an upgrade, and not answered yet. */
  private boolean isKeeping;

  /** What the connection itself takes; null if it was refused, or is a socket. */
  private @Nullable Connection connection;

  /** The place where the TCP connection is counted; null if it was refused, or is a socket. */
  private Admission.@Nullable Place place;

  /** Whether there were too many connections; what it sends is discarded. */
  private boolean isRefused;

  /** Whether the gateway will take the channel over once its 101 is out. */
  private boolean isSocketAwaited;

  /** The number of requests that are not answered yet, or not to the end. */
  private int unanswered;

  /** Whether an answer has begun, and not ended. */
  private boolean isAnswering;

  /** Whether a body is being read, in which heads do not end. */
  private boolean isInBody;

  /** Whether a client waits for 100 before it sends the body. */
  private boolean isExpecting;

  /** Whether the connection ends with the answer that is on its way; nothing more is read. */
  private boolean isEnding;

  /** Whether the line, and the head, had anything so far. */
  private boolean isLineEmpty = true;

  private boolean isHeadEmpty = true;

  /** The objects of a connection. On its event loop. */
  private final class Connection extends ClientMemory.Revocable {
    private final ChannelHandlerContext context;

    Connection(ChannelHandlerContext context, ClientMemory.Address address) {
      super(tally.memory(), ClientMemory.Held.CONNECTIONS, address);
      this.context = context;
      hold(CONNECTION_BYTES + (tally.options().tls() == null ? 0 : TLS_BYTES));
    }

    @Override
    public void revoke() {
      context.executor().execute(this::giveWay);
    }

    /** A connection gives way on which nothing is asked. */
    private void giveWay() {
      if (unanswered > 0) {
        moved();
      } else if (isRevoked()) {
        tally.hit(RequestLimit.MEMORY, "close", null);
        HttpAnswers.endSilently(context);
      }
    }
  }

  /** On the connection's event loop. */
  private static final class Kept extends ClientMemory.Holder {
    private final CompositeByteBuf bytes;

    Kept(ClientMemory memory, ClientMemory.@Nullable Address address, CompositeByteBuf bytes) {
      super(memory, ClientMemory.Held.INPUT, address);
      this.bytes = bytes;
    }

    void add(ByteBuf more) {
      hold(more.capacity()); // a byte may keep all of what it was read into
      bytes.addComponent(true, more);
    }
  }

  /** On the connection's event loop. */
  private static final class Heads extends ClientMemory.Holder {
    /** Of this the head that is not whole takes so much. */
    private long half;

    Heads(ClientMemory memory, ClientMemory.@Nullable Address address) {
      super(memory, ClientMemory.Held.HEADS, address);
    }

    /** Bytes of a head came, with so many ends of lines: characters, and a header for each line. */
    void came(int bytes, int lines, boolean isWhole) {
      long more = Character.BYTES * (long) bytes + ActorRequest.HEADER_BYTES * (long) lines;
      hold(more);
      half = isWhole ? 0 : half + more;
    }

    /**
     * Lets go of a head that is answered: an equal part of all that are whole.
     *
     * @param unanswered how many others are whole and not answered
     */
    void answered(int unanswered) {
      hold(-(heldBytes() - half) / (unanswered + 1));
    }
  }

  private HttpGuard(Tally tally) {
    this.tally = tally;
    this.watch = new HttpWatch(tally);
    this.timers =
        new HttpTimers(tally, () -> unanswered == 0, () -> unanswered == 1 && !isAnswering);
  }

  /**
   * Guards a new connection of an HTTP server: the edge's handlers come before all others, this
   * class's before and behind the HTTP decoder. A connection that is not of HTTP/1 is left alone.
   */
  public static void meet(HttpConnection connection, Tally tally, Edge edge) {
    if (connection instanceof ConnectionBase base) {
      ChannelPipeline pipeline = base.channel().pipeline();
      if (pipeline.get(HTTP_DECODER) != null) {
        HttpGuard guard = new HttpGuard(tally);
        edge.standBefore(pipeline, VERTX);
        pipeline.addBefore(HTTP_DECODER, null, guard);
        pipeline.addBefore(VERTX, null, guard.decoded);
      }
    }
  }

  /** Returns the Netty channel of a request's connection. */
  public static Channel channelOf(HttpServerRequest request) {
    return ((ConnectionBase) request.connection()).channel();
  }

  /** Returns the guard of a request's connection; null if nothing guards it, or not any more. */
  public static @Nullable HttpGuard of(HttpServerRequest request) {
    return channelOf(request).pipeline().get(HttpGuard.class);
  }

  /** Returns where what a request holds is counted; null if that is not known. */
  static ClientMemory.@Nullable Address addressOf(HttpServerRequest request) {
    HttpGuard guard = of(request);
    return guard == null ? null : guard.place;
  }

  /** Returns the watch of a request's connection; null if nothing guards it. */
  public static @Nullable HttpWatch watchOf(HttpServerRequest request) {
    HttpGuard guard = of(request);
    return guard == null ? null : guard.watch;
  }

  /** Returns the watch of the connection. */
  public HttpWatch watch() {
    return watch;
  }

  /** Has this done, in place of a 408, when the body of the request that came last stands still. */
  void onLateBody(Runnable answer) {
    if (isInBody && unanswered == 1) {
      timers.onLateBody(answer);
    }
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    this.context = context;
    timers.headAwaited(context);
    take(context, tally.admission().openTcp(peer(context)));
  }

  /** Returns the peer; null if it is a proxy, whose connections are those of many. */
  private @Nullable InetAddress peer(ChannelHandlerContext context) {
    InetAddress address =
        context.channel().remoteAddress() instanceof InetSocketAddress peer
            ? peer.getAddress()
            : null;
    return tally.options().trustedProxies().contains(address) ? null : address;
  }

  private void take(ChannelHandlerContext context, Admission.Verdict verdict) {
    verdict.tell(
        given -> taken(context, given),
        why -> {
          isRefused = true;
          timers.headEnded();
          tally.refused(why, null, null);
          HttpAnswers.end(context, HttpAnswers.to(why));
        });
  }

  private void taken(ChannelHandlerContext context, Admission.Place given) {
    place = given;
    forgetConnection();
    connection = new Connection(context, given);
    if (connection.isTooMuchWith(0)) {
      tooMuch(context, true);
    }
  }

  /** A proxy has told, before all else, whose connection it is. */
  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ProxiedClient client && place != null) {
      take(context, tally.admission().move(place, client.address()));
    }
    context.fireUserEventTriggered(event);
  }

  /** Records that a 101 of the gateway's follows, whose socket will take the channel over. */
  public void awaitSocket() {
    isSocketAwaited = true;
  }

  /** The answer was a 101 of somebody else's: the TCP connection counts until it ends. */
  private void leave() {
    ChannelHandlerContext context = this.context;
    if (context == null || context.isRemoved()) {
      return;
    }
    Admission.Place counted = place;
    if (counted != null) {
      place = null;
      context.channel().closeFuture().addListener(ended -> counted.closeTcp());
    }
    passOn(context.pipeline());
  }

  /** Returns where the TCP connection is counted; null if it is not, or not here. */
  public Admission.@Nullable Place place() {
    return place;
  }

  /** Leaves the count of the TCP connection to the socket that takes it over. */
  public void placeTaken() {
    place = null;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (isRefused) {
      ReferenceCountUtil.release(message);
    } else if (message instanceof ByteBuf bytes) {
      feed(context, bytes);
    } else {
      context.fireChannelRead(message);
    }
  }

  private void feed(ChannelHandlerContext context, ByteBuf bytes) {
    while (!isKeeping && !isInBody) {
      int length = headLength(bytes);
      if (heads != null && heads.isTooMuchWith(0)) {
        bytes.release();
        tooMuch(context, unanswered == 0);
        return;
      }
      if (length == bytes.readableBytes()) {
        break;
      }
      context.fireChannelRead(bytes.readRetainedSlice(length));
    }
    if (isKeeping) {
      keep(context, bytes);
    } else {
      context.fireChannelRead(bytes);
    }
    if (!isHeadEmpty && !context.isRemoved()) {
      timers.headAwaited(context);
    }
  }

  /** Ends the connection because its heads or early bytes hold too much memory. */
  private void tooMuch(ChannelHandlerContext context, boolean isAnswered) {
    isRefused = true;
    timers.headEnded();
    forgetHeads();
    tally.hit(RequestLimit.MEMORY, isAnswered ? "503" : "close", null);
    if (isAnswered) {
      HttpAnswers.end(context, HttpAnswers.to(Refusal.NODE_FULL));
    } else {
      HttpAnswers.endSilently(context);
    }
  }

  /** Counts what comes of a head. */
  private void came(int bytes, int lines, boolean isWhole) {
    Heads counted = heads;
    if (counted == null) {
      counted = new Heads(tally.memory(), place);
      heads = counted;
    }
    counted.came(bytes, lines, isWhole);
  }

  /** Returns how many bytes there are up to the end of a head, or in all. */
  private int headLength(ByteBuf bytes) {
    int start = bytes.readerIndex();
    int lines = 0;
    for (int i = start; i < bytes.writerIndex(); i++) {
      byte b = bytes.getByte(i);
      if (b == '\n' && isLineEmpty && !isHeadEmpty) {
        isHeadEmpty = true;
        came(i + 1 - start, lines, true);
        return i + 1 - start;
      }
      if (b == '\n') {
        isLineEmpty = true;
        lines++;
      } else if (b != '\r') {
        isLineEmpty = false;
        isHeadEmpty = false;
      }
    }
    if (!isHeadEmpty) {
      came(bytes.readableBytes(), lines, false);
    }
    return bytes.readableBytes();
  }

  private void keep(ChannelHandlerContext context, ByteBuf bytes) {
    if (kept == null) {
      CompositeByteBuf all = context.alloc().compositeBuffer(Integer.MAX_VALUE);
      kept = new Kept(tally.memory(), place, all);
    }
    kept.add(bytes);
    if (kept.isTooMuchWith(0)) {
      tooMuch(context, false);
    } else if (kept.heldBytes() > BYTES_MAX) {
      context.channel().config().setAutoRead(false);
    }
  }

  /** Leaves the pipeline after a 101: the early bytes go to the handler that is behind now. */
  public void passOn(ChannelPipeline pipeline) {
    if (pipeline.context(decoded) != null) {
      pipeline.remove(decoded);
    }
    pipeline.remove(this);
  }

  /** Goes on with HTTP after another answer than a 101. */
  private void goOn() {
    ChannelHandlerContext context = this.context;
    ByteBuf bytes = keptBytes();
    if (isKeeping && context != null && !context.isRemoved()) {
      isKeeping = false;
      forgetKept();
      if (bytes != null) {
        context.channel().config().setAutoRead(true);
        feed(context, bytes);
        context.fireChannelReadComplete();
      }
    }
  }

  private void forgetConnection() {
    if (connection != null) {
      connection.letGo();
      connection = null;
    }
  }

  private void goesOn() {
    if (connection != null) {
      connection.moved();
    }
  }

  private void forgetHeads() {
    if (heads != null) {
      heads.letGo();
      heads = null;
    }
  }

  private @Nullable ByteBuf keptBytes() {
    return kept == null ? null : kept.bytes;
  }

  private void forgetKept() {
    if (kept != null) {
      kept.letGo();
      kept = null;
    }
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    if (place != null) {
      place.closeTcp();
      place = null;
    }
    timers.stop();
    forgetConnection();
    watch.connectionEnded(context.channel().isActive());
    forgetHeads();
    ByteBuf bytes = keptBytes();
    forgetKept();
    if (bytes == null) {
      return;
    }
    if (context.channel().isActive()) {
      context.channel().config().setAutoRead(true);
      context.fireChannelRead(bytes);
      context.fireChannelReadComplete();
    } else {
      bytes.release();
    }
  }

  /** Sees decoded requests come and answers go. */
  private final class Decoded extends ChannelDuplexHandler {

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (isEnding) {
        ReferenceCountUtil.release(message);
        return;
      }
      if (message instanceof HttpRequest request) {
        isInBody = true;
        isExpecting = request.headers().contains(HttpHeaderNames.EXPECT);
        unanswered++;
        goesOn();
        watch.requestCame(request);
        tooLong(request.decoderResult().cause());
        timers.headEnded();
        timers.pauseEnded();
        tellApart(request.headers());
        isKeeping = isUpgrade(request);
      }
      if (message instanceof HttpContent part) {
        isExpecting = false;
        timers.bodyCame(part.content().readableBytes());
      }
      if (message instanceof LastHttpContent) {
        isInBody = false;
        timers.bodyEnded();
      }
      context.fireChannelRead(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      ChannelHandlerContext beforeHttp = HttpGuard.this.context;
      if (isInBody && beforeHttp != null) {
        timers.bodyAwaited(beforeHttp);
      }
      context.fireChannelReadComplete();
    }

    /** A head over a limit is answered by Vert.x; that is told of here. */
    private void tooLong(@Nullable Throwable failure) {
      if (failure instanceof TooLongHttpLineException) {
        tally.hit(RequestLimit.LINE_BYTES, "414", null);
      } else if (failure instanceof TooLongHttpHeaderException) {
        tally.hit(RequestLimit.HEADER_BYTES, "431", null);
      }
    }

    /** Vert.x knows what Connection says only if it stands alone; members of a list count, too. */
    private static void tellApart(HttpHeaders headers) {
      for (AsciiString option : List.of(HttpHeaderValues.CLOSE, HttpHeaderValues.KEEP_ALIVE)) {
        if (headers.containsValue(HttpHeaderNames.CONNECTION, option, true)
            && !headers.contains(HttpHeaderNames.CONNECTION, option, true)) {
          headers.add(HttpHeaderNames.CONNECTION, option);
        }
      }
    }

    /** Returns whether a request can be an upgrade. A body must reach whoever reads it. */
    private static boolean isUpgrade(HttpRequest request) {
      return request.method().equals(HttpMethod.GET)
          && request.headers().containsValue(HttpHeaderNames.UPGRADE, "websocket", true)
          && !request.headers().contains(HttpHeaderNames.CONTENT_LENGTH)
          && !request.headers().contains(HttpHeaderNames.TRANSFER_ENCODING);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise)
        throws Exception {
      if (message instanceof HttpResponse answer) {
        endWithoutBody(answer);
        nameUpgrade(answer.status(), answer.headers());
        watch.answerBegan(answer);
        isAnswering = !isInformational(message);
        if (answer.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS) && !isSocketAwaited) {
          context.channel().eventLoop().execute(HttpGuard.this::leave);
        }
      }
      if (message instanceof LastHttpContent && !isInformational(message)) {
        unanswered--;
        isAnswering = false;
        watch.answerEnded();
        goesOn();
        if (heads != null) {
          heads.answered(unanswered);
        }
        if (unanswered == 0) {
          answered(context);
        }
      }
      super.write(context, message, promise);
    }

    /**
     * A client that is answered before it was told to go on need not send its body, and what it
     * sends next could be either: the connection ends with the answer.
     */
    private void endWithoutBody(HttpResponse answer) {
      if (answer.status().equals(HttpResponseStatus.CONTINUE)) {
        isExpecting = false;
      } else if (isExpecting
          && unanswered == 1
          && answer.status().codeClass() != HttpStatusClass.INFORMATIONAL) {
        isEnding = true;
        answer.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
      }
    }

    /**
     * {@code Connection} names {@code Upgrade} wherever that is sent (RFC 9110, section 7.8), be it
     * an actor's or a handler's answer, and whatever Vert.x has set there last: {@code close}, if
     * the client asked for it. A 101 says nothing else.
     */
    private static void nameUpgrade(HttpResponseStatus status, HttpHeaders headers) {
      if (status.equals(HttpResponseStatus.SWITCHING_PROTOCOLS)) {
        headers.set(HttpHeaderNames.CONNECTION, "Upgrade");
      } else if (headers.contains(HttpHeaderNames.UPGRADE)
          && !headers.containsValue(HttpHeaderNames.CONNECTION, "upgrade", true)) {
        List<String> names = new ArrayList<>(headers.getAll(HttpHeaderNames.CONNECTION));
        names.add("Upgrade");
        headers.set(HttpHeaderNames.CONNECTION, String.join(", ", names));
      }
    }

    private void answered(ChannelHandlerContext context) {
      timers.pauseBegan(context, isEnding ? tally.options().drain() : tally.options().keepAlive());
      if (isKeeping) {
        context.channel().eventLoop().execute(HttpGuard.this::goOn);
      }
    }

    private static boolean isInformational(Object message) {
      return message instanceof HttpResponse response
          && response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
    }
  }
}
