package dev.dormouse.server.gateway;

import static dev.dormouse.server.gateway.RawClient.BINARY;
import static dev.dormouse.server.gateway.RawClient.CONTINUATION;
import static dev.dormouse.server.gateway.RawClient.TEXT;
import static dev.dormouse.server.gateway.RawClient.frame;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.gateway.limits.HandledKinds;
import dev.dormouse.server.gateway.limits.RequestLimit;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks what becomes of messages and requests for which an actor's class has no handler. */
class UnhandledKindsTest {
  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();
  private TestServer server;
  private FakeHost host;

  @BeforeEach
  void start() {
    server = GATEWAY.open();
    host = server.host;
    host.acceptAll();
  }

  private static byte[] message(boolean isText) {
    return isText ? frame(TEXT, "hello") : frame(BINARY, "hello");
  }

  @ParameterizedTest
  @CsvSource({"text, false", "binary, true", "mute, false", "mute, true"})
  void aMessageOfAKindWithoutAHandlerClosesItsConnectionWith1003(String type, boolean isText)
      throws Exception {
    try (RawClient client = server.open("/" + type + "/one")) {
      host.nextOpen();
      client.send(message(isText));
      assertThat(client.readClose()).isEqualTo(1003);
      assertThat(host.next(ToHost.Failed.class).error())
          .isEqualTo("this endpoint takes no " + (isText ? "text" : "binary") + " messages");
      CloseReason reason = host.next(ToHost.Closed.class).reason();
      assertThat(reason.code()).isEqualTo(1003);
      assertThat(reason.cause()).isEqualTo(Cause.VIOLATION);
      host.hearsNothing();
    }
    assertThat(server.gateway.counts().unhandledClosed()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"text, true", "binary, false"})
  void messagesOfTheOtherKindReachTheActorInFragmentsToo(String type, boolean isText)
      throws Exception {
    try (RawClient client = server.open("/" + type + "/one")) {
      host.nextOpen();
      client.send(
          message(isText),
          frame(false, isText ? TEXT : BINARY, new byte[] {'a'}),
          frame(CONTINUATION, "b"));
      assertThat(host.next(ToHost.Message.class).payload().size()).isEqualTo(5);
      assertThat(host.next(ToHost.Message.class).payload().size()).isEqualTo(2);
    }
    assertThat(server.gateway.counts().unhandledClosed()).isZero();
  }

  @Test
  void aTextWithAnAutomaticReplyNeedsNoHandler() throws Exception {
    try (RawClient client = server.open("/mute/one")) {
      host.nextOpen();
      host.release(
          new ActorId("mute", "one"),
          new ToGateway.AutoReplies(List.of(new AutoReply("ping", "pong"))));
      server.awaitIdleLoops();
      assertThat(client.text("ping").readText()).isEqualTo("pong");
      client.text("pong");
      assertThat(client.readClose()).isEqualTo(1003);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "HEAD", "POST", "DELETE"})
  void aRequestWithoutAHandlerIsAnswered426Or405AndCounted(String method) throws Exception {
    try (RawClient client = server.client()) {
      client.send(method + " /text/one HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
      RawClient.Answer answer = client.readAnswer();
      if (method.equals("GET") || method.equals("HEAD")) {
        assertThat(answer.status()).isEqualTo(426);
        assertThat(answer.header("Upgrade")).containsExactly("websocket");
      } else {
        assertThat(answer.status()).isEqualTo(405);
        assertThat(answer.header("Allow")).containsExactly("GET, HEAD");
      }
      host.hearsNothing();
    }
    assertThat(server.gateway.counts().cutOff()).containsEntry(RequestLimit.UNHANDLED, 1L);
  }

  abstract static class Texts<A> extends WebSocketActor<A> {
    @Override
    protected void onMessage(Connection<A> from, String text) {}
  }

  static class Inherits extends Texts<String> {
    /** Has the name and none of the parameters of the handler. */
    void onRequest(String request) {}
  }

  static final class Bytes extends WebSocketActor<Void> {
    @Override
    protected void onMessage(Connection<Void> from, ByteBuffer bytes) {}

    @Override
    protected HttpResponse onRequest(HttpRequest request) {
      return HttpResponse.text(200, "here");
    }
  }

  static final class Mute extends WebSocketActor<Void> {}

  @Test
  void theHandlersOfAClassAreThoseThatItOrABaseClassOverrides() {
    assertThat(HandledKinds.of(Inherits.class)).isEqualTo(new HandledKinds(true, false, false));
    assertThat(HandledKinds.of(Bytes.class)).isEqualTo(new HandledKinds(false, true, true));
    assertThat(HandledKinds.of(Mute.class)).isEqualTo(new HandledKinds(false, false, false));
  }
}
