package dev.dormouse.server.admin.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedactionTest {
  private static final SocketUrls URLS =
      new SocketUrls(
          true, () -> "0.0.0.0:8443", Map.of("chat", "/chat/:key", "docs", "/docs/:key*"));

  private final Redaction redaction = new Redaction(Set.of("chat.v1", "chat.v2"));

  @ParameterizedTest(name = "N4 {0}: {1} is shown as {2}")
  @CsvSource(
      delimiter = '|',
      value = {
        "Authorization            | Bearer abc.def.ghi          | Bearer (redacted)",
        "authorization            | Basic dXNlcjpwYXNz          | Basic (redacted)",
        "AUTHORIZATION            | opaque                      | (redacted)",
        "Authorization            | Digest username=\"x\", uri  | Digest (redacted)",
        "Proxy-Authorization      | Basic dXNlcjpwYXNz          | Basic (redacted)",
        "Cookie                   | sid=s3cret; theme=dark      | sid=(redacted); theme=(redacted)",
        "Cookie                   | s3cret                      | (redacted)",
        "Cookie                   | a=b=c                       | a=(redacted)",
        "Set-Cookie               | sid=s3cret; Path=/; Secure  | sid=(redacted); Path=/; Secure",
        "Set-Cookie               | sid=s3cret                  | sid=(redacted)",
        "Sec-WebSocket-Protocol   | chat.v2, chat.v1            | chat.v2, chat.v1",
        "Sec-WebSocket-Protocol   | chat.v2,s3cret , bearer     | chat.v2, (redacted), (redacted)",
        "X-Api-Key                | s3cret                      | (redacted)",
        "X-Auth-Token             | s3cret                      | (redacted)",
        "X-CSRF-Token             | s3cret                      | (redacted)",
        "X-Amz-Security-Token     | s3cret                      | (redacted)",
        "Referer                  | http://a/b?token=s3cret     | http://a/b?(redacted)",
        "Location                 | /login                      | /login",
        "WWW-Authenticate         | Basic realm=\"chat\"        | Basic realm=\"chat\"",
        "User-Agent               | curl/8                      | curl/8",
        "Sec-WebSocket-Key        | dGhlIHNhbXBsZSBub25jZQ==    | dGhlIHNhbXBsZSBub25jZQ==",
        "Origin                   | https://example.org         | https://example.org",
        "X-Forwarded-For          | 192.0.2.1                   | 192.0.2.1",
      })
  void aHeaderIsShownWithoutItsSecret(String name, String value, String shown) {
    assertThat(redaction.value(new Header(name, value))).isEqualTo(shown);
  }

  @Test
  @DisplayName("N4 headers of one name stay apart, and each is redacted")
  void headersOfOneNameStayApart() {
    List<Header> headers =
        List.of(
            new Header("Set-Cookie", "a=1; Path=/"),
            new Header("X-Id", "7"),
            new Header("set-cookie", "b=2"));

    assertThat(NetworkEvents.headers(headers, redaction).getMap())
        .isEqualTo(Map.of("Set-Cookie", "a=(redacted); Path=/\nb=(redacted)", "X-Id", "7"));
  }

  @Test
  @DisplayName("N4 a URL has no secrets in its query")
  void aUrlHasNoSecretsInItsQuery() {
    RequestHead head =
        new RequestHead(
            "GET",
            "/chat/a%20b",
            Map.of(
                "name", List.of("Ada & Bo", "2"),
                "token", List.of("s3cret"),
                "access_token", List.of("s3cret"),
                "Key", List.of("s3cret"),
                "apiKey", List.of("s3cret"),
                "sid", List.of("s3cret"),
                "keyboard", List.of("de")),
            List.of(new Header("Host", "chat.example")),
            "192.0.2.1");

    assertThat(URLS.of(head))
        .isEqualTo(
            "wss://chat.example/chat/a%20b?Key=(redacted)&access_token=(redacted)"
                + "&apiKey=(redacted)&keyboard=de&name=Ada%20%26%20Bo&name=2&sid=(redacted)"
                + "&token=(redacted)");
  }

  @Test
  void whereARequestIsForgottenTheUrlIsThatOfTheActor() {
    assertThat(URLS.of(new ActorId("chat", "a/ü"))).isEqualTo("wss://0.0.0.0:8443/chat/a%2F%C3%BC");
    assertThat(URLS.of(new ActorId("docs", "a/b"))).isEqualTo("wss://0.0.0.0:8443/docs/a%2Fb");
  }
}
