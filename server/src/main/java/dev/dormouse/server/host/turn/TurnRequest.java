package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;

/** A plain HTTP request that a handler answers. The activation's monitor guards its answer. */
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

  @Override
  public void respond(HttpResponse response) {
    synchronized (activation) {
      Turn turn = activation.turn();
      if (turn.isAnswered()) {
        throw new IllegalStateException("this request was answered already");
      }
      turn.answer(new ToGateway.Responded(request.request(), response));
    }
  }
}
