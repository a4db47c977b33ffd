package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.HttpAnswer;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.ResponseException;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Checks the fate of an upgrade that the actor decides, as seen from outside. */
class UpgradeEventsTest {
  private static final ActorId DOOR = new ActorId("door", "one");

  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
  private final CompletableFuture<String> slow = new CompletableFuture<>();
  private DormouseServer server;

  /** Does what the query asks for. */
  public static final class Door extends WebSocketActor<String> {
    private final BlockingQueue<String> told;
    private final CompletionStage<String> slow;

    Door(BlockingQueue<String> told, CompletionStage<String> slow) {
      this.told = told;
      this.slow = slow;
    }

    @Override
    protected void onUpgrade(Upgrade<String> upgrade) {
      switch (upgrade.head().query("do").orElse("accept")) {
        case "reject" ->
            upgrade.reject(
                HttpResponse.json(403, "{}").with("Set-Cookie", "a=1").with("Set-Cookie", "b=2"));
        case "throw" -> throw new IllegalStateException("a secret of the actor");
        case "throwStatus" ->
            throw new ResponseException(HttpResponse.text(409, "the game has begun"));
        case "throwOk" -> throw new ResponseException(HttpResponse.text(200, "fine"));
        case "waitThrow" -> {
          upgrade.accept("late");
          waitFor(
              slow.thenRun(
                  () -> {
                    throw new ResponseException(HttpResponse.text(410, "gone"));
                  }));
        }
        case "acceptThrow" -> {
          storage().put("phantom", true);
          upgrade.accept("phantom").send("never");
          throw new IllegalStateException("after accepting");
        }
        case "rejectAccept" -> {
          upgrade.reject(403, "no");
          decideAgain(upgrade);
        }
        case "acceptTwice" -> {
          upgrade.accept("once").send("once");
          decideAgain(upgrade);
        }
        case "background" -> {
          Connection<String> client = upgrade.accept("background");
          inBackground(slow.thenAccept(text -> told.add("background " + text)));
          client.send("open");
        }
        case "later" -> slow.thenAccept(text -> decideAgain(upgrade));
        case "headers" ->
            upgrade
                .accept("headers")
                .send(
                    upgrade.head().header("upgrade").orElse("none")
                        + upgrade.head().header("UPGRADE").orElse("none")
                        + upgrade.head().header("Sec-WebSocket-KEY").isPresent());
        default -> upgrade.accept("guest").send("welcome");
      }
    }

    private void decideAgain(Upgrade<String> upgrade) {
      try {
        upgrade.accept("again");
      } catch (IllegalStateException e) {
        told.add(String.valueOf(e.getMessage()));
      }
    }

    @Override
    protected void onClose(Connection<String> gone, CloseReason reason) {
      told.add("closed " + gone.attachment());
    }

    @Override
    protected HttpAnswer onRequest(HttpRequest request) {
      String what = request.head().query("do").orElse("count");
      if (what.equals("later")) {
        return HttpAnswer.later(slow.thenApply(text -> HttpResponse.text(200, text)));
      } else if (what.equals("throw")) {
        throw new ResponseException(HttpResponse.text(409, "not now").with("X-A", "1"));
      }
      return HttpResponse.text(
          200,
          connections().count()
              + " here, phantom "
              + storage().get("phantom", Boolean.class).isPresent());
    }
  }

  /** An actor that speaks WebSocket only. */
  public static final class Socket extends WebSocketActor<Void> {}

  @BeforeEach
  void start() {
    server =
        Dormouse.server()
            .actor("/door/:key", Door.class, () -> new Door(told, slow))
            .actor("/socket/:key", Socket.class, Socket::new)
            .open(
                ServerOptions.defaults()
                    .port(0)
                    .adminPort(0)
                    .data(Path.of("unused"))
                    .durability(Durability.MEMORY)
                    .eventLoops(1)
                    .idle(Duration.ofHours(1)));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Answer upgrade(String what) {
    return Desk.upgrade(server, "/door/one?do=" + what);
  }

  private String next() throws Exception {
    return told.poll(10, TimeUnit.SECONDS);
  }

  @Test
  @DisplayName("S2 the actor's rejection is sent: status, headers, each cookie, body")
  void whatTheActorRejectsWithIsSent() {
    Answer answer = upgrade("reject");
    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.header("Set-Cookie")).containsExactly("a=1", "b=2");
    assertThat(answer.header("Content-Type")).containsExactly("application/json");
    assertThat(answer.body()).isEqualTo("{}");
  }

