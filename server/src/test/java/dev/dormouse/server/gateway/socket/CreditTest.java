package dev.dormouse.server.gateway.socket;

import static dev.dormouse.server.gateway.RawClient.frame;
import static dev.dormouse.server.gateway.TestServer.LOBBY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.FakeHost;
import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CreditTest {
  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();
  private TestServer server;
  private FakeHost host;

  @BeforeEach
  void start() {
    server = GATEWAY.open();
    host = server.host;
    host.acceptOnly();
  }

  private void hears(int from, int to) throws InterruptedException {
    for (int sequence = from; sequence <= to; sequence++) {
      ToHost.Message message = host.next(ToHost.Message.class);
      assertThat(message.sequence()).isEqualTo(sequence);
    }
  }

  @Test
  @DisplayName("a host that handles nothing hears no more than its credit, then goes on in order")
  void aHostThatHandlesNothingHearsNoMoreThanItsCreditThenGoesOnInOrder() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      for (int i = 1; i <= 40; i++) {
        client.text("m" + i);
      }
      hears(1, Transport.CREDIT);
      host.hearsNothing();
      host.release(LOBBY, new ToGateway.Handled(id, 1));
      hears(17, 17);
      host.hearsNothing();
      host.release(LOBBY, new ToGateway.Handled(id, 10));
      hears(18, 26);
      host.release(LOBBY, new ToGateway.Handled(id, 26));
      hears(27, 40);
      host.release(LOBBY, new ToGateway.Handled(id, 40));
      client.text("41");
      hears(41, 41);
      host.hearsNothing();
    }
  }

  @Test
  @DisplayName("while the credit is used up the socket is not read; the client has to wait")
  void whileTheCreditIsUsedUpTheSocketIsNotRead() throws Exception {
    int messages = 400;
    byte[] payload = new byte[1 << 16];
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      CompletableFuture<Void> sender =
          CompletableFuture.runAsync(
              () -> {
                for (int i = 1; i <= messages; i++) {
                  ByteBuffer.wrap(payload).putInt(i);
                  client.send(frame(RawClient.BINARY, payload));
                }
              });
      hears(1, Transport.CREDIT);
      host.hearsNothing();
      assertThat(sender).isNotDone();
      assertThat(server.gateway.counts().messagesIn()).isLessThan(Transport.CREDIT + 4);
      for (int i = 1; i <= messages; i++) {
        host.release(LOBBY, new ToGateway.Handled(id, i));
        if (i + Transport.CREDIT <= messages) {
          ToHost.Message message = host.next(ToHost.Message.class);
          assertThat(message.sequence()).isEqualTo(i + Transport.CREDIT);
          assertThat(ByteBuffer.wrap(message.payload().bytes()).getInt())
              .isEqualTo(i + Transport.CREDIT);
        }
      }
      sender.get(10, TimeUnit.SECONDS);
      host.hearsNothing();
    }
  }

  @Test
  @DisplayName("pings, and a close, behind messages that wait for the actor are answered at once")
  void pingsAndACloseBehindMessagesThatWaitForTheActorAreAnsweredAtOnce() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      for (int i = 1; i <= 100; i++) {
        client.text("m" + i).send(frame(RawClient.PING, "p" + i));
      }
      for (int i = 1; i <= 100; i++) {
        assertThat(client.readFrame().text()).isEqualTo("p" + i);
      }
      client.send(RawClient.closeFrame(1000, "enough"));
      assertThat(client.readClose()).isEqualTo(1000);
      client.awaitEnd();
      hears(1, Transport.CREDIT);
      for (int i = 1; i <= 100; i++) {
        host.release(LOBBY, new ToGateway.Handled(id, i));
        if (i + Transport.CREDIT <= 100) {
          hears(i + Transport.CREDIT, i + Transport.CREDIT);
        }
      }
      assertThat(host.nextClosed()).isEqualTo(new CloseReason(1000, "enough", Cause.CLIENT));
    }
  }

  @Test
  @DisplayName("a withheld message is kept, and all are sent again from there when they are wanted")
  void withheldAndResumed() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      for (int i = 1; i <= 5; i++) {
        client.text("m" + i);
      }
      hears(1, 5);
      host.release(
          LOBBY,
          new ToGateway.Handled(id, 2),
          new ToGateway.Withheld(id, 3),
          new ToGateway.Send(id, Payload.text("done")));
      assertThat(client.readText()).isEqualTo("done");
      client.text("m6");
      host.hearsNothing();
      host.release(LOBBY, new ToGateway.Resumed(id, 3));
      hears(3, 6);
      host.release(LOBBY, new ToGateway.Withheld(id, 5), new ToGateway.Handled(id, 4));
      host.hearsNothing();
      host.release(LOBBY, new ToGateway.Resumed(id, 5));
      hears(5, 6);
      host.release(LOBBY, new ToGateway.Handled(id, 6));
      client.text("m7");
      hears(7, 7);
    }
  }

  @Test
  @DisplayName("a client that leaves while its messages are withheld: they come, then its close")
  void leavesWhileWithheld() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      client.text("m1").text("m2");
      hears(1, 2);
      host.release(LOBBY, new ToGateway.Withheld(id, 1));
      client.endOutput();
      client.awaitEnd();
      host.hearsNothing();
      host.release(LOBBY, new ToGateway.Resumed(id, 1));
      hears(1, 2);
      host.release(LOBBY, new ToGateway.Handled(id, 2));
      assertThat(host.nextClosed().code()).isEqualTo(1006);
    }
  }

  @Test
  @DisplayName(
      "a burst far over the credit stays in the network, though the client ends its output")
  void floodThenEnd() throws Exception {
    try (RawClient client = server.open("/small/one")) {
      host.nextOpen();
      byte[] tiny = frame(RawClient.BINARY, "");
      byte[] many = new byte[tiny.length * 100_000];
      for (int i = 0; i < many.length; i += tiny.length) {
        System.arraycopy(tiny, 0, many, i, tiny.length);
      }
      client.send(many);
      client.endOutput();
      hears(1, Transport.CREDIT);
      host.hearsNothing();
      assertThat(server.gateway.counts().messagesIn()).isLessThan(40_000);
    }
  }

  @Test
  @DisplayName("messages read when the client ends its output are handled in order, then the close")
  void readThenEnd() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      byte[] small = frame(RawClient.BINARY, "x");
      byte[] many = new byte[small.length * 2_000];
      for (int i = 0; i < many.length; i += small.length) {
        System.arraycopy(small, 0, many, i, small.length);
      }
      client.send(many).endOutput();
      client.awaitEnd();
      long heard = 0;
      ToHost next = host.next(ToHost.class);
      while (next instanceof ToHost.Message message) {
        assertThat(message.sequence()).isEqualTo(++heard);
        host.release(LOBBY, new ToGateway.Handled(id, heard));
        next = host.next(ToHost.class);
      }
      assertThat(next).isInstanceOf(ToHost.Closed.class);
      assertThat(heard).isEqualTo(server.gateway.counts().messagesIn()).isGreaterThan(500);
    }
  }
}
