package dev.dormouse.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.Dormouse;
import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks how the whole server answers heads and keys that are too long. */
class LimitsTest {
  private static DormouseServer server;

  /** Tells its clients its key. */
  static final class Named extends WebSocketActor<Void> {

    @Override
    protected void onUpgrade(Upgrade<Void> upgrade) {
      upgrade.accept().send(id().key());
    }
  }

  @BeforeAll
  static void start() {
    server =
        Dormouse.server()
            .actor("/named/:key", Named.class, Named::new)
            .open(
                ServerOptions.defaults()
                    .port(0)
                    .adminPort(0)
                    .data(Path.of("not-used"))
                    .durability(Durability.MEMORY));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static Answer answer(String path, String... headers) {
    try (RawClient client = new RawClient(server.port())) {
      return client.send(RawClient.upgrade(path, headers)).readAnswer();
    }
  }

  @Test
  @DisplayName("headers of just under 8 KiB are read; of more than 8 KiB they are answered 431")
  void headersOfJustUnder8KiBAreRead() {
    assertThat(answer("/named/a", "X-Long: " + "x".repeat(7_900)).status()).isEqualTo(101);
    assertThat(answer("/named/a", "X-Long: " + "x".repeat(8_192)).status()).isEqualTo(431);
    String[] many = new String[100];
    java.util.Arrays.fill(many, "X-Many: " + "x".repeat(100));
    assertThat(answer("/named/a", many).status()).isEqualTo(431);
  }

  @Test
  @DisplayName("a request line of more than 8 KiB is answered 414")
  void aRequestLineOfMoreThan8KiBIsAnswered414() {
    assertThat(answer("/named/a?q=" + "x".repeat(8_000)).status()).isEqualTo(101);
    assertThat(answer("/named/a?q=" + "x".repeat(8_192)).status()).isEqualTo(414);
  }

  @ParameterizedTest(name = "{0} is {1}")
  @CsvSource({
    "a%2Fb, a/b",
    "%C3%BC%F0%9F%90%BF, ü🐿",
    "a%2525, a%25",
    "a+b, a+b",
    "..., ...",
    "%252e%252e, %2e%2e"
  })
  @DisplayName("a key is percent-decoded, once")
  void aKeyIsPercentDecodedOnce(String path, String key) {
    try (RawClient client = new RawClient(server.port()).open("/named/" + path)) {
      assertThat(client.readText()).isEqualTo(key);
    }
  }

  @Test
  @DisplayName("a key has at most 512 bytes, escaped or not; with more it is answered 400")
  void aKeyHasAtMost512BytesEscapedOrNot() {
    String longest = "ü".repeat(256);
    try (RawClient client = new RawClient(server.port()).open("/named/" + "%C3%BC".repeat(256))) {
      assertThat(client.readText()).isEqualTo(longest);
    }
    Answer answer = answer("/named/" + "%C3%BC".repeat(256) + "x");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).isEqualTo("actor key has 513 bytes; the limit is 512");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a%00b", "%00", "%1f", "%7F", "%C2%85"})
  @DisplayName("a key with a control character is answered 400, with the reason")
  void aKeyWithAControlCharacterIsAnswered400WithTheReason(String key) {
    Answer answer = answer("/named/" + key);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).contains("has the control character U+00");
  }

  @ParameterizedTest
  @ValueSource(strings = {"%FF", "%C3%28", "%C0%AF", "%ED%A0%80", "a%E2%82"})
  @DisplayName("a key that is not UTF-8 is answered 400, with the reason")
  void aKeyThatIsNotUTF8IsAnswered400WithTheReason(String key) {
    Answer answer = answer("/named/" + key);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).isEqualTo("the path is not UTF-8");
  }

  @ParameterizedTest
  @ValueSource(strings = {"%zz", "%", "%4", "a%2"})
  @DisplayName("a malformed escape is answered 400")
  void aMalformedEscapeIsAnswered400(String key) {
    assertThat(answer("/named/" + key).status()).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(strings = {"..", ".", "%2e%2e", "%2E", "a/..", "../named", ""})
  @DisplayName("dots are parts of the path, escaped or not, never a key: 404")
  void dotsArePartsOfThePathAndNeverAKey(String key) {
    assertThat(answer("/named/" + key).status()).isEqualTo(404);
  }
}
