package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A client of a server's admin port. */
final class AdminClient {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final long LIMIT_SECONDS = 30;

  /** An answer of the admin port. */
  record Answer(int status, String type, String body) {
    JsonObject json() {
      assertThat(status).as(body).isIn(200, 409);
      assertThat(type).isEqualTo("application/json");
      return new JsonObject(body);
    }
  }

  private final String url;

  AdminClient(DormouseServer server) {
    this.url = server.adminUrl();
  }

  Answer get(String path, String... headers) throws IOException, InterruptedException {
    return ask(request(path, headers).GET().build());
  }

  Answer post(String path, String... headers) throws IOException, InterruptedException {
    return ask(request(path, headers).POST(BodyPublishers.noBody()).build());
  }

  private HttpRequest.Builder request(String path, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url + path)).timeout(Duration.ofSeconds(LIMIT_SECONDS));
    return headers.length == 0 ? request : request.headers(headers);
  }

  private static Answer ask(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<String> response = HTTP.send(request, BodyHandlers.ofString());
    String type = response.headers().firstValue("Content-Type").orElse("");
    return new Answer(response.statusCode(), type, response.body());
  }

  /** Asks for a page until its content is as wanted, and returns that content. */
  JsonObject await(String path, Predicate<JsonObject> wanted) throws Exception {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    JsonObject told = get(path).json();
    while (!wanted.test(told)) {
      assertThat(System.nanoTime()).as("%s tells %s", path, told).isLessThan(deadlineNs);
      told = get(path).json();
    }
    return told;
  }

  /** Returns the objects of a list. */
  static List<JsonObject> list(JsonObject json, String name) {
    Stream<?> elements = json.getJsonArray(name).stream();
    return elements.map(JsonObject.class::cast).toList();
  }

  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
