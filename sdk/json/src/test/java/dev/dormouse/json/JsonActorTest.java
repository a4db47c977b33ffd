package dev.dormouse.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.StorageKey;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.server.Dormouse;
import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Talks to actors of a real server through real sockets. */
class JsonActorTest {
  private static final BlockingQueue<DormouseObserver.MessageRefused> REFUSED =
      new LinkedBlockingQueue<>();

  private static DormouseServer server;

  /** A chat that knows its members by name. */
  public static final class Chat extends JsonActor<String, Chat.In, Chat.Out> {
    private static final StorageKey<String> LAST = StorageKey.of("last", String.class);

    sealed interface In {}

    record Say(String text, Optional<String> to) implements In {}

    record Rename(String name) implements In {}

    record Last() implements In {}

    record Fail(boolean isLate) implements In {}

    sealed interface Out {}

    record Said(String by, String text) implements Out {}

    @Override
    protected void onUpgrade(Upgrade<String> upgrade) {
      String name = upgrade.head().query("name").orElse("guest");
      send(upgrade.accept(name, name), new Said("server", "welcome " + name));
    }

    @Override
    protected void onMessage(Connection<String> from, In message) {
      if (message instanceof Say say) {
        storage().put(LAST, say.text());
        Said said = new Said(from.attachment(), say.text());
        say.to()
            .ifPresentOrElse(
                to -> broadcast(connections().tagged(to).except(from), said),
                () -> broadcast(said));
      } else if (message instanceof Rename rename) {
        storage().put(LAST, "a name that must not be kept");
        if (connections().stream().anyMatch(c -> c.attachment().equals(rename.name()))) {
          throw refuse("taken", "choose another name");
        }
        from.attach(rename.name());
      } else if (message instanceof Fail fail) {
        storage().put(LAST, "a text that must not be kept");
        broadcast(new Said("server", "this must not be sent"));
        if (fail.isLate()) {
          waitFor(CompletableFuture.failedStage(new IllegalStateException("late, on purpose")));
        } else {
          throw new IllegalStateException("on purpose");
        }
      }
    }

    @Override
    protected @Nullable Out onQuestion(Connection<String> from, In question) throws Exception {
      return question instanceof Last
          ? new Said("storage", storage().getOrDefault(LAST, ""))
          : super.onQuestion(from, question);
    }
  }

  @BeforeAll
  static void start() {
    server =
        Dormouse.server()
            .actor("/chat/:key", Chat.class, Chat::new)
            .observe(
                new DormouseObserver() {
                  @Override
                  public void messageRefused(MessageRefused refused) {
                    REFUSED.add(refused);
                  }
                })
            .open(options().adminPort(0));
  }

