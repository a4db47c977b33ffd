package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.HttpAnswer;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A plain HTTP request that a handler answers. */
final class TurnRequest implements HttpRequest {
  private final Activation activation;
  private final ToHost.Request request;

  TurnRequest(Activation activation, ToHost.Request request) {
    this.activation = activation;
    this.request = request;
  }

  @Override
  public RequestHead head() {
    return request.head();
  }

  @Override
  public byte[] body() {
    return request.body().clone();
  }

  /**
   * Answers the request with what the handler has returned. An answer that comes later keeps the
   * open turn open.
   *
   * @throws NullPointerException if the handler has returned null
   */
  void answer(@Nullable HttpAnswer returned) {
    HttpAnswer answer =
        Objects.requireNonNull(returned, "onRequest returned null instead of an HttpResponse");
    if (answer instanceof HttpAnswer.Later later) {
      CompletionStage<HttpResponse> stage = later.response();
      Turn turn = activation.turnFor(stage);
      CompletableFuture<HttpResponse> known = new CompletableFuture<>();
      // The turn waits before the stage can call back, so that the callback belongs to the turn.
      turn.await(known.thenAccept(response -> respond(turn, response)));
      stage.whenComplete(
          (response, error) -> {
            if (error == null) {
              known.complete(response);
            } else {
              known.completeExceptionally(error);
            }
          });
    } else {
      respond(activation.turn(), (HttpResponse) answer);
    }
  }

  private void respond(Turn turn, @Nullable HttpResponse response) {
    HttpResponse known =
        Objects.requireNonNull(response, "the stage of HttpAnswer.later completed with null");
    synchronized (activation) {
      turn.check();
      turn.answer(new ToGateway.Responded(request.request(), known));
    }
  }
}
