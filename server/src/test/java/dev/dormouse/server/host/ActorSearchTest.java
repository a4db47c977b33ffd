package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.CommitChain;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.codec.Codecs;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Checks pages of actors, stored and in memory. */
class ActorSearchTest {

  private static final class Answering extends Script {
    @Override
    HttpResponse onRequest(Actor self, HttpRequest request) {
      return HttpResponse.text(200, "here");
    }
  }

  private final ManualTime time = new ManualTime();
  private final NodeStore store = Stores.memory(new MemoryDisk());
  private final Steps steps = new Steps();
  private final DirectTransport transport = new DirectTransport();
  private final ActorHost host =
      new ActorHost(
          List.of(type("room"), type("game")), store, transport, time, HostOptions.defaults());

  @BeforeEach
  void connect() {
    transport.connect(host, said -> {});
  }

  private ActorType type(String name) {
    return new ActorType(
        name,
        () -> new Script.Actor(new Answering()),
        Codecs.kryo(List.of(Script.Note.class)),
        id -> steps,
        ActorOptions.defaults());
  }

  private void store(String type, String key, int connections) {
    put(type, key, new ActorRow(1, 3).with(1, connections).encode());
  }

  private void put(String type, String key, byte[] row) {
    store.commit(
        new TurnBatch(
            new ActorId(type, key),
            store.epochOf(new ActorId(type, key)),
            new CommitChain(),
            List.of(),
            List.of(new TurnBatch.Write(Table.ACTOR, ActorRow.KEY, row))));
  }

  private void wake(String type, String key) {
    host.accept(
        new ToHost.Request(
            new ActorId(type, key),
            1,
            new RequestHead("GET", "/x", Map.of(), List.of(), ""),
            new byte[0]));
    steps.runAll();
  }

  private List<String> all(@Nullable String type, String prefix, boolean isInMemory, int limit) {
    List<String> found = new ArrayList<>();
    ActorId after = null;
    do {
      ActorPage page = host.find(new ActorQuery(type, prefix, isInMemory, after, limit));
      assertThat(page.actors()).hasSizeLessThanOrEqualTo(limit);
      page.actors().forEach(actor -> found.add(actor.id().toString()));
      after = page.next();
    } while (after != null);
    return found;
  }

  @Test
  @DisplayName("Pages of stored actors hold each of them once, by type and prefix")
  void storedActorsComeOnceEach() {
    IntStream.range(0, 30).forEach(i -> store("room", "a" + i, i % 2));
    IntStream.range(0, 10).forEach(i -> store("game", "b" + i, 0));

    for (int limit : new int[] {1, 7, 40, 100}) {
      assertThat(all(null, "", false, limit)).hasSize(40).doesNotHaveDuplicates();
      assertThat(all("room", "", false, limit)).hasSize(30).allMatch(id -> id.startsWith("room/a"));
      assertThat(all("room", "a1", false, limit)).hasSize(11).contains("room/a1", "room/a19");
      assertThat(all("game", "a", false, limit)).isEmpty();
      assertThat(all("nope", "", false, limit)).isEmpty();
    }
  }

  @Test
  @DisplayName(
      "A sleeping actor is shown from its row, an awake one from its cell, a damaged one too")
  void statesAreThoseOfRowsAndCells() {
    store("room", "asleep", 2);
    store("room", "gone", 0);
    store("room", "awake", 0);
    put("room", "damaged", new byte[] {1});
    wake("room", "awake");

    assertThat(host.find(new ActorQuery("room", "", false, null, 10)).actors())
        .extracting(actor -> actor.id().key() + " " + actor.state() + " " + actor.connections())
        .containsExactlyInAnyOrder(
            "asleep ASLEEP 2", "gone INACTIVE 0", "awake AWAKE 0", "damaged UNREADABLE 0");
  }

  @Test
  @DisplayName("Actors in memory come in the order of their keys, stored or not")
  void thoseInMemoryComeInOrder() {
    store("room", "asleep", 2);
    for (int i = 19; i >= 0; i--) {
      wake("room", "a%02d".formatted(i));
    }
    wake("game", "z");

    for (int limit : new int[] {1, 7, 21, 100}) {
      assertThat(all(null, "", true, limit))
          .hasSize(21)
          .startsWith("game/z", "room/a00", "room/a01")
          .endsWith("room/a19");
      assertThat(all("room", "a0", true, limit)).hasSize(10).isSorted();
    }
    assertThat(host.activeByType()).containsEntry("room", 20).containsEntry("game", 1).hasSize(2);
  }

  @Test
  @DisplayName("One page looks at 20,000 rows at most, and the next goes on from there")
  void onePageLooksAtABoundedNumber() {
    IntStream.range(0, 21_000).forEach(i -> store("room", "a" + i, 0));
    store("game", "b", 1);

    ActorPage first = host.find(new ActorQuery("nope", "", false, null, 10));
    assertThat(first.looked()).isBetween(ActorSearch.LOOKED_MAX, ActorSearch.LOOKED_MAX + 1_024);
    assertThat(first.next()).isNotNull();
    ActorPage second = host.find(new ActorQuery("nope", "", false, first.next(), 10));
    assertThat(second.next()).isNull();
    assertThat(first.looked() + second.looked()).isEqualTo(21_001);
    assertThat(all("game", "", false, 10)).containsExactly("game/b");
  }
}