  @Test
  void aResponseThatIsNotKnownYetIsSentWhenItsStageCompletes() {
    CompletableFuture<Answer> asked =
        CompletableFuture.supplyAsync(() -> Desk.get(server, "/door/one?do=later"));
    assertThat(Desk.get(server, "/door/two").status()).isEqualTo(200);
    slow.complete("at last");
    assertThat(asked.join().body()).isEqualTo("at last");
  }

  @Test
  @DisplayName(
      "S3 an exception of onUpgrade or onRequest is 500, or its own status; no stack trace")
  void whatOnUpgradeOrOnRequestThrowsIsAnswered500OrItsOwnStatus() {
    Answer answer = upgrade("throw");
    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.body()).isNotEmpty().doesNotContain("secret", "Exception", "at ");
    Answer known = upgrade("throwStatus");
    assertThat(known.status()).isEqualTo(409);
    assertThat(known.body()).isEqualTo("the game has begun");
    assertThat(upgrade("throwOk").status()).isEqualTo(500);
    slow.complete("now");
    assertThat(upgrade("waitThrow").status()).isEqualTo(410);
    Answer request = Desk.get(server, "/door/one?do=throw");
    assertThat(request.status()).isEqualTo(409);
    assertThat(request.header("X-A")).containsExactly("1");
    assertThat(server.status(DOOR).connections()).isZero();
  }

  @Test
  @DisplayName("S4 deciding again, or after the turn, is a clear exception; what was first stands")
  void decidingAgainOrAfterTheTurnIsAClearException() throws Exception {
    assertThat(upgrade("rejectAccept").status()).isEqualTo(403);
    assertThat(next()).isEqualTo("this upgrade was decided already");
    try (RawClient client = new RawClient(server.port())) {
      assertThat(client.open("/door/one?do=acceptTwice").readText()).isEqualTo("once");
      assertThat(next()).isEqualTo("this upgrade was decided already");
      assertThat(server.status(DOOR).connections()).isEqualTo(1);
    }
    assertThat(next()).isEqualTo("closed once");
    assertThat(upgrade("later").status()).isEqualTo(500);
    slow.complete("now");
    assertThat(next()).contains("turn");
  }

  @Test
  @DisplayName("S4 the case of a header's name does not matter, nor that of Upgrade's value")
  void theCaseOfAHeadersNameDoesNotMatterNorThatOfUpgradesValue() {
    List<String> shouted =
        RawClient.goodHeaders().stream()
            .map(line -> line.replace("Upgrade: websocket", "UPGRADE: WebSocket"))
            .toList();
    try (RawClient client = new RawClient(server.port())) {
      client.send(RawClient.head("GET /door/one?do=headers HTTP/1.1", shouted));
      assertThat(client.readAnswer().status()).isEqualTo(101);
      assertThat(client.readText()).isEqualTo("WebSocketWebSockettrue");
    }
  }

  @Test
  @DisplayName("S5 C17 a plain request where only sockets are: 426, and nothing is left of it")
  void aPlainRequestToASocketRouteIsAnswered426() {
    Answer answer = Desk.get(server, "/socket/one");
    assertThat(answer.status()).isEqualTo(426);
    assertThat(answer.header("Upgrade")).containsExactly("websocket");
    assertThat(answer.header("Connection")).containsExactly("Upgrade");
    assertThat(answer.body()).isNotEmpty();
    assertThat(server.counts().upgrades()).isZero();
    assertThat(server.counts().sockets()).isZero();
    assertThat(server.status(new ActorId("socket", "one")).wakes()).isZero();
  }

  @Test
  void anActorWithoutHandlersOfMessagesClosesAClientThatSendsOne() {
    try (RawClient client = new RawClient(server.port()).open("/socket/one")) {
      client.text("hello");
      assertThat(client.readClose()).isEqualTo(1003);
    }
    assertThat(server.counts().unhandledClosed()).isEqualTo(1);
  }

  @Test
  @DisplayName("S10 work that the upgrade began goes on after the 101")
  void workThatTheUpgradeBeganGoesOnAfterThe101() throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      assertThat(client.open("/door/one?do=background").readText()).isEqualTo("open");
      assertThat(told).isEmpty();
      slow.complete("done");
      assertThat(next()).isEqualTo("background done");
    }
    assertThat(next()).isEqualTo("closed background");
  }

  @Test
  @DisplayName("S11 a handler that throws after accepting leaves no connection, and nothing stored")
  void throwsAfterAccepting() throws Exception {
    assertThat(upgrade("acceptThrow").status()).isEqualTo(500);
    assertThat(Desk.get(server, "/door/one").body()).isEqualTo("0 here, phantom false");
    assertThat(server.status(DOOR).connections()).isZero();
    assertThat(server.counts().sockets()).isZero();
    assertThat(told).isEmpty();
  }
}
