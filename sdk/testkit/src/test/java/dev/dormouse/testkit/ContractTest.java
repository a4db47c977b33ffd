package dev.dormouse.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Access;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.FailurePolicy;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.Dormouse;
import dev.dormouse.server.host.ActorStatus.State;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Runs the same steps in memory and over real sockets, so that what authors of actors see of the
 * gateway cannot differ between the two. Each test has an actor of its own.
 */
class ContractTest {
  private static final TestActors MEMORY =
      TestActors.of("/parlor/:key", Parlor.class, Parlor::new, o -> o.subprotocols("tea", "milk"))
          .and("/mute/:key", Mute.class, Mute::new)
          .and("/deep/:key*", Parlor.class, Parlor::new)
          .and(
              "/strict/:key",
              Parlor.class,
              Parlor::new,
              o -> o.failurePolicy(FailurePolicy.CLOSE).messageBytesMax(100))
          .and("/calm/:key", Parlor.class, Parlor::new, o -> o.messagesPerSecondMax(1))
          .and(
              "/closed/:key",
              Parlor.class,
              Parlor::new,
              o -> o.access((actor, head) -> Access.denied(401, "not you")));

  private static final TestServer SERVER =
      TestServer.of(
          Dormouse.server()
              .actor("/parlor/:key", Parlor.class, Parlor::new, o -> o.subprotocols("tea", "milk"))
              .actor("/mute/:key", Mute.class, Mute::new)
              .actor("/deep/:key*", Parlor.class, Parlor::new)
              .actor(
                  "/strict/:key",
                  Parlor.class,
                  Parlor::new,
                  o -> o.failurePolicy(FailurePolicy.CLOSE).messageBytesMax(100))
              .actor("/calm/:key", Parlor.class, Parlor::new, o -> o.messagesPerSecondMax(1))
              .actor(
                  "/closed/:key",
                  Parlor.class,
                  Parlor::new,
                  o -> o.access((actor, head) -> Access.denied(401, "not you"))));

  /** An actor that handles neither messages nor requests. */
  static final class Mute extends WebSocketActor<Void> {
    @Override
    protected void onUpgrade(Upgrade<Void> upgrade) {
      autoReply("ping", "pong");
      upgrade.accept();
    }
  }

  /** The two that must not differ. */
  enum World {
    IN_MEMORY {
      @Override
      TestRequest request(String target) {
        return MEMORY.request(target);
      }

      @Override
      void hibernate(String type, String key) {
        MEMORY.hibernate("/" + type + "/" + key);
        assertThat(MEMORY.status("/" + type + "/" + key).state()).isEqualTo(State.ASLEEP);
      }
    },
    OVER_SOCKETS {
      @Override
      TestRequest request(String target) {
        return SERVER.request(target);
      }

      @Override
      void hibernate(String type, String key) {
        ActorId actor = new ActorId(type, key);
        assertThat(SERVER.server().hibernate(actor).toCompletableFuture().join()).isTrue();
        assertThat(SERVER.server().status(actor).state()).isEqualTo(State.ASLEEP);
      }
    };

    abstract TestRequest request(String target);

    abstract void hibernate(String type, String key);

    TestClient connect(String target) {
      return request(target).connect();
    }

    /** Connects a guest, who has heard the welcome. */
    TestClient guest(String key, String name) {
      TestClient guest = connect("/parlor/" + key + "?name=" + name);
      guest.expect("welcome " + name);
      return guest;
    }
  }

  @BeforeAll
  static void start() {
    assertThat(SERVER.server().port()).isPositive();
  }

  @AfterAll
  static void stop() {
    SERVER.close();
    MEMORY.close();
  }

  @ParameterizedTest
  @EnumSource
  void messagesGoToThoseWithTheTag(World world) {
    TestClient ann = world.guest("tags", "ann");
    TestClient bob = world.guest("tags", "bob");
    ann.expect("bob joined");
    bob.send("tagged a");
    bob.send("hello");
    ann.expect("to a", "bob: hello");
    bob.expect("bob: hello");
  }

  @ParameterizedTest
  @EnumSource
  void aMessageWakesASleepingActor(World world) {
    TestClient ann = world.guest("sleep", "ann");
    ann.send("count");
    ann.expect("1");
    world.hibernate("parlor", "sleep");
    ann.send("count");
    ann.expect("2");
  }

  @ParameterizedTest
  @EnumSource
  void automaticRepliesDoNotWakeTheActor(World world) {
    TestClient ann = world.guest("auto", "ann");
    ann.send("auto");
    ann.send("count");
    ann.expect("2");
    world.hibernate("parlor", "auto");
    ann.send("ping");
    ann.expect("pong");
    ann.send("count");
    ann.expect("3");
  }

