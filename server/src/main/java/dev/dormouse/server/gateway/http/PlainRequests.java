package dev.dormouse.server.gateway.http;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.gateway.http.IncomingRequest.Expectation;
import dev.dormouse.server.gateway.limits.Admission;
import dev.dormouse.server.gateway.limits.ClientMemory;
import dev.dormouse.server.gateway.limits.ClientMemory.Held;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.Refusal;
import dev.dormouse.server.gateway.limits.RequestLimit;
import dev.dormouse.server.gateway.limits.Tally;
import dev.dormouse.server.gateway.owner.OwnerLinks;
import dev.dormouse.server.gateway.wire.ByteChunks;
import dev.dormouse.server.protocol.HeapCost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Passes plain HTTP requests to actors, and their answers back. It asks the access rule, reads the
 * body of at most {@link HttpRequest#BODY_BYTES_MAX} bytes [413], asks the host, and sends the
 * host's answer, which must come within {@link GatewayOptions#request} [504]. If requests hold too
 * much memory already, one more is refused [503]. A request is charged until the host has answered,
 * even if its client has gone, because it still waits for its actor. A request is sent again, under
 * its number, whenever the actor's owner changes; while no owner is known it waits for one.
 *
 * <p>Methods are called on the request's context, except {@link #responded}.
 */
public final class PlainRequests {
  private final Tally tally;
  private final OwnerLinks links;
  private final AccessCheck access;
  private final long run;

  /** The number of the latest request in this run; {@link #unanswered} guards its growth. */
  private final AtomicLong numbers = new AtomicLong();

  private final AwaitedAnswers<Long, ActorRequest> asked = new AwaitedAnswers<>();

  /**
   * The requests that wait, by number, to be sent again to another owner; empty if the owners never
   * change. The group's monitor guards the changes of an element.
   */
  private final ConcurrentSkipListMap<Long, Unanswered> unanswered = new ConcurrentSkipListMap<>();

  /** A request that may have to be sent again. */
  private final class Unanswered {
    private final ActorRequest request;
    private final long number;
    private final byte[] body;
    private boolean isSent;

    Unanswered(ActorRequest request, long number, byte[] body) {
      this.request = request;
      this.number = number;
      this.body = body;
    }

    /** Sends the request, if the gateway is still attached to this owner. */
    void send(int group, @Nullable Owner owner) {
      Map.Entry<Long, Unanswered> first = unanswered.firstEntry();
      long settled = first == null ? number : first.getKey();
      isSent |=
          links.send(
              group,
              owner,
              new ToHost.Request(request.actor(), number, request.head(), body, settled, isSent));
    }
  }

  /** Memory that is held for a request, and counts at its client's address until it is released. */
  private abstract static class OfClient extends ClientMemory.Holder {
    private final Admission.Place place;
    private final AtomicBoolean isOver = new AtomicBoolean();

    /** Creates a holder of nothing at a place that {@link Admission#beginRequest} has returned. */
    OfClient(ClientMemory memory, Held kind, Admission.Place place) {
      super(memory, kind, place);
      this.place = place;
    }

    /** Releases all bytes and the place. Further calls do nothing. */
    final void over() {
      letGo();
      if (!isOver.getAndSet(true)) {
        place.endRequest();
      }
    }
  }

  /** The body of a request as it comes, charged with its head. On the request's context. */
  private static final class Body extends OfClient {
    private ByteChunks bytes = new ByteChunks();

    Body(ClientMemory memory, Admission.Place place, long headBytes) {
      super(memory, Held.REQUESTS, place);
      hold(headBytes);
    }

    /** Adds a part of the body, and returns whether it was within the limit of bodies. */
    boolean add(Buffer part) {
      int length = part.length();
      if (length > HttpRequest.BODY_BYTES_MAX - bytes.size()) {
        return false;
      }
      long before = bytes.heldBytes();
      for (int from = 0; from < length; ) {
        byte[] chunk = bytes.chunk(length - from);
        int some = Math.min(chunk.length - bytes.at(), length - from);
        part.getBytes(from, from + some, chunk, bytes.at());
        bytes.wrote(some);
        from += some;
      }
      hold(bytes.heldBytes() - before);
      return true;
    }

    /** Charges the copy that {@link #whole} makes, and returns whether the client may hold it. */
    boolean mayBeWhole() {
      hold(HeapCost.ofBytes(bytes.size()));
      return !isTooMuchWith(0);
    }

    /** Returns the body, after {@link #mayBeWhole}, and forgets it. */
    byte[] whole() {
      byte[] whole = bytes.toArray();
      hold(-bytes.heldBytes());
      bytes = new ByteChunks();
      return whole;
    }

    /** Releases the body's bytes, because Vert.x may refer to this object for a while longer. */
    void drop() {
      bytes = new ByteChunks();
      over();
    }
  }

  private static final HttpResponse NO_ANSWER = HttpResponse.text(204, "");

  /** The most bytes of a long answer that are handed to the network at once. */
  private static final int PIECE_BYTES = 64 << 10;

  /**
   * Creates an object that knows no requests yet.
   *
   * @param run the number of this run of the node, which is part of every request's number
   */
  public PlainRequests(Tally tally, OwnerLinks links, AccessCheck access, long run) {
    this.run = run;
    this.tally = tally;
    this.links = links;
    this.access = access;
  }

  /** Passes a request on to its actor. */
  public void pass(ActorRequest request) {
    HttpServerRequest http = request.routing().request();
    if (!http.isEnded()) {
      if (lengthOf(http) > HttpRequest.BODY_BYTES_MAX) {
        tooLarge(request);
        return;
      }
      http.pause();
    }
    access.ask(
        request,
        new AccessCheck.Asker() {
          @Override
          public void granted() {
            if (!request.routing().response().closed()) {
              read(request);
            }
          }

          @Override
          public void denied(Refusal why, HttpResponse response) {
            refuse(request, response);
          }
        });
  }

  /** Returns the header {@code Content-Length}; 0 if there is none. */
  private static long lengthOf(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    return length == null ? 0 : Long.parseLong(length.strip());
  }

  private Admission.Place placeOf(ActorRequest request) {
    return tally.admission().beginRequest(request.incoming().client());
  }

  private void read(ActorRequest request) {
    HttpServerRequest http = request.routing().request();
    Body body = new Body(tally.memory(), placeOf(request), request.headBytes());
    if (body.isTooMuchWith(0)) {
      tooMuch(request, body);
    } else if (http.isEnded()) {
      Buffer read = request.routing().body().buffer();
      if (read == null || isAdded(request, body, read)) {
        ask(request, body);
      }
    } else {
      readOn(request, body);
    }
  }

  private void readOn(ActorRequest request, Body body) {
    HttpServerRequest http = request.routing().request();
    if (request.incoming().expectation() == Expectation.CONTINUE) {
      request.routing().response().writeContinue();
    }
    HttpGuard guard = HttpGuard.of(http);
    if (guard != null) {
      guard.onLateBody(
          () -> {
            tally.hit(RequestLimit.BODY_TIME, "408", request.actor());
            refuse(request, HttpResponse.text(408, "the body did not come in time"));
          });
    }
    boolean[] isWhole = {false};
    request
        .routing()
        .addEndHandler(
            answeredOrGone -> {
              if (!isWhole[0]) {
                http.handler(rest -> {}).endHandler(end -> {});
                body.drop();
              }
            });
    http.handler(part -> isAdded(request, body, part));
    http.endHandler(
        end -> {
          isWhole[0] = true;
          ask(request, body);
        });
    http.resume();
  }

  /** Adds a part of a body and returns true, or answers the request and returns false. */
  private boolean isAdded(ActorRequest request, Body body, Buffer part) {
    if (!body.add(part)) {
      body.drop();
      tooLarge(request);
      return false;
    }
    if (body.isTooMuchWith(0)) {
      tooMuch(request, body);
      return false;
    }
    return true;
  }

  private void tooLarge(ActorRequest request) {
    tally.hit(RequestLimit.BODY_BYTES, "413", request.actor());
    refuse(
        request,
        HttpResponse.text(413, "a body has at most " + HttpRequest.BODY_BYTES_MAX + " bytes"));
  }

  private void tooMuch(ActorRequest request, Body body) {
    body.drop();
    tally.hit(RequestLimit.MEMORY, "503", request.actor());
    refuse(request, HttpAnswers.unavailable("the server has too many requests to handle"));
  }

  /**
   * Answers a request, and discards the rest of its body for a while, so that the client reads the
   * answer.
   */
  private void refuse(ActorRequest request, HttpResponse answer) {
    RoutingContext routing = request.routing();
    if (routing.request().isEnded()) {
      HttpAnswers.send(routing, answer);
      return;
    }
    routing.request().handler(rest -> {}).endHandler(end -> {}).resume();
    routing.response().putHeader("Connection", "close");
    HttpAnswers.send(routing, answer);
    request
        .context()
        .owner()
        .setTimer(
            Math.max(1, tally.options().drain().toMillis()),
            timer -> routing.request().connection().close());
  }

  private void ask(ActorRequest request, Body body) {
    if (!body.mayBeWhole()) {
      tooMuch(request, body);
      return;
    }
    byte[] whole = body.whole();
    int group = links.groupOf(request.actor());
    links.undisturbed(group, () -> send(request, group, whole, body::drop));
  }

  private void send(ActorRequest request, int group, byte[] body, Runnable letGo) {
    Unanswered repeatable = links.isFixed() ? null : repeatable(request, body);
    long number = repeatable == null ? nextNumber() : repeatable.number;
    asked.await(
        number, request, request.context(), tally.options().request(), () -> overdue(number));
    asked.asked(number, group, letGo);
    request
        .routing()
        .addEndHandler(
            ended -> {
              var unused = take(number);
            });
    if (repeatable == null) {
      links.send(new ToHost.Request(request.actor(), number, request.head(), body));
    } else {
      repeatable.send(group, links.owner(group));
    }
  }

  private long nextNumber() {
    return ConnectionId.of(run, numbers.incrementAndGet()).value();
  }

  /** Numbers a request and keeps it, in one step, so that no greater number is kept before it. */
  private Unanswered repeatable(ActorRequest request, byte[] body) {
    synchronized (unanswered) {
      Unanswered kept = new Unanswered(request, nextNumber(), body);
      unanswered.put(kept.number, kept);
      return kept;
    }
  }

  /** Takes out a request, which the caller then decides; null if it was decided before. */
  private @Nullable ActorRequest take(long number) {
    unanswered.remove(number);
    return asked.take(number);
  }

  /**
   * Sends the requests of a group of shards that wait to an owner that the gateway is attached to.
   * Called with the group's monitor held.
   */
  public void attached(int group, Owner owner) {
    asked.ownerChanged(group);
    for (Unanswered waiting : unanswered.values()) {
      if (links.groupOf(waiting.request.actor()) == group) {
        waiting.send(group, owner);
      }
    }
  }

  private void overdue(long number) {
    ActorRequest late = take(number);
    if (late != null) {
      answer(late, HttpResponse.text(504, "the actor did not answer in time"));
      tally.hit(RequestLimit.ANSWER_TIME, "504", late.actor());
    }
  }

  /**
   * Sends the answer of the host, unless the client was answered already or is gone. Any thread.
   */
  public void responded(ToGateway.Responded answer) {
    ActorRequest waiting = take(answer.request());
    if (waiting != null) {
      answer(waiting, answer.response());
    }
    asked.answered(answer.request());
  }

  private void answer(ActorRequest waiting, HttpResponse response) {
    Answer answer = charged(waiting, response);
    waiting.context().runOnContext(run -> answer.begin());
  }

  /** Creates an answer that is charged at once, because its event loop may send it much later. */
  private Answer charged(ActorRequest waiting, HttpResponse response) {
    Answer answer = new Answer(waiting, placeOf(waiting), response);
    if (!answer.isTooMuchWith(0)) {
      return answer;
    }
    answer.drop();
    tally.hit(RequestLimit.MEMORY, "503", waiting.actor());
    return new Answer(
        waiting,
        placeOf(waiting),
        HttpAnswers.unavailable("the server has too many answers to send"));
  }

  /**
   * An answer of an actor, until it is written. A long answer goes to the network piece by piece,
   * as the client reads. If the client reads nothing for {@link GatewayOptions#reading}, the
   * connection is closed. After its creation only the request's context uses it.
   */
  private final class Answer extends OfClient {
    private final RoutingContext request;
    private final Vertx vertx;
    private HttpResponse response;
    private boolean isDropped;
    private ByteBuffer rest;
    private long stalled;

    Answer(ActorRequest request, Admission.Place place, HttpResponse response) {
      super(tally.memory(), Held.ANSWERS, place);
      this.request = request.routing();
      this.vertx = request.context().owner();
      this.response = response;
      this.rest = response.bodyView();
      hold(HeapCost.ofBytes(rest.remaining()));
    }

    void begin() {
      boolean isShort = rest.remaining() <= PIECE_BYTES;
      boolean hasNoBody = request.request().method().equals(HttpMethod.HEAD);
      if (isShort || hasNoBody) {
        HttpAnswers.send(request, response).onComplete(written -> drop());
        return;
      }
      if (!HttpAnswers.sendHead(request, response)) {
        drop();
        return;
      }
      request.addEndHandler(
          ended -> {
            if (ended.failed()) {
              stop();
            }
          });
      request.response().putHeader("Content-Length", String.valueOf(rest.remaining()));
      request.response().drainHandler(drained -> goOn());
      goOn();
    }

    private void stop() {
      vertx.cancelTimer(stalled);
      drop();
    }

    /** Releases the answer's bytes, because Vert.x may refer to this object for a while longer. */
    private void drop() {
      isDropped = true;
      response = NO_ANSWER;
      rest = NO_ANSWER.bodyView();
      over();
    }

    private void goOn() {
      if (isDropped) {
        return;
      }
      vertx.cancelTimer(stalled);
      HttpServerResponse http = request.response();
      while (rest.hasRemaining() && !http.writeQueueFull() && !http.closed()) {
        ByteBuffer piece = rest.slice().limit(Math.min(PIECE_BYTES, rest.remaining()));
        rest.position(rest.position() + piece.remaining());
        http.write(HttpAnswers.bufferOf(piece));
      }
      if (!rest.hasRemaining()) {
        http.end().onComplete(written -> stop());
      } else if (!http.closed()) {
        stalled =
            vertx.setTimer(
                Math.max(1, tally.options().reading().toMillis()),
                elapsed -> {
                  tally.hit(RequestLimit.READING, "close", null);
                  // Vert.x's own close would wait for the client to read.
                  HttpGuard.channelOf(request.request()).unsafe().closeForcibly();
                  stop();
                });
      }
    }
  }
}