  private static ServerOptions options() {
    return ServerOptions.defaults()
        .port(0)
        .adminPort(0)
        .data(Path.of("unused"))
        .durability(Durability.MEMORY);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** The socket of a page. */
  private static final class Page implements WebSocket.Listener {
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final WebSocket socket;

    Page(String key, String name) throws Exception {
      URI uri = URI.create("ws://127.0.0.1:%d/chat/%s?name=%s".formatted(server.port(), key, name));
      socket =
          HttpClient.newHttpClient()
              .newWebSocketBuilder()
              .buildAsync(uri, this)
              .get(30, TimeUnit.SECONDS);
      assertThat(hear()).isEqualTo(said("server", "welcome " + name));
    }

    String hear() throws InterruptedException {
      return Objects.requireNonNull(heard.poll(30, TimeUnit.SECONDS), "nothing came for 30 s");
    }

    void send(String text) throws Exception {
      socket.sendText(text, true).get(30, TimeUnit.SECONDS);
    }

    String ask(String text) throws Exception {
      send(text);
      return hear();
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
      heard.add(text.toString());
      return WebSocket.Listener.super.onText(from, text, last);
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      heard.add("closed " + code);
      return WebSocket.Listener.super.onClose(from, code, reason);
    }
  }

  private static String said(String by, String text) {
    return "{\"type\":\"Said\",\"by\":\"%s\",\"text\":\"%s\"}".formatted(by, text);
  }

  @Test
  void recordsGoInAndOutToOneToSomeAndToAll() throws Exception {
    Page ada = new Page("a", "ada");
    Page bo = new Page("a", "bo");
    ada.send("{\"type\":\"Say\",\"text\":\"hello\"}");
    assertThat(ada.hear()).isEqualTo(said("ada", "hello"));
    assertThat(bo.hear()).isEqualTo(said("ada", "hello"));
    ada.send("{\"type\":\"Say\",\"text\":\"psst\",\"to\":\"bo\"}");
    assertThat(bo.hear()).isEqualTo(said("ada", "psst"));
    assertThat(ada.ask("{\"type\":\"Last\",\"$id\":\"x\"}"))
        .isEqualTo("{\"$re\":\"x\",\"type\":\"Said\",\"by\":\"storage\",\"text\":\"psst\"}");
  }

  @Test
  void aQuestionIsAnsweredAfterAllThatItsTurnHasSent() throws Exception {
    Page ada = new Page("b", "ada");
    ada.send("{\"type\":\"Say\",\"text\":\"hello\",\"$id\":1}");
    assertThat(ada.hear()).isEqualTo(said("ada", "hello"));
    assertThat(ada.hear()).isEqualTo("{\"$re\":1}");
  }

  @Test
  void badInputIsAnsweredAndCountedAndTheSocketStaysOpen() throws Exception {
    Page ada = new Page("c", "ada");
    assertThat(metric("dormouse_messages_refused_total{code=\"unknown_type\",type=\"chat\"}"))
        .isEqualTo(0);
    assertThat(ada.ask("hello"))
        .isEqualTo(
            "{\"type\":\"error\",\"code\":\"malformed\",\"message\":\"the message is not JSON: see"
                + " its character 0; send one object of JSON\"}");
    assertThat(ada.ask("{\"type\":\"Shout\",\"$id\":7}"))
        .isEqualTo(
            "{\"$re\":7,\"$error\":{\"code\":\"unknown_type\",\"message\":\"the message has as its"
                + " 'type' the text 'Shout'; the types are Fail, Last, Rename, Say\"}}");
    assertThat(ada.ask("{\"type\":\"Say\",\"text\":\"hello\"}")).isEqualTo(said("ada", "hello"));
    ActorId chat = new ActorId("chat", "c");
    assertThat(next(chat).code()).isEqualTo("malformed");
    assertThat(next(chat).code()).isEqualTo("unknown_type");
    assertThat(metric("dormouse_messages_refused_total{code=\"unknown_type\",type=\"chat\"}"))
        .isEqualTo(1);
  }

  @Test
  void aHandlerCanRefuseAndNothingOfItsTurnIsKept() throws Exception {
    Page ada = new Page("d", "ada");
    Page bo = new Page("d", "bo");
    assertThat(bo.ask("{\"type\":\"Rename\",\"name\":\"ada\",\"$id\":2}"))
        .isEqualTo(
            "{\"$re\":2,\"$error\":{\"code\":\"taken\",\"message\":\"choose another name\"}}");
    assertThat(bo.ask("{\"type\":\"Rename\",\"name\":\"ada\"}"))
        .isEqualTo("{\"type\":\"error\",\"code\":\"taken\",\"message\":\"choose another name\"}");
    assertThat(ada.ask("{\"type\":\"Last\",\"$id\":3}")).contains("\"text\":\"\"");
    ActorId chat = new ActorId("chat", "d");
    assertThat(next(chat).code()).isEqualTo("taken");
    assertThat(next(chat).code()).isEqualTo("taken");
  }

  @Test
  void aQuestionWhoseTurnFailsIsRefused() throws Exception {
    Page ada = new Page("e", "ada");
    for (boolean isLate : new boolean[] {false, true}) {
      assertThat(ada.ask("{\"type\":\"Fail\",\"isLate\":%s,\"$id\":9}".formatted(isLate)))
          .isEqualTo(
              "{\"$re\":9,\"$error\":{\"code\":\"failed\",\"message\":\"the actor could not handle"
                  + " the message\"}}");
    }
    ada.send("{\"type\":\"Fail\",\"isLate\":false}");
    assertThat(ada.ask("{\"type\":\"Last\",\"$id\":10}")).contains("\"text\":\"\"");
  }

  /** An actor whose messages cannot be written, and that needs an attachment. */
  public static final class Faulty extends JsonActor<String, Chat.In, Faulty.Answer> {
    sealed interface Answer {}

    record Said(Object any, String type) implements Answer {}

    @Override
    protected void onMessage(Connection<String> from, Chat.In message) {}
  }

  @Test
  void mistakesOfTheMessagesAreReportedAtTheStartWithTheOthers() {
    assertThatThrownBy(
            () -> Dormouse.server().actor("/faulty", Faulty.class, Faulty::new).open(options()))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .satisfies(
            message ->
                assertThat(message.lines())
                    .hasSize(4)
                    .allMatch(line -> line.startsWith("actor Faulty at /faulty: "))
                    .anyMatch(line -> line.contains("Said.any is a java.lang.Object"))
                    .anyMatch(line -> line.contains("Said.type has the name 'type'"))
                    .anyMatch(line -> line.contains("no onUpgrade"))
                    .anyMatch(line -> line.contains("no ':key'")));
  }

  private static DormouseObserver.MessageRefused next(ActorId actor) throws InterruptedException {
    for (int i = 0; i < 100; i++) {
      DormouseObserver.MessageRefused refused = REFUSED.poll(30, TimeUnit.SECONDS);
      if (refused == null || refused.actor().equals(actor)) {
        return Objects.requireNonNull(refused, "nothing was refused");
      }
    }
    throw new AssertionError("others were refused");
  }

  private static double metric(String name) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + server.adminPort() + "/metrics");
    String page =
        HttpClient.newHttpClient()
            .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
            .body();
    return page.lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .findFirst()
        .orElse(0);
  }
}
