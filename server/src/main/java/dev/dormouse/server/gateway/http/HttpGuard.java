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
 * Guards one connection while it carries HTTP, until it ends or becomes a socket.
 *
 * <ul>
 *   <li>It counts the connection, because their number is limited, see {@link Admission#openTcp}.
 *   <li>It ends the connection when its client is too slow, see {@link HttpTimers}.
 *   <li>It charges the client for the heads of requests that are not answered.
 *   <li>It keeps bytes that a client sends after an upgrade request from the HTTP decoder until the
 *       upgrade is answered, because the decoder would take frames for a request. After a 101 these
 *       early bytes are the first input of the socket; after any other answer they are the next
 *       input of the HTTP connection. When more than {@value #BYTES_MAX} early bytes are kept,
 *       nothing more is read until the answer.
 *   <li>It sees all answers leave. It ends the connection when an answer leaves open whether the
 *       client sends a body or its next request.
 * </ul>
 *
 * <p>There are two handlers. This one stands before the HTTP decoder and feeds the decoder at most
 * one head at a time. {@link Decoded} stands behind the decoder and recognizes upgrades. There is
 * one gap: if one read brings a request with a body and then an upgrade, bytes that follow the
 * upgrade in this read are lost. RFC 6455 has clients wait for the 101 before they send frames.
 *
 * <p>Both handlers run on the connection's event loop, and leave the pipeline after the 101.
 */
public final class HttpGuard extends ChannelInboundHandlerAdapter {
  /** The early bytes that are kept before reading stops. */
  private static final int BYTES_MAX = 1 << 16;

  /** About how many bytes of heap a connection takes while one request is not answered. */
  public static final int CONNECTION_BYTES = 12 << 10;

  /** About how many bytes of heap TLS takes in addition for each connection. */
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

  /** The charge for heads that are not whole or not answered; null if there is none. */
  private @Nullable Heads heads;

  /** True while the latest request is an upgrade that is not answered. */
  private boolean isKeeping;

  /** The charge for the connection itself; null if it was refused, or is a socket. */
  private @Nullable Connection connection;

  /** The place where the TCP connection is counted; null if it was refused, or is a socket. */
  private Admission.@Nullable Place place;

  /** True once the connection is refused for a limit; all its further input is discarded. */
  private boolean isRefused;

  /** True once the gateway has decided to make the connection a socket after the 101. */
  private boolean isSocketAwaited;

  /** The number of requests that are not completely answered. */
  private int unanswered;

  /** True while an answer has begun and not ended. */
  private boolean isAnswering;

  /** True while a request's body is read, in which no head can end. */
  private boolean isInBody;

  /** True while the client waits for an answer 100 before it sends a body. */
  private boolean isExpecting;

  /** True once the connection ends with the current answer; further input is discarded. */
  private boolean isEnding;

  /** True while the current line of a head has no characters. */
  private boolean isLineEmpty = true;

  /** True while the next head has no characters. */
  private boolean isHeadEmpty = true;

  /** The charge for the objects of an HTTP connection. Only the event loop may use it. */
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

    /** Ends the connection if it was chosen to give way, unless a request is being answered. */
    private void giveWay() {
      if (unanswered > 0) {
        moved();
      } else if (isRevoked()) {
        tally.hit(RequestLimit.MEMORY, "close", null);
        HttpAnswers.endSilently(context);
      }
    }
  }

  /** The early bytes behind an upgrade, and their charge. Only the event loop may use them. */
  private static final class Kept extends ClientMemory.Holder {
    private final CompositeByteBuf bytes;

    Kept(ClientMemory memory, ClientMemory.@Nullable Address address, CompositeByteBuf bytes) {
      super(memory, ClientMemory.Held.INPUT, address);
      this.bytes = bytes;
    }

    void add(ByteBuf more) {
      hold(more.capacity()); // even one byte keeps its whole buffer
      bytes.addComponent(true, more);
    }
  }

  /** The charge for heads of requests. Only the event loop may use it. */
  private static final class Heads extends ClientMemory.Holder {
    /** The bytes of the charge that belong to the head that is not whole. */
    private long half;

    Heads(ClientMemory memory, ClientMemory.@Nullable Address address) {
      super(memory, ClientMemory.Held.HEADS, address);
    }

    /**
     * Charges received bytes of a head: its characters, and the object of one header for each line.
     *
     * @param bytes the number of received bytes
     * @param lines the number of lines that end in them
     * @param isWhole whether the head ends with them
     */
    void came(int bytes, int lines, boolean isWhole) {
      long more = Character.BYTES * (long) bytes + ActorRequest.HEADER_BYTES * (long) lines;
      hold(more);
      half = isWhole ? 0 : half + more;
    }

    /**
     * Releases the charge for a head that is answered: an equal part of the charge for all whole
     * heads.
     *
     * @param unanswered the number of other heads that are whole and not answered
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
   * Guards a new connection of an HTTP server. It adds the edge's handlers before all others, and
   * the guard's two handlers before and behind the HTTP decoder. A connection that does not speak
   * HTTP/1 is left alone.
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

  /** Returns the guard of a request's connection; null if no guard is in its pipeline. */
  public static @Nullable HttpGuard of(HttpServerRequest request) {
    return channelOf(request).pipeline().get(HttpGuard.class);
  }

  /** Returns the address that a request's memory is counted at; null if it is not known. */
  static ClientMemory.@Nullable Address addressOf(HttpServerRequest request) {
    HttpGuard guard = of(request);
    return guard == null ? null : guard.place;
  }

  /** Returns the watch of a request's connection; null if no guard is in its pipeline. */
  public static @Nullable HttpWatch watchOf(HttpServerRequest request) {
    HttpGuard guard = of(request);
    return guard == null ? null : guard.watch;
  }

  /** Returns the watch of the connection. */
  public HttpWatch watch() {
    return watch;
  }

  /** Replaces the answer 408 that is due when the body of the latest request stands still. */
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

  /** Returns the peer's address; null if it is a listed proxy, which serves many clients. */
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

  /** Counts the connection at the address of its client, once a proxy has told that address. */
  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ProxiedClient client && place != null) {
      take(context, tally.admission().move(place, client.address()));
    }
    context.fireUserEventTriggered(event);
  }

  /** Records that the gateway will answer 101, and that a socket will then own the channel. */
  public void awaitSocket() {
    isSocketAwaited = true;
  }

  /** Leaves the pipeline after a 101 of the application. The TCP connection stays counted. */
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

  /** Returns the place that counts the TCP connection; null if this guard does not count it. */
  public Admission.@Nullable Place place() {
    return place;
  }

  /** Hands the count of the TCP connection to the socket that the connection has become. */
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

  /** Charges received bytes of a head, see {@link Heads#came}. */
  private void came(int bytes, int lines, boolean isWhole) {
    Heads counted = heads;
    if (counted == null) {
      counted = new Heads(tally.memory(), place);
      heads = counted;
    }
    counted.came(bytes, lines, isWhole);
  }

  /** Returns how many bytes there are up to the end of the head; all, if the head is not whole. */
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

  /** Leaves the pipeline after a 101, and passes the early bytes to the next handler. */
  public void passOn(ChannelPipeline pipeline) {
    if (pipeline.context(decoded) != null) {
      pipeline.remove(decoded);
    }
    pipeline.remove(this);
  }

  /** Feeds the early bytes to the HTTP decoder, after an answer other than 101. */
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

  /** Sees decoded requests and all answers. It stands behind the HTTP decoder. */
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

    /** Reports a head over a limit, which Vert.x answers by itself. */
    private void tooLong(@Nullable Throwable failure) {
      if (failure instanceof TooLongHttpLineException) {
        tally.hit(RequestLimit.LINE_BYTES, "414", null);
      } else if (failure instanceof TooLongHttpHeaderException) {
        tally.hit(RequestLimit.HEADER_BYTES, "431", null);
      }
    }

    /**
     * Adds the options {@code close} and {@code keep-alive} of a list as headers of their own,
     * because Vert.x understands the header {@code Connection} only if it has one option.
     */
    private static void tellApart(HttpHeaders headers) {
      for (AsciiString option : List.of(HttpHeaderValues.CLOSE, HttpHeaderValues.KEEP_ALIVE)) {
        if (headers.containsValue(HttpHeaderNames.CONNECTION, option, true)
            && !headers.contains(HttpHeaderNames.CONNECTION, option, true)) {
          headers.add(HttpHeaderNames.CONNECTION, option);
        }
      }
    }

    /**
     * Returns whether a request can be an upgrade. A request with a body is none, because the body
     * must be decoded.
     */
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
     * Ends the connection with an answer that comes before the client was told to send its body.
     * Such a client may send the body or not, so the server could not tell the body from the next
     * request.
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
     * Names {@code Upgrade} in the header {@code Connection} of each answer with a header {@code
     * Upgrade} (RFC 9110, section 7.8). Other options, such as Vert.x's {@code close}, stay, except
     * in a 101.
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
