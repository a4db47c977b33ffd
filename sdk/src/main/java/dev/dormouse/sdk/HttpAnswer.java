package dev.dormouse.sdk;

import java.util.Objects;
import java.util.concurrent.CompletionStage;

/**
 * The result of {@link WebSocketActor#onRequest}: an {@link HttpResponse}, or the promise of one.
 * An actor that always has its response at hand declares {@code HttpResponse} as the return type.
 *
 * <pre>{@code
 * protected HttpAnswer onRequest(HttpRequest request) {
 *   Optional<String> city = request.head().query("city");
 *   return city.isEmpty()
 *       ? HttpResponse.text(400, "city is missing")
 *       : HttpAnswer.later(weather.of(city.get()).thenApply(w -> HttpResponse.json(200, w)));
 * }
 * }</pre>
 */
public sealed interface HttpAnswer permits HttpResponse, HttpAnswer.Later {

  /**
   * An answer that is not known yet.
   *
   * @param response completes with the response, or exceptionally
   */
  record Later(CompletionStage<HttpResponse> response) implements HttpAnswer {

    /** Checks that there is a stage. */
    public Later {
      Objects.requireNonNull(response, "response");
    }
  }

  /**
   * Returns an answer that comes later, on any thread. The turn stays open until the stage has
   * completed, as with {@link WebSocketActor#waitFor}, and callbacks of the stage belong to the
   * turn. If the stage fails, the turn fails.
   */
  static HttpAnswer later(CompletionStage<HttpResponse> response) {
    return new Later(response);
  }
}
