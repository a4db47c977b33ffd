package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.StoreOptions;
import dev.dormouse.storage.Stores;
import io.vertx.core.Context;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks on which threads the admin port reads the store. */
@Timeout(120)
class AdminThreadsTest {
  private static final ActorId LOBBY = new ActorId("parlor", "lobby");
  private static final Set<String> READING = Set.of("get", "scan", "scanAll");

  private final Queue<String> reads = new ConcurrentLinkedQueue<>();

  /**
   * Returns the store, with each read written down: its kind, and whether it ran on an event loop.
   */
  private NodeStore watched(NodeStore store) {
    return (NodeStore)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {NodeStore.class},
            (proxy, method, arguments) -> {
              if (READING.contains(method.getName())) {
                reads.add(
                    method.getName()
                        + (Context.isOnEventLoopThread() ? " on an event loop" : " elsewhere"));
              }
              try {
                return method.invoke(store, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Test
  @DisplayName("No page and no order reads the store on an event loop")
  void nothingIsReadOnAnEventLoop(@TempDir Path folder) throws Exception {
    NodeStore store = Stores.open(StoreOptions.in(folder).durability(Durability.WAL));
    try (DormouseServer server = Parlor.open(watched(store), new CompletableFuture<>());
        TextClient ada = new TextClient(server, "/parlor/lobby")) {
      ada.ask("keep a 10");
      assertThat(server.hibernate(LOBBY).toCompletableFuture().get(30, TimeUnit.SECONDS)).isTrue();
      AdminClient admin = new AdminClient(server);
      String actor = "/api/actors/parlor/lobby";

      for (String path :
          List.of(
              "/actors/parlor/lobby",
              "/api/actors",
              actor,
              actor + "/connections",
              actor + "/values",
              actor + "/value?key=61")) {
        reads.clear();
        assertThat(admin.get(path).status()).as(path).isEqualTo(200);
        assertThat(reads).as(path).isNotEmpty().allMatch(read -> read.endsWith(" elsewhere"));
      }
      for (String path :
          List.of(
              "/actors/parlor/lobby/hibernate",
              actor + "/hibernate",
              actor + "/reset",
              actor + "/connections/1.1/close")) {
        reads.clear();
        assertThat(admin.post(path).status()).as(path).isEqualTo(200);
        assertThat(reads).as(path).isNotEmpty().allMatch(read -> read.endsWith(" elsewhere"));
      }
      reads.clear();
      for (String path :
          List.of("/api/node", "/counts", "/healthz", "/", "/actors/parlor/lobby/connections")) {
        assertThat(admin.get(path).status()).as(path).isEqualTo(200);
      }
      assertThat(reads).noneMatch(read -> read.endsWith(" on an event loop"));
    }
  }
}
