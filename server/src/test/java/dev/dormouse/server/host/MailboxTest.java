package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.FailurePolicy;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToGateway.Resumed;
import dev.dormouse.server.protocol.ToGateway.Withheld;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.MemoryDisk;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MailboxTest {
  private final List<String> handled = new ArrayList<>();
  private final Script collecting =
      new Script() {
        @Override
        void onMessage(Actor self, Connection<Object> from, String text) {
          handled.add(text);
        }
      };
  private final TestHost node =
      new TestHost(
          new MemoryDisk(),
          collecting,
          FailurePolicy.KEEP_OPEN,
          HostOptions.defaults().withMailboxMax(4));

  private void offer(ConnectionId from, long sequence) {
    node.host.accept(
        new ToHost.Message(TestHost.ROOM, from, sequence, Payload.text("m" + sequence)));
  }

  @Test
  void whatDoesNotFitIsWithheldAndComesInOrderWhenThereIsRoom() {
    ConnectionId ada = node.connect("ada");
    node.heard();
    for (int i = 1; i <= 6; i++) {
      offer(ada, i);
    }
    assertThat(node.heard()).isEmpty();
    node.steps.runAll();
    assertThat(node.heard()).containsSubsequence(new Withheld(ada, 5), new Resumed(ada, 5));
    offer(ada, 6);
    offer(ada, 5);
    offer(ada, 6);
    node.steps.runAll();
    assertThat(handled).containsExactly("m1", "m2", "m3", "m4", "m5", "m6");
  }

  @Test
  void upgradesAreRefusedWhileTheMailboxIsFull() {
    ConnectionId ada = node.connect("ada");
    for (int i = 1; i <= 4; i++) {
      offer(ada, i);
    }
    node.heard();
    ConnectionId bo = node.offerUpgrade("bo");
    assertThat(node.heard())
        .containsExactly(
            new ToGateway.Rejected(
                bo, HttpResponse.text(503, "the actor is busy").with("Retry-After", "1")));
  }

  @Test
  void aCloseIsTakenEvenIfTheMailboxIsFull() {
    ConnectionId ada = node.connect("ada");
    for (int i = 1; i <= 5; i++) {
      offer(ada, i);
    }
    node.close(ada, 1000);
    assertThat(handled).containsExactly("m1", "m2", "m3", "m4");
    assertThat(node.status().connections()).isZero();
    assertThat(node.hibernate()).isTrue();
    assertThat(node.host.activeActors()).isZero();
  }
}
