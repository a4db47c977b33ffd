package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.observe.Logs;
import dev.dormouse.server.protocol.ToGateway;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Checks orders to an actor from outside: to begin anew, and to close a connection. */
class OrdersTest {

  /** Answers with the number of its messages since it is in memory, and in all. */
  private static final class Asked extends Script {
    final List<String> ends = new ArrayList<>();
    final CompletableFuture<Void> never = new CompletableFuture<>();
    private int since;

    @Override
    void onActivate(Actor self) {
      since = 0;
      ends.add("activated " + self.number());
    }

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) {
      since++;
      from.send(since + " " + self.store().increment("total", 1));
      if (text.equals("wait")) {
        self.await(never);
      }
    }

    @Override
    void onHibernate(Actor self) {
      ends.add("hibernated");
    }
  }

  private final Asked asked = new Asked();
  private final TestHost node = new TestHost(asked);

  private boolean reset() {
    CompletableFuture<Boolean> dropped = node.host.reset(TestHost.ROOM, "as asked");
    node.steps.runAll();
    return dropped.isDone();
  }

  @Test
  @DisplayName("A reset drops the object without onHibernate; connections and storage stay")
  void aResetDropsTheObjectOnly() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "a");
    node.heard();

    assertThat(reset()).isTrue();
    assertThat(node.status().state()).isEqualTo(ActorStatus.State.ASLEEP);
    assertThat(node.status().connections()).isEqualTo(1);
    node.message(ada, "b");

    assertThat(node.texts()).containsExactly("1:1 2");
    assertThat(asked.ends).containsExactly("activated 1", "activated 2");
  }

  @Test
  @DisplayName("A reset gives the open turn up, and what waits behind it goes on")
  void aResetGivesTheOpenTurnUp() {
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.message(ada, "wait");
    node.offer(ada, "b");
    assertThat(node.texts()).isEmpty();
    assertThat(node.status().keptAwakeBy()).anyMatch(pin -> pin.startsWith("waitFor in a turn"));

    try (Logs logs = new Logs()) {
      assertThat(reset()).isTrue();
      assertThat(logs.lines()).anyMatch(line -> line.toString().contains("as asked"));
    }

    assertThat(node.texts()).containsExactly("1:1 1");
    assertThat(asked.ends).containsExactly("activated 1", "activated 2");
  }

  @Test
  @DisplayName("Events that wait are handled before a reset, if no turn is open")
  void whatWaitsIsHandledFirst() {
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.offer(ada, "a");

    assertThat(reset()).isTrue();
    assertThat(node.texts()).containsExactly("1:1 1");
    node.message(ada, "b");
    assertThat(node.texts()).containsExactly("1:1 2");
  }

  @Test
  @DisplayName("An event that comes at once after a reset finds a new object")
  void anEventBehindAResetFindsANewObject() {
    ConnectionId ada = node.connect("ada");
    node.message(ada, "a");
    node.heard();

    CompletableFuture<Boolean> dropped = node.host.reset(TestHost.ROOM, "as asked");
    node.offer(ada, "b");
    node.steps.runAll();

    assertThat(dropped).isDone();
    assertThat(node.texts()).containsExactly("1:1 2");
  }

  @Test
  @DisplayName("A reset of what is not in memory is done at once")
  void aResetOfWhatSleepsIsDone() {
    node.connect("ada");
    node.hibernate();

    assertThat(node.host.reset(TestHost.ROOM, "as asked")).isCompletedWithValue(true);
    assertThat(asked.ends).containsExactly("activated 1", "hibernated");
  }

  @Test
  @DisplayName("A close from outside goes to the gateway at once, and wakes nobody")
  void aCloseGoesToTheGateway() {
    ConnectionId ada = node.connect("ada");
    node.hibernate();
    node.heard();

    node.host.close(TestHost.ROOM, ada, 4000, "go home");

    assertThat(node.heard()).containsExactly(new ToGateway.Close(ada, 4000, "go home"));
    assertThat(node.status().state()).isEqualTo(ActorStatus.State.ASLEEP);
    node.close(ada, 4000);
    assertThat(node.status().connections()).isZero();
  }

  @Test
  @DisplayName("A close code that may not be sent is refused")
  void whatMayNotBeSentIsNoClose() {
    ConnectionId ada = node.connect("ada");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> node.host.close(TestHost.ROOM, ada, 1006, ""))
        .withMessageContaining("close code 1006 may not be sent");
  }
}
