package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Call;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.options.ClusterOptions;
import dev.dormouse.server.options.ClusterOptions.Role;
import dev.dormouse.server.options.ServerOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs three whole servers as one cluster, with sockets on each of them. */
class ClusterServersTest {
  private static final List<String> NAMES = List.of("a", "b", "c");

  @TempDir private Path folder;

  private final Map<String, DormouseServer> servers = new TreeMap<>();
  private final Map<String, String> peers = new TreeMap<>();
  private final List<TextClient> clients = new ArrayList<>();

  /** Returns how many messages a room has stored. */
  record Count() implements Call<Integer> {}

  /** Has a room tell another one, and answer when it has done so. */
  record Pass(String to, String text) implements Call<Boolean> {}

  /** Has a room say a text to its connections. */
  record Say(String text) implements Call<Void> {}

  /** Numbers the messages of a room, and sends each to all connections. */
  public static final class Room extends WebSocketActor<String> {
    @Override
    protected void onUpgrade(Upgrade<String> upgrade) {
      upgrade.accept(upgrade.head().query("name").orElse("guest"));
    }

    @Override
    protected void onMessage(Connection<String> from, String text) {
      int number = storage().get("number", Integer.class).orElse(0) + 1;
      storage().put("number", number);
      connections().broadcast(number + " " + from.attachment() + ": " + text);
    }

    @Override
    protected void onClose(Connection<String> gone, CloseReason reason) {
      connections().broadcast(gone.attachment() + " left");
    }

    int onCall(Count call) {
      return storage().get("number", Integer.class).orElse(0);
    }

    boolean onCall(Pass call) {
      actor(Room.class, call.to()).tell(new Say(call.text()));
      return true;
    }

    void onCall(Say call) {
      connections().broadcast(call.text());
    }
  }

  @BeforeEach
  void choosePorts() throws Exception {
    Files.writeString(folder.resolve("secret"), "0123456789abcdef0123456789abcdef");
    Iterator<Integer> ports = LastingPorts.choose(NAMES.size()).iterator();
    NAMES.forEach(name -> peers.put(name, "127.0.0.1:" + ports.next()));
  }

  private void startAll(Role role) throws Exception {
    List<CompletableFuture<Void>> starts = new ArrayList<>();
    for (String name : NAMES) {
      starts.add(CompletableFuture.runAsync(() -> start(name, role)));
    }
    CompletableFuture.allOf(starts.toArray(CompletableFuture[]::new)).get(30, TimeUnit.SECONDS);
  }

  private void start(String name, Role role) {
    DormouseServer server =
        Dormouse.server()
            .actor("/room/:key", Room.class, Room::new)
            .open(
                ServerOptions.defaults()
                    .port(0)
                    .adminPort(0)
                    .data(folder.resolve(name))
                    .idle(Duration.ofMillis(200))
                    .drain(Duration.ofSeconds(10))
                    .cluster(new ClusterOptions(name, role, peers, folder.resolve("secret"), 4)));
    synchronized (servers) {
      servers.put(name, server);
    }
  }

  @AfterEach
  void stopAll() {
    clients.forEach(TextClient::close);
    servers.values().parallelStream().forEach(DormouseServer::close);
  }

  private TextClient client(String node, String room, String name) throws Exception {
    TextClient client = new TextClient(servers.get(node), "/room/" + room + "?name=" + name);
    clients.add(client);
    return client;
  }

  /** Returns rooms of all groups. */
  private List<String> rooms() {
    return IntStream.range(0, 12).mapToObj(i -> "r" + i).toList();
  }

  @Test
  @DisplayName("an actor's connections on all nodes hear its messages in one order")
  void anActorsConnectionsOnAllNodesHearItsMessagesInOneOrder() throws Exception {
    startAll(Role.ALL);
    for (String room : rooms()) {
      List<TextClient> here = new ArrayList<>();
      for (String node : NAMES) {
        here.add(client(node, room, node));
      }
      for (int i = 0; i < 3; i++) {
        here.get(i).send("hello");
        for (TextClient client : here) {
          assertThat(client.next()).isEqualTo((i + 1) + " " + NAMES.get(i) + ": hello");
        }
      }
    }
  }

  @Test
  @DisplayName("every node calls every actor, and what an actor tells arrives on other nodes")
  void everyNodeCallsEveryActor() throws Exception {
    startAll(Role.ALL);
    for (String room : rooms()) {
      client("a", room, "ada").ask("hello");
    }
    TextClient listener = client("b", "ears", "bo");
    for (String room : rooms()) {
      for (DormouseServer server : servers.values()) {
        assertThat(
                server
                    .actor(Room.class, room)
                    .ask(new Count(), Duration.ofSeconds(10))
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS))
            .isEqualTo(1);
      }
      Boolean passed =
          servers
              .get("c")
              .actor(Room.class, room)
              .ask(new Pass("ears", "from " + room), Duration.ofSeconds(10))
              .toCompletableFuture()
              .get(10, TimeUnit.SECONDS);
      assertThat(passed).isTrue();
      assertThat(listener.next()).isEqualTo("from " + room);
    }
  }

  @Test
  @DisplayName("the sockets of the others outlive a node, and nothing that was answered is lost")
  void theSocketsOfTheOthersOutliveANode() throws Exception {
    startAll(Role.ALL);
    Map<String, TextClient> talkers = new TreeMap<>();
    for (String room : rooms()) {
      talkers.put(room, client("a", room, "ada"));
      assertThat(talkers.get(room).ask("one")).isEqualTo("1 ada: one");
    }
    TextClient onB = client("b", "r0", "bo");
    servers.remove("b").close();
    assertThat(onB.next()).startsWith("closed 1001");
    assertThat(talkers.get("r0").next()).isEqualTo("bo left");
    for (String room : rooms()) {
      assertThat(talkers.get(room).ask("two")).as(room).isEqualTo("2 ada: two");
    }
    start("b", Role.ALL);
    TextClient again = client("b", "r0", "bo");
    assertThat(again.ask("back")).isEqualTo("3 bo: back");
  }

  @Test
  @DisplayName("a gateway's sockets outlive the restart of every host")
  void aGatewaysSocketsOutliveTheRestartOfEveryHost() throws Exception {
    startAll(Role.HOST);
    start("gate", Role.GATEWAY);
    Map<String, TextClient> talkers = new TreeMap<>();
    for (String room : rooms()) {
      talkers.put(room, client("gate", room, "ada"));
      assertThat(talkers.get(room).ask("hello")).isEqualTo("1 ada: hello");
    }
    int number = 1;
    for (String name : NAMES) {
      servers.remove(name).close();
      number++;
      for (String room : rooms()) {
        assertThat(talkers.get(room).ask("hello")).as(room).isEqualTo(number + " ada: hello");
      }
      start(name, Role.HOST);
      number++;
      for (String room : rooms()) {
        assertThat(talkers.get(room).ask("hello")).as(room).isEqualTo(number + " ada: hello");
      }
    }
  }
}
