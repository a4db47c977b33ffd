package dev.dormouse.server.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.Dormouse;
import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.observe.LogFence;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/**
 * Checks how the whole server answers heads that no decent client sends, and that it logs none of
 * them.
 */
class HostileHeadsTest {
  private static DormouseServer server;

  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);

  /** Answers plain requests too. */
  static final class Page extends WebSocketActor<Void> {
    @Override
    protected HttpResponse onRequest(HttpRequest request) {
      return HttpResponse.text(200, "here I am");
    }
  }

  @BeforeAll
  static void start() {
    server =
        Dormouse.server()
            .actor("/page/:key", Page.class, Page::new)
            .open(
                ServerOptions.defaults()
                    .port(0)
                    .adminPort(0)
                    .data(Path.of("not-used"))
                    .durability(Durability.MEMORY));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void listen() {
    logged.start();
    root.addAppender(logged);
  }

  @AfterEach
  void nothingIsLogged() {
    LogFence.awaitLines();
    root.detachAppender(logged);
    assertThat(logged.list).isEmpty();
    assertThat(answer("GET /page/a HTTP/1.1", List.of("Host: x")).body()).isEqualTo("here I am");
  }

  private static Answer answer(String requestLine, List<String> headers) {
    try (RawClient client = new RawClient(server.port())) {
      return client.send(RawClient.head(requestLine, headers)).readAnswer();
    }
  }

  private static int upgrade(String header) {
    List<String> headers = new ArrayList<>(RawClient.goodHeaders());
    if (header.startsWith("Host:")) {
      headers.removeIf(good -> good.startsWith("Host:"));
    }
    headers.add(header);
    return answer("GET /page/a HTTP/1.1", headers).status();
  }

  private static int get(String header) {
    List<String> headers =
        header.startsWith("Host:") ? List.of(header) : List.of("Host: x", header);
    return answer("GET /page/a HTTP/1.1", headers).status();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Host: a b",
        "Host: a/b",
        "Host: a@b",
        "Host: a\tb",
        "Host: [::1",
        "Host: a:99999",
        "Host: a:x",
        "Host: <script>",
        "Host: \u00e4",
        "Host: a\0b",
        "Host: a\r\nHost: a",
        "Bad Name: x",
        "no colon",
        "X: a\0b",
        "X: a\rb",
        "X: a\u0001b",
        "X\u007f: x",
        "Cookie: \0",
        "Content-Length: -1",
        "Content-Length: x",
        "Content-Length: 99999999999999999999",
        "Content-Length: 3\r\nContent-Length: 4",
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: nonsense"
      })
  @DisplayName("S13 a hostile header is answered 400, on an upgrade and on a plain request")
  void aHostileHeaderIsAnswered400OnAnUpgradeAndOnAPlainRequest(String header) {
    assertThat(upgrade(header)).isEqualTo(400);
    assertThat(get(header)).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /page/a",
        "GET",
        "G\0T /page/a HTTP/1.1",
        "GET * HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "CONNECT dormouse.test:80 HTTP/1.1",
        "GET page/a HTTP/1.1",
        "GET ? HTTP/1.1",
        "GET http://a b/ HTTP/1.1",
        "GET /page/a?%zz HTTP/1.1",
        "GET /page/a?a=% HTTP/1.1",
        "GET /page/\u00ff HTTP/1.1",
        "GET /page/\u00c3\u00a4 HTTP/1.1",
        "GET /page/a\0 HTTP/1.1",
        "\u0016\u0003\u0001\u0000"
      })
  @DisplayName("S13 a hostile request line is answered 400, on an upgrade and on a plain request")
  void aHostileRequestLineIsAnswered400OnAnUpgradeAndOnAPlainRequest(String line) {
    assertThat(answer(line, RawClient.goodHeaders()).status()).isEqualTo(400);
    assertThat(answer(line, List.of("Host: x")).status()).isEqualTo(400);
  }
}
