package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.gateway.AccessCheck.Outcome;
import dev.dormouse.server.gateway.ClientMemory.Held;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Plain HTTP requests to actors: asks the access rule, reads the body, at most {@link
 * HttpRequest#BODY_BYTES_MAX} [413], asks the host, answers what it says, within {@link
 * GatewayOptions#request} [504]. What a request holds it holds until the host has answered, though
 * its client has gone meanwhile: so long it waits for its actor. If requests hold too much already
 * there is no room for one more [503].
 *
 * <p>On the request's context, but for {@link #responded}.
 */
final class PlainRequests {
  private final GatewayParts parts;
  private final Vertx vertx;
  private final AccessCheck access;
  private final AtomicLong numbers = new AtomicLong();

  /** Those that the host has not answered. */
  private final ConcurrentHashMap<Long, Asked> asked = new ConcurrentHashMap<>();

  /** A request's body, as it comes; with it, what the head takes. On the request's context. */
  private static final class Body extends ClientMemory.Holder {
    private static final byte[] NOTHING = {};

    private byte[] bytes = NOTHING;
    private int size;

    Body(ClientMemory memory, ClientMemory.@Nullable Address address, RequestHead head) {
      super(memory, Held.REQUESTS, address);
      hold(RequestHeads.memoryOf(head));
    }

    /** Whether it is within its limit with this part, which is added then. */
    boolean add(Buffer part) {
      int length = part.length();
      if (length > HttpRequest.BODY_BYTES_MAX - size) {
        return false;
      }
      if (length > bytes.length - size) {
        int before = bytes.length;
        int wanted = Math.max(size + length, 2 * before);
        bytes = Arrays.copyOf(bytes, Math.min(HttpRequest.BODY_BYTES_MAX, wanted));
        hold(bytes.length - before);
      }
      part.getBytes(0, length, bytes, size);
      size += length;
      return true;
    }

    /** Nobody will need it: Vert.x's own request may know of it for a while longer. */
    void drop() {
      bytes = NOTHING;
      size = 0;
      letGo();
    }

    /** All of it, once it is there. */
    byte[] whole() {
      if (size < bytes.length) {
        hold(size - bytes.length);
        bytes = Arrays.copyOf(bytes, size);
      }
      return bytes;
    }
  }

  /** How much of a long answer is handed to the network at once, in bytes. */
  private static final int PIECE_BYTES = 64 << 10;

  /** A request that the host was asked. */
  private static final class Asked {
    private final Body body;
    private final Context context;
    private final long timer;

    /** Null once it is answered, or its client is gone. */
    private final AtomicReference<@Nullable RoutingContext> request;

    private final ActorId actor;

    private final ClientMemory.@Nullable Address address;

    Asked(ActorId actor, Body body, Context context, long timer, RoutingContext request) {
      this.actor = actor;
      this.body = body;
      this.context = context;
      this.timer = timer;
      this.request = new AtomicReference<>(request);
      this.address = ChannelTakeover.addressOf(request.request());
    }
  }

  PlainRequests(GatewayParts parts, Vertx vertx, AccessCheck access) {
    this.parts = parts;
    this.vertx = vertx;
    this.access = access;
  }

  void pass(RoutingContext request, ActorRoute route, ActorId actor, RequestHead head) {
    if (!request.request().isEnded()) {
      if (lengthOf(request.request()) > HttpRequest.BODY_BYTES_MAX) {
        tooLarge(request, actor);
        return;
      }
      request.request().pause();
    }
    access.ask(
        route,
        actor,
        head,
        outcome -> {
          if (outcome instanceof Outcome.Denied denied) {
            HttpAnswers.send(request, denied.response());
          } else if (!request.response().closed()) {
            read(request, actor, head);
          }
        });
  }

  /** How long the head says that the body is; 0 if it does not. */
  private static long lengthOf(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    return length == null ? 0 : Long.parseLong(length.strip());
  }

  private void read(RoutingContext request, ActorId actor, RequestHead head) {
    HttpServerRequest http = request.request();
    Body body = new Body(parts.memory(), ChannelTakeover.addressOf(http), head);
    if (body.isTooMuchWith(0)) {
      tooMuch(request, actor, body);
    } else if (http.isEnded()) {
      Buffer read = request.body().buffer();
      if (read == null || isAdded(request, actor, body, read)) {
        ask(request, actor, head, body);
      }
    } else {
      readOn(request, actor, head, body);
    }
  }

  private void readOn(RoutingContext request, ActorId actor, RequestHead head, Body body) {
    HttpServerRequest http = request.request();
    if (RequestHeads.expectation(http) == RequestHeads.Expectation.CONTINUE) {
      request.response().writeContinue();
    }
    HttpGuard guard = ChannelTakeover.guardOf(http);
    if (guard != null) {
      guard.onLateBody(
          () -> {
            parts.hit(RequestLimit.BODY_TIME, "408", actor);
            refuse(request, HttpResponse.text(408, "the body did not come in time"));
          });
    }
    boolean[] isWhole = {false};
    request.addEndHandler(
        answeredOrGone -> {
          if (!isWhole[0]) {
            http.handler(rest -> {}).endHandler(end -> {});
            body.drop();
          }
        });
    http.handler(part -> isAdded(request, actor, body, part));
    http.endHandler(
        end -> {
          isWhole[0] = true;
          ask(request, actor, head, body);
        });
    http.resume();
  }

  /** Adds a part of a body; otherwise the request is answered. */
  private boolean isAdded(RoutingContext request, ActorId actor, Body body, Buffer part) {
    if (!body.add(part)) {
      body.drop();
      tooLarge(request, actor);
      return false;
    }
    if (body.isTooMuchWith(0)) {
      tooMuch(request, actor, body);
      return false;
    }
    return true;
  }

  private void tooLarge(RoutingContext request, ActorId actor) {
    parts.hit(RequestLimit.BODY_BYTES, "413", actor);
    refuse(
        request,
        HttpResponse.text(413, "a body has at most " + HttpRequest.BODY_BYTES_MAX + " bytes"));
  }

  private void tooMuch(RoutingContext request, ActorId actor, Body body) {
    body.drop();
    parts.hit(RequestLimit.MEMORY, "503", actor);
    refuse(request, HttpAnswers.unavailable("the server has too many requests to handle"));
  }

  /** What the client still sends is discarded for a while, so that it reads the answer. */
  private void refuse(RoutingContext request, HttpResponse answer) {
    if (request.request().isEnded()) {
      HttpAnswers.send(request, answer);
      return;
    }
    request.request().handler(rest -> {}).endHandler(end -> {});
    request.response().putHeader("Connection", "close");
    HttpAnswers.send(request, answer);
    vertx.setTimer(
        Math.max(1, parts.options().drain().toMillis()),
        timer -> request.request().connection().close());
  }

  private void ask(RoutingContext request, ActorId actor, RequestHead head, Body body) {
    long number = numbers.incrementAndGet();
    long timer =
        vertx.setTimer(
            Math.max(1, parts.options().request().toMillis()),
            elapsed -> {
              if (answer(number, HttpResponse.text(504, "the actor did not answer in time"))) {
                parts.hit(RequestLimit.ANSWER_TIME, "504", actor);
              }
            });
    asked.put(number, new Asked(actor, body, vertx.getOrCreateContext(), timer, request));
    request.addEndHandler(ended -> taken(asked.get(number)));
    parts.transport().toHost(new ToHost.Request(actor, number, head, body.whole()));
  }

  /** The host answered; too late if the client was answered already, or is gone. Any thread. */
  void responded(ToGateway.Responded answer) {
    Asked done = asked.get(answer.request());
    answer(answer.request(), answer.response());
    if (done != null && asked.remove(answer.request(), done)) {
      done.body.drop();
    }
  }

  /** The answer, charged at once: its event loop may be long in getting to it. Any thread. */
  private Answer charged(RoutingContext request, Asked of, HttpResponse response) {
    Answer answer = new Answer(request, of.address, response);
    if (!answer.isTooMuchWith(0)) {
      return answer;
    }
    answer.letGo();
    parts.hit(RequestLimit.MEMORY, "503", of.actor);
    return new Answer(
        request, of.address, HttpAnswers.unavailable("the server has too many answers to send"));
  }

  /**
   * An answer of an actor, until it is written: a long one goes to the network piece by piece, as
   * the client reads. If it reads nothing for {@link GatewayOptions#reading} the connection is
   * closed. On the request's context, once it is made.
   */
  private final class Answer extends ClientMemory.Holder {
    private final RoutingContext request;
    private final HttpResponse response;
    private final ByteBuffer rest;
    private long stalled;

    Answer(RoutingContext request, ClientMemory.@Nullable Address address, HttpResponse response) {
      super(parts.memory(), Held.ANSWERS, address);
      this.request = request;
      this.response = response;
      this.rest = response.bodyView();
      hold(rest.remaining());
    }

    void begin() {
      boolean isShort = rest.remaining() <= PIECE_BYTES;
      boolean hasNoBody = request.request().method().equals(HttpMethod.HEAD);
      if (isShort || hasNoBody) {
        HttpAnswers.send(request, response).onComplete(written -> letGo());
        return;
      }
      if (!HttpAnswers.sendHead(request, response)) {
        letGo();
        return;
      }
      request.addEndHandler(
          ended -> {
            if (ended.failed()) {
              over();
            }
          });
      request.response().putHeader("Content-Length", String.valueOf(rest.remaining()));
      request.response().drainHandler(drained -> goOn());
      goOn();
    }

    private void over() {
      vertx.cancelTimer(stalled);
      letGo();
    }

    private void goOn() {
      vertx.cancelTimer(stalled);
      HttpServerResponse http = request.response();
      while (rest.hasRemaining() && !http.writeQueueFull() && !http.closed()) {
        byte[] piece = new byte[Math.min(PIECE_BYTES, rest.remaining())];
        rest.get(piece);
        http.write(Buffer.buffer(piece));
      }
      if (!rest.hasRemaining()) {
        http.end().onComplete(written -> over());
      } else if (!http.closed()) {
        stalled =
            vertx.setTimer(
                Math.max(1, parts.options().reading().toMillis()),
                elapsed -> {
                  parts.hit(RequestLimit.READING, "close", null);
                  // At once: Vert.x's own close would wait for the client to read.
                  ChannelTakeover.channelOf(request.request()).unsafe().closeForcibly();
                  over();
                });
      }
    }
  }

  /** Whether somebody waited for it. */
  private boolean answer(long number, HttpResponse response) {
    Asked answered = asked.get(number);
    RoutingContext request = taken(answered);
    if (answered != null && request != null) {
      Answer answer = charged(request, answered, response);
      answered.context.runOnContext(run -> answer.begin());
    }
    return request != null;
  }

  /** The request, which nobody else answers then; null if somebody has, or its client is gone. */
  private @Nullable RoutingContext taken(@Nullable Asked of) {
    RoutingContext request = of == null ? null : of.request.getAndSet(null);
    if (of != null && request != null) {
      vertx.cancelTimer(of.timer);
    }
    return request;
  }
}
