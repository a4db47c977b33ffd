package dev.dormouse.server.gateway.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.edge.OriginPolicy;
import dev.dormouse.server.gateway.edge.Target;
import dev.dormouse.server.gateway.http.ActorRoute;
import dev.dormouse.server.gateway.limits.HandledKinds;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class HandshakeTest {
  private static final OriginPolicy OWN = new OriginPolicy(Set.of());
  private static final Target TARGET = new Target(true, false, "dormouse.test", true);

  private static final ActorRoute ROUTE =
      new ActorRoute(
          "chat", "/chat/:key", HandledKinds.ALL, ActorOptions.defaults().subprotocols("b", "a"));

  private static Handshake judge(String... headers) {
    return judge(OWN, headers);
  }

  private static Handshake judge(OriginPolicy origins, String... headers) {
    List<Header> all =
        List.of(headers).stream()
            .map(line -> line.split(": ", 2))
            .map(parts -> new Header(parts[0], parts[1]))
            .toList();
    return Handshake.of(
        new RequestHead("GET", "/", Map.of(), all, ""), TARGET, origins, ROUTE.options());
  }

  @Test
  @DisplayName("names and tokens are compared without case, and may come in lists")
  void caseAndLists() {
    assertThat(
            judge(
                "HOST: [::1]:8080",
                "connection: foo",
                "CONNECTION: keep-alive ,UPGRADE",
                "upgrade: foo, WebSocket",
                "sec-websocket-version:  13 ",
                "sec-websocket-key: " + RawClient.KEY,
                "Content-Length: 0"))
        .isEqualTo(new Handshake.Valid(RawClient.ACCEPT, null, null));
  }

  @Test
  @DisplayName("the subprotocol is the first of the client's list that is served, or none")
  void ofTheSubprotocolsTheFirstOfTheClientsListThatIsServedOrNone() {
    assertThat(subprotocol("Sec-WebSocket-Protocol: x, a ,b")).isEqualTo("a");
    assertThat(subprotocol("Sec-WebSocket-Protocol: x", "sec-websocket-protocol: b, a"))
        .isEqualTo("b");
    assertThat(subprotocol("Sec-WebSocket-Protocol: A")).isNull();
    assertThat(subprotocol("Sec-WebSocket-Protocol: ,")).isNull();
    assertThat(subprotocol("Sec-WebSocket-Protocol: a b")).isNull();
  }

  private static String subprotocol(String... asked) {
    List<String> headers = new ArrayList<>(RawClient.goodHeaders());
    headers.addAll(List.of(asked));
    return ((Handshake.Valid) judge(headers.toArray(String[]::new))).subprotocol();
  }

  @Test
  @DisplayName("two hosts, two keys or two versions are refused")
  void twoHostsTwoKeysOrTwoVersionsAreRefused() {
    String[] good = RawClient.goodHeaders().toArray(String[]::new);
    assertThat(judge(good)).isInstanceOf(Handshake.Valid.class);
    for (String twice : List.of(good[0], good[3], good[4])) {
      String[] bad = java.util.Arrays.copyOf(good, good.length + 1);
      bad[good.length] = twice;
      assertThat(judge(bad)).isInstanceOf(Handshake.Refused.class);
    }
  }

  @Test
  @DisplayName("a key must be 16 bytes in base64")
  void aKeyMustBe16BytesInBase64() {
    for (String key : List.of("AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAA", "!", "A b=")) {
      assertThat(
              judge(
                  "Host: x",
                  "Connection: Upgrade",
                  "Upgrade: websocket",
                  "Sec-WebSocket-Version: 13",
                  "Sec-WebSocket-Key: " + key))
          .isInstanceOf(Handshake.Refused.class);
    }
  }
}