  @ParameterizedTest
  @EnumSource
  void messagesOfAKindWithoutAHandlerCloseTheConnection(World world) {
    TestClient ann = world.guest("binary", "ann");
    TestClient bob = world.guest("binary", "bob");
    ann.send(new byte[] {1, 2});
    ann.expectClosed(1003, "this endpoint takes no binary messages");
    bob.expect("ann left 1003 VIOLATION");
    TestClient mute = world.connect("/mute/m");
    mute.send("ping");
    mute.expect("pong");
    mute.send("hello");
    mute.expectClosed(1003, "this endpoint takes no text messages");
  }

  @ParameterizedTest
  @EnumSource
  void theActorHearsHowAConnectionEnded(World world) {
    TestClient ann = world.guest("ends", "ann");
    TestClient bob = world.guest("ends", "bob");
    TestClient cat = world.guest("ends", "cat");
    TestClient dan = world.guest("ends", "dan");
    ann.close();
    ann.expectClosed(1000);
    dan.expect("ann left 1000 CLIENT");
    bob.drop();
    dan.expect("bob left 1006 CONNECTION_LOST");
    cat.send("leave");
    cat.expectClosed(4001, "bye");
    dan.expect("cat left 4001 ACTOR");
    TestClient eve = world.guest("ends", "eve");
    eve.close(4002, "enough");
    dan.expect("eve joined", "eve left 4002 CLIENT");
  }

  @ParameterizedTest
  @EnumSource
  void aFailureClosesTheSenderIfThePolicySaysSo(World world) {
    TestClient ann = world.guest("fail", "ann");
    ann.send("fail");
    ann.send("kept");
    ann.expect("nothing");
    TestClient bob = world.connect("/strict/fail?name=bob");
    bob.send("fail");
    bob.expectClosed(1011);
  }

  @ParameterizedTest
  @EnumSource
  void limitsOfMessagesCloseTheConnection(World world) {
    TestClient ann = world.connect("/strict/long?name=ann");
    ann.send("x".repeat(101));
    ann.expectClosed(1009);
    TestClient bob = world.connect("/calm/many?name=bob");
    for (int i = 0; i < 20 && bob.isOpen(); i++) {
      bob.send("count");
    }
    bob.expectClosed(1008, "too many messages in a second");
  }

  @ParameterizedTest
  @EnumSource
  void upgradesAreRefusedWithAnAnswer(World world) {
    assertThat(world.request("/parlor/refused").refusal().status()).isEqualTo(403);
    assertThat(world.request("/closed/refused?name=ann").refusal().status()).isEqualTo(401);
    assertThat(world.request("/hall/refused").refusal().status()).isEqualTo(404);
    String longKey = "k".repeat(5_000);
    assertThat(world.request("/parlor/" + longKey + "?name=ann").refusal().status()).isEqualTo(400);
    assertThat(
            world
                .request("/parlor/refused?name=ann")
                .header("Origin", "https://example.com")
                .refusal()
                .status())
        .isEqualTo(403);
  }

  @ParameterizedTest
  @EnumSource
  void theFirstSubprotocolThatIsServedIsChosen(World world) {
    TestClient ann =
        world.request("/parlor/sub?name=ann").subprotocols("water", "milk", "tea").connect();
    assertThat(ann.subprotocol()).contains("milk");
    assertThat(world.guest("sub", "bob").subprotocol()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void plainRequestsAreAnswered(World world) {
    TestClient ann = world.guest("plain", "ann");
    HttpResponse answer = world.request("/parlor/plain").post("hello");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body()).asString().isEqualTo("POST hello");
    assertThat(answer.headers()).anyMatch(h -> h.name().equalsIgnoreCase("X-Here"));
    assertThat(answer.headers())
        .noneMatch(h -> h.name().equalsIgnoreCase("Connection") && h.value().equals("close"));
    assertThat(world.request("/mute/m").get().status()).isEqualTo(426);
    assertThat(world.request("/mute/m").post("x").status()).isEqualTo(405);
    assertThat(world.request("/closed/m").get().status()).isEqualTo(401);
    assertThat(world.request("/parlor/plain").post("x".repeat((1 << 20) + 1)).status())
        .isEqualTo(413);
    ann.expectNothing();
  }

  @ParameterizedTest
  @EnumSource
  void keysAndQueriesAreDecoded(World world) {
    TestClient ann = world.connect("/parlor/a%20b%2Fc+d?NAME=an%20n+x&name=second");
    ann.expect("welcome an n x");
    ann.send("key");
    ann.expect("a b/c+d");
    TestClient bob = world.connect("/deep/a/b%20c/d?name=bob");
    bob.send("key");
    bob.expect("welcome bob", "a/b c/d");
    assertThat(world.request("/parlor/slash/?name=ann").connect().isOpen()).isTrue();
  }
}
