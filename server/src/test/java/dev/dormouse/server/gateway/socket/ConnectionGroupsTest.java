package dev.dormouse.server.gateway.socket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.limits.Admission;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.HandledKinds;
import dev.dormouse.server.gateway.limits.Tally;
import dev.dormouse.server.gateway.owner.OwnerLinks;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Time;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ConnectionGroupsTest {
  private static final EventLoop LOOP = new DefaultEventLoop();

  private final SocketParts parts =
      new SocketParts(
          new Tally(
              GatewayOptions.defaults().withoutPings(),
              Time.system(),
              new Observers(Time.system())),
          new OwnerLinks(Placement.fixed(new Owner("", 1)), new DirectTransport(), Time.system()));
  private final ConnectionGroups groups = parts.groups();

  private ClientSocket socket(String key, long number) {
    ConnectionId id = ConnectionId.of(1, number);
    return new ClientSocket(
        parts,
        ActorOptions.defaults(),
        HandledKinds.ALL,
        new ActorId("chat", key),
        id,
        LOOP,
        null,
        List.of(),
        seat());
  }

  private Admission.Place seat() {
    return (Admission.Place) parts.tally().admission().admit(null, 0);
  }

  private List<ClientSocket> membersOf(String key) {
    List<ClientSocket> members = new ArrayList<>();
    groups.forEach(new ActorId("chat", key), members::add);
    return members;
  }

  @Test
  @DisplayName("sockets come and go in any order; an actor without any costs nothing")
  void comeAndGo() {
    List<ClientSocket> sockets = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      sockets.add(socket("a", i));
      groups.add(sockets.get(i));
    }
    groups.leave(sockets.get(1));
    groups.leave(sockets.get(1));
    groups.leave(sockets.get(4));
    assertThat(membersOf("a"))
        .containsExactlyInAnyOrder(sockets.get(0), sockets.get(2), sockets.get(3));
    assertThat(groups.get(0, sockets.get(1).id())).isSameAs(sockets.get(1));
    assertThat(groups.size()).isEqualTo(5);
    sockets.forEach(groups::remove);
    assertThat(groups.size()).isZero();
    assertThat(groups.actors()).isZero();
  }

  @Test
  @DisplayName("the groups tell when the last connection is gone")
  void aGroupSaysWhenTheLastOneIsGone() {
    AtomicInteger empty = new AtomicInteger();
    groups.onEmpty(empty::incrementAndGet);
    ClientSocket one = socket("a", 1);
    ClientSocket two = socket("b", 2);
    groups.add(one);
    groups.add(two);
    groups.remove(one);
    assertThat(empty).hasValue(0);
    groups.remove(two);
    assertThat(empty).hasValue(1);
  }

  @Test
  @DisplayName("threads that add, remove and look lose nobody and leave nothing")
  void threadsThatAddRemoveAndLookLoseNobodyAndLeaveNothing() throws Exception {
    ClientSocket resident = socket("a", 0);
    groups.add(resident);
    List<CompletableFuture<Void>> threads = new ArrayList<>();
    for (int t = 1; t <= 4; t++) {
      int number = t * 1_000_000;
      threads.add(
          CompletableFuture.runAsync(
              () -> {
                Random random = new Random(number);
                for (int i = 0; i < 20_000; i++) {
                  ClientSocket socket = socket(random.nextBoolean() ? "a" : "b", number + i);
                  groups.add(socket);
                  assertThat(membersOf(socket.actor().key())).contains(socket);
                  assertThat(membersOf("a")).contains(resident);
                  groups.leave(socket);
                  groups.remove(socket);
                }
              }));
    }
    for (CompletableFuture<Void> thread : threads) {
      thread.get(30, TimeUnit.SECONDS);
    }
    assertThat(membersOf("a")).containsExactly(resident);
    assertThat(groups.size()).isEqualTo(1);
    assertThat(groups.actors()).isEqualTo(1);
  }
}
