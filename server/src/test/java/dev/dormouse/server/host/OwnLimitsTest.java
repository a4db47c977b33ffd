package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.MemoryDisk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Checks that the limits of an actor type take the place of the default ones. */
class OwnLimitsTest {
  private final MemoryDisk disk = new MemoryDisk();
  private final Doing doing = new Doing();
  private TestHost node = new TestHost(disk, doing, ActorOptions.defaults());

  /** Does a test's work inside a turn, and notes what it throws. */
  private static final class Doing extends Script {
    interface Deed {
      void of(Actor self, Connection<Object> from) throws Exception;
    }

    private Deed deed = (self, from) -> {};
    private Deed onActivate = (self, from) -> {};
    private final List<String> thrown = new ArrayList<>();
    private final List<Alarm> alarms = new ArrayList<>();

    @Override
    void onActivate(Actor self) throws Exception {
      onActivate.of(self, null);
    }

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) throws Exception {
      try {
        deed.of(self, from);
        thrown.add("");
      } catch (RuntimeException e) {
        thrown.add(e.getMessage());
      }
    }

    @Override
    HttpResponse onRequest(Actor self, HttpRequest request) {
      return HttpResponse.text(200, "here");
    }

    @Override
    void onAlarm(Actor self, Alarm alarm) {
      alarms.add(alarm);
      throw new IllegalStateException("as asked");
    }
  }

  private void use(UnaryOperator<ActorOptions> options) {
    node = new TestHost(disk, doing, options.apply(ActorOptions.defaults()));
  }

  /** Does a deed in a turn, and returns what it threw; empty if nothing. */
  private String outcome(Doing.Deed deed) {
    ConnectionId from = node.connect("ada");
    doing.deed = deed;
    node.message(from, "do");
    return doing.thrown.get(doing.thrown.size() - 1);
  }

  private static List<Integer> rejections(TestHost of) {
    return of.heard().stream()
        .filter(ToGateway.Rejected.class::isInstance)
        .map(said -> ((ToGateway.Rejected) said).response().status())
        .toList();
  }

  @Test
  void anActorHibernatesAfterTheIdleTimeOfItsType() {
    use(options -> options.idle(Duration.ofSeconds(60)));
    node.connect("ada");
    node.pass(Duration.ofSeconds(59));
    assertThat(node.host.isActive(TestHost.ROOM)).isTrue();
    node.pass(Duration.ofSeconds(2));
    assertThat(node.host.isActive(TestHost.ROOM)).isFalse();
  }

  @Test
  void aTurnLastsAsLongAsItsTypeAllows() {
    use(options -> options.turnLimit(Duration.ofSeconds(90)));
    outcome((self, from) -> self.await(new CompletableFuture<>()));
    node.pass(Duration.ofSeconds(89));
    assertThat(node.status().keptAwakeBy()).anyMatch(pin -> pin.contains("turn"));
    node.pass(Duration.ofSeconds(2));
    assertThat(node.status().keptAwakeBy()).noneMatch(pin -> pin.contains("turn"));
  }

  @Test
  void asManyEventsWaitAsTheTypeAllows() {
    use(options -> options.mailboxMax(3));
    ConnectionId ada = node.connect("ada");
    node.heard();
    for (int i = 0; i < 3; i++) {
      node.offer(ada, "m");
    }
    node.offerUpgrade("bo");
    assertThat(rejections(node)).containsExactly(503);
  }

  @Test
  void anEventIsGivenUpAfterTheAttemptsOfItsType() {
    use(options -> options.activationAttemptsMax(2));
    List<String> attempts = new ArrayList<>();
    doing.onActivate =
        (self, from) -> {
          attempts.add("");
          throw new IllegalStateException("as asked");
        };
    node.offer(ConnectionId.of(node.store.run(), 1), "m");
    node.steps.runAll();
    node.pass(Duration.ofMinutes(5));
    assertThat(attempts).hasSize(2);
    assertThat(node.host.eventsGivenUp()).isEqualTo(1);
  }

  @Test
  void anActorHasAsManyConnectionsAsItsTypeAllows() {
    use(options -> options.connectionsMax(2));
    node.connect("ada");
    node.connect("bo");
    assertThat(rejections(node)).isEmpty();
    node.connect("cy");
    assertThat(rejections(node)).containsExactly(503);
  }

  @Test
  void aConnectionHasAsManyTagsAsItsTypeAllows() {
    use(options -> options.tagsMax(2));
    assertThat(outcome((self, from) -> from.tag("a", "b"))).isEmpty();
    assertThat(outcome((self, from) -> from.tag("a", "b", "c")))
        .isEqualTo("the number of tags of a connection is 3; the limit is 2");
  }

  @Test
  void anActorHasAsManyAlarmsAsItsTypeAllows() {
    use(options -> options.alarmsMax(1));
    assertThat(outcome((self, from) -> self.clock().after("a", Duration.ofHours(1)))).isEmpty();
    assertThat(outcome((self, from) -> self.clock().after("b", Duration.ofHours(1))))
        .isEqualTo("the number of alarms of an actor is 2; the limit is 1");
  }

  @Test
  void alarmsOverALimitThatWasLoweredStay() {
    outcome(
        (self, from) -> {
          self.clock().after("a", Duration.ofHours(1));
          self.clock().after("b", Duration.ofHours(1));
        });
    node.hibernate();
    use(options -> options.alarmsMax(1));
    List<Alarm> alarms = new ArrayList<>();
    assertThat(outcome((self, from) -> alarms.addAll(self.clock().list()))).isEmpty();
    assertThat(alarms).extracting(Alarm::name).containsExactly("a", "b");
  }

  @Test
  void anAlarmIsGivenUpAfterTheAttemptsOfItsType() {
    use(options -> options.alarmAttemptsMax(2));
    outcome((self, from) -> self.clock().after("a", Duration.ZERO));
    node.ring();
    node.ringAfter(Duration.ofSeconds(3));
    assertThat(doing.alarms).extracting(Alarm::isLastAttempt).containsExactly(false, true);
    node.ringAfter(Duration.ofHours(1));
    assertThat(doing.alarms).hasSize(2);
    assertThat(node.host.alarmCounts().givenUp()).isEqualTo(1);
  }

  @Test
  void storageKeysAndValuesAreAsLargeAsTheTypeAllows() {
    use(options -> options.storageKeyBytesMax(4).storageValueBytesMax(100));
    assertThat(outcome((self, from) -> self.store().put("four", 1))).isEmpty();
    assertThat(outcome((self, from) -> self.store().put("fifth", 1)))
        .isEqualTo("a storage key is 5 bytes; the limit is 4");
    assertThat(outcome((self, from) -> self.store().put("four", new byte[200])))
        .contains("the value of key 'four'", "is more than 100 bytes");
    use(
        options ->
            options
                .storageKeyBytesMax(ActorOptions.STORAGE_KEY_BYTES_CEILING)
                .storageValueBytesMax(ActorOptions.STORAGE_VALUE_BYTES_CEILING));
    String longest = "k".repeat(ActorOptions.STORAGE_KEY_BYTES_CEILING);
    byte[] large = new byte[ActorOptions.STORAGE_VALUE_BYTES_CEILING - 100];
    assertThat(outcome((self, from) -> self.store().put(longest, large))).isEmpty();
    node.hibernate();
    assertThat(
            outcome(
                (self, from) ->
                    assertThat(self.store().get(longest, byte[].class).orElseThrow())
                        .hasSize(large.length)))
        .isEmpty();
  }

  @Test
  void aTurnSendsAndStoresAsMuchAsItsTypeAllows() {
    use(options -> options.turnBytesMax(1_000));
    assertThat(outcome((self, from) -> from.send("x".repeat(100)))).isEmpty();
    assertThat(outcome((self, from) -> from.send("x".repeat(1_000))))
        .startsWith("what one turn sends and stores is 1")
        .endsWith("; the limit is 1000");
  }

  @Test
  void anActorHasAsManyAndAsLongAutomaticRepliesAsItsTypeAllows() {
    use(options -> options.autoRepliesMax(1).autoReplyBytesMax(4));
    assertThat(outcome((self, from) -> self.reply("ping", "pong"))).isEmpty();
    assertThat(outcome((self, from) -> self.reply("more", "")))
        .isEqualTo("the number of automatic replies is 2; the limit is 1");
    assertThat(outcome((self, from) -> self.reply("ping", "pong!")))
        .isEqualTo("an automatic reply is 5 bytes; the limit is 4");
  }

  @Test
  void withTooManyBusyActorsInMemoryOthersAreRefusedUntilThereIsRoom() {
    List<CompletableFuture<Void>> stages = new ArrayList<>();
    TestHost small =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                CompletableFuture<Void> stage = new CompletableFuture<>();
                stages.add(stage);
                self.await(stage);
              }
            },
            HostOptions.defaults().withActiveActorsMax(2));
    for (int i = 1; i <= 3; i++) {
      ActorId busy = new ActorId("room", "busy" + i);
      ConnectionId id = ConnectionId.of(small.store.run(), i);
      small.host.accept(new ToHost.Open(busy, id, TestHost.head("a", "b"), null));
      small.host.accept(new ToHost.Message(busy, id, 1, Payload.text("m")));
      small.steps.runAll();
    }
    small.heard();
    small.tickAfter(TestHost.TICK);
    small.connect("newcomer");
    assertThat(rejections(small)).containsExactly(503);
    stages.get(0).complete(null);
    small.steps.runAll();
    small.tickAfter(TestHost.TICK);
    small.tickAfter(TestHost.TICK);
    assertThat(small.host.activeActors()).isEqualTo(2);
    small.connect("newcomer");
    assertThat(rejections(small)).isEmpty();
  }
}
