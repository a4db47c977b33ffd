package dev.dormouse.server.cluster;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorRef;
import dev.dormouse.sdk.CallFailedException.Reason;
import dev.dormouse.server.cluster.link.Lane;
import dev.dormouse.server.cluster.link.LinkException;
import dev.dormouse.server.cluster.link.LinkReceiver.Answer;
import dev.dormouse.server.cluster.link.NodeLinks;
import dev.dormouse.server.protocol.CallReply;
import dev.dormouse.server.protocol.CallRequest;
import dev.dormouse.server.protocol.CallRoute;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.wire.CallCodec;
import dev.dormouse.server.protocol.wire.WireException;
import io.vertx.core.Vertx;
import java.util.Arrays;
import java.util.concurrent.CompletionException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Brings calls to actors of other nodes, and takes the calls of other nodes to actors of this one.
 * A call that certainly did not arrive, since no owner is known, the link is down, or the node that
 * was asked does not own the actor, is sent again until nobody waits for its reply. A call of which
 * this is not certain is not sent again.
 *
 * <p>Any thread may call every method.
 */
final class RemoteCalls implements CallRoute {
  private static final Logger log = Log.of(RemoteCalls.class);

  /** The time in milliseconds before a call is sent again. */
  private static final long AGAIN_MS = 50;

  private final Vertx vertx;
  private final NodeLinks links;
  private final Placement placement;
  private final byte kind;

  /** The door of this node's host; null until the host is there. */
  private volatile @Nullable CallRoute host;

  private volatile Predicate<CallRequest> isOwned = request -> false;

  /**
   * Creates the way to the actors of other nodes.
   *
   * @param kind the byte by which the lane tells calls to actors from other calls
   */
  RemoteCalls(Vertx vertx, NodeLinks links, Placement placement, byte kind) {
    this.kind = kind;
    this.vertx = vertx;
    this.links = links;
    this.placement = placement;
  }

  /** Takes the calls of other nodes from now on. */
  void serve(CallRoute host, Predicate<CallRequest> isOwned) {
    this.isOwned = isOwned;
    this.host = host;
  }

  @Override
  public void send(CallRequest request, CallReply reply) {
    byte[] body;
    try {
      body = withKind(CallCodec.encode(request));
    } catch (WireException e) {
      reply.failed(Reason.CANNOT_WAKE, String.valueOf(e.getMessage()));
      return;
    }
    send(request, body, reply);
  }

  private byte[] withKind(byte[] call) {
    byte[] body = new byte[1 + call.length];
    body[0] = kind;
    System.arraycopy(call, 0, body, 1, call.length);
    return body;
  }

  private void send(CallRequest request, byte[] body, CallReply reply) {
    if (reply.isOver()) {
      return;
    }
    CallRoute own = host;
    if (own != null && isOwned.test(request)) {
      own.send(request, reply); // the actor came to this node meanwhile
      return;
    }
    Owner owner = placement.ownerOf(placement.groupOf(request.target()));
    if (owner == null || owner.node().equals(links.node())) {
      again(request, body, reply);
      return;
    }
    var unused =
        links
            .call(owner.node(), Lane.FRAMES, body, ActorRef.DEADLINE_MAX)
            .whenComplete(
                (answer, failure) -> {
                  if (failure == null) {
                    answered(owner, request, body, answer, reply);
                  } else {
                    failed(owner, request, body, failure, reply);
                  }
                });
  }

  private void again(CallRequest request, byte[] body, CallReply reply) {
    long timer = vertx.setTimer(AGAIN_MS, elapsed -> send(request, body, reply));
    log.trace("timer {} sends a call to actor {} again", timer, request.target());
  }

  private void answered(
      Owner owner, CallRequest request, byte[] body, byte[] answer, CallReply reply) {
    try {
      CallCodec.decodeAnswer(
          answer,
          new CallCodec.Answers() {
            @Override
            public void answered(byte[] bytes) {
              reply.answered(bytes);
            }

            @Override
            public void failed(Reason reason, String why) {
              reply.failed(reason, why);
            }

            @Override
            public void notOwned() {
              again(request, body, reply);
            }
          });
    } catch (WireException e) {
      log.error(
          "the answer of node {} to a call of actor {} cannot be read: {}",
          owner.node(),
          request.target(),
          e.getMessage());
      reply.failed(Reason.ACTOR_RESET, "the answer of node " + owner.node() + " cannot be read");
    }
  }

  private void failed(
      Owner owner, CallRequest request, byte[] body, Throwable failure, CallReply reply) {
    Throwable inner = failure instanceof CompletionException ? failure.getCause() : failure;
    Throwable cause = inner == null ? failure : inner;
    if (cause instanceof LinkException link && !link.wasSent()) {
      again(request, body, reply);
    } else {
      reply.failed(
          Reason.ACTOR_RESET,
          "the link to node " + owner.node() + " was lost: " + cause.getMessage());
    }
  }

  /** Takes a call of another node. */
  void called(byte[] body, Answer answer) {
    CallRequest request;
    try {
      request = CallCodec.decode(Arrays.copyOfRange(body, 1, body.length));
    } catch (WireException e) {
      answer.fail(String.valueOf(e.getMessage()));
      return;
    }
    CallRoute own = host;
    if (own == null || !isOwned.test(request)) {
      answer.send(CallCodec.notOwned());
      return;
    }
    own.send(
        request,
        new CallReply() {
          @Override
          public void answered(byte[] bytes) {
            answer.send(CallCodec.answered(bytes));
          }

          @Override
          public void failed(Reason reason, String why) {
            answer.send(CallCodec.failed(reason, why));
          }

          @Override
          public boolean isOver() {
            return false; // the caller's node cannot be asked; its deadline ends the call there
          }
        });
  }
}
