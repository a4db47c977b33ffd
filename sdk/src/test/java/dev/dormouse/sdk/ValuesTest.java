package dev.dormouse.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.dormouse.sdk.CloseReason.Cause;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ValuesTest {

  @ParameterizedTest
  @ValueSource(strings = {"lobby", "a/b", "ünïcödé", "🐿", "...", " ", "%2e%2e"})
  void aKeyMayBeAlmostAnything(String key) {
    assertThat(new ActorId("chat", key).toString()).isEqualTo("chat/" + key);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "a\u0000b", "a\nb", "\u0085", "\ud83d", "\udc3f\ud83d"})
  void aKeyThatCannotBeIsRefusedWithTheReason(String key) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ActorId("chat", key))
        .withMessageStartingWith("actor key ");
  }

  @Test
  void aKeyHasAtMost512BytesOfUtf8() {
    assertThat(new ActorId("chat", "ü".repeat(256)).key()).hasSize(256);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ActorId("chat", "ü".repeat(256) + "x"))
        .withMessage("actor key has 513 bytes; the limit is 512");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Chat", "1a", "-a", "a b", "a/b", "a_b"})
  void aTypeThatCannotBeIsRefused(String type) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ActorId(type, "k"))
        .withMessageContaining("actor type '" + type + "'");
  }

  @Property
  void aConnectionIdIsReadAsItWasWritten(
      @ForAll @LongRange(min = 0, max = (1L << 24) - 1) long run,
      @ForAll @LongRange(min = 0, max = (1L << 40) - 1) long number) {
    ConnectionId id = ConnectionId.of(run, number);
    assertThat(ConnectionId.parse(id.toString())).isEqualTo(id);
    assertThat(id.run()).isEqualTo(run);
    assertThat(id.number()).isEqualTo(number);
  }

  @Test
  void connectionIdsSortByAcceptance() {
    assertThat(ConnectionId.of(1, 99)).isLessThan(ConnectionId.of(2, 1));
    assertThat(ConnectionId.of(2, 1)).isLessThan(ConnectionId.of((1L << 24) - 1, 0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "1", "1.", ".1", "1.2.3", "a.b", "-1.2", "99999999.1", "1.9999999999999"})
  void whatIsNoConnectionIdIsRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> ConnectionId.parse(text));
  }

  @Test
  @DisplayName("S33 A close is unclean for 1006 only")
  void aCloseIsUncleanFor1006Only() {
    assertThat(CloseReason.abnormal(Cause.CONNECTION_LOST).wasClean()).isFalse();
    assertThat(new CloseReason(1005, "", Cause.CLIENT).wasClean()).isTrue();
    assertThat(new CloseReason(1001, "", Cause.SHUTDOWN).wasClean()).isTrue();
  }

  @ParameterizedTest
  @DisplayName("S39 Codes that never go on the wire are refused")
  @ValueSource(ints = {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000})
  void codesThatNeverGoOnTheWireAreRefused(int code) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CloseReason.checkSendable(code, ""))
        .withMessageContaining("close code " + code);
  }

  @ParameterizedTest
  @ValueSource(ints = {1000, 1003, 1007, 1014, 3000, 4999})
  void codesThatMayBeSentAreNotRefused(int code) {
    CloseReason.checkSendable(code, "ü".repeat(61) + "x");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CloseReason.checkSendable(code, "ü".repeat(62)))
        .withMessage("close reason has 124 bytes; the limit is 123");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\r\nSet-Cookie: x", "a\nb", "a\u0000", "a\u0001b", "\u007f", "\u0416"})
  void aHeaderCannotSmuggleAnother(String value) {
    assertThatIllegalArgumentException().isThrownBy(() -> new Header("X", value));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HttpResponse.text(200, "").with("X", value));
    assertThatIllegalArgumentException().isThrownBy(() -> new Header("X:" + value, ""));
  }

  @Test
  void headersAndParametersAreFoundWhateverTheirCase() {
    RequestHead head =
        new RequestHead(
            "GET",
            "/",
            Map.of("a", List.of("1", "2")),
            List.of(new Header("X-A", "one"), new Header("x-a", "two")),
            "");
    assertThat(head.header("x-A")).contains("one");
    assertThat(head.query("a")).contains("1");
    assertThat(head.query("A")).contains("1");
  }

  @Test
  void aResponseDoesNotShareItsBytes() {
    byte[] body = {1};
    HttpResponse response = HttpResponse.of(200, List.of(), body);
    body[0] = 2;
    response.body()[0] = 3;
    assertThat(response.body()).containsExactly(1);
    assertThatIllegalArgumentException().isThrownBy(() -> HttpResponse.text(101, ""));
  }

  @Test
  void limitsOfOptionsAreChecked() {
    ActorOptions options = ActorOptions.defaults();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.messageBytesMax((32 << 20) + 1))
        .withMessage("messageBytesMax 33554433 is not 1 to 33554432");
    assertThatIllegalArgumentException().isThrownBy(() -> options.attachmentBytesMax(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.outboundBytesMax((256 << 20) + 1))
        .withMessage("outboundBytesMax 268435457 is not 1 to 268435456");
    assertThatIllegalArgumentException().isThrownBy(() -> options.outboundBytesMax(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> options.subprotocols("v1", "a b"));
    assertThatIllegalArgumentException().isThrownBy(() -> options.subprotocols(""));
    assertThatIllegalArgumentException().isThrownBy(() -> KeyRange.all().limit(0));
    assertThatIllegalArgumentException().isThrownBy(() -> KeyRange.all().limit(10_001));
  }

  @Test
  @SuppressWarnings("NullAway") // this is the purpose of the test
  void aKeyRangeChecksItself() {
    KeyRange lines = KeyRange.prefix("line/");
    assertThat(lines.from("line/2").before("line/2").after("line/1").before()).isEqualTo("line/2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lines.from("line/3").before("line/2"))
        .withMessage(
            "a key range cannot be from 'line/3' and before 'line/2': its end is less than its"
                + " beginning");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lines.before("line/2").after("line/3"))
        .withMessageStartingWith("a key range cannot be after 'line/3' and before 'line/2'");
    // The order is that of UTF-8, in which a surrogate pair comes after U+FFFD.
    assertThat(KeyRange.all().from("\ufffd").before("\ud83d\udc3f").before()).isNotNull();
    assertThatNullPointerException()
        .isThrownBy(() -> lines.after(null))
        .withMessage("the bound 'after' of a key range is null");
    assertThatNullPointerException()
        .isThrownBy(() -> KeyRange.prefix(null))
        .withMessage("the prefix of a key range is null");
    assertThatExceptionOfType(LimitExceededException.class)
        .isThrownBy(() -> lines.from("k".repeat(8_193)))
        .withMessage("the bound 'from' of a key range is 8193 bytes; the limit is 8192");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KeyRange.prefix("\ud83d"))
        .withMessage("the prefix of a key range has an unpaired surrogate");
  }

  private static <T> StorageKey<List<T>> listOf(String name) {
    return new StorageKey<>(name) {};
  }

  @Test
  @SuppressWarnings({"rawtypes", "unchecked"}) // this is the purpose of the test
  void aStorageKeyKnowsItsTypeAndChecksItsName() {
    StorageKey<List<String>> names = new StorageKey<>("names") {};
    StorageKey<List<String>> same = new StorageKey<List<String>>("names") {};
    assertThat(names).isEqualTo(same).hasSameHashCodeAs(same).isNotEqualTo(same.at("/"));
    assertThat(names.at("/1")).hasToString("names/1: java.util.List<java.lang.String>");
    assertThat(StorageKey.of("n", Long.class).type()).isEqualTo(Long.class);
    assertThat(StorageKey.of("n", Long.class)).isNotEqualTo(StorageKey.of("n", Short.class));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> listOf("n"))
        .withMessage(
            "the type of key 'n', java.util.List<T>, has a type variable; name a class instead");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new StorageKey("n") {})
        .withMessage("key 'n' has no type; write new StorageKey<List<Line>>(\"n\") {}");
    assertThatExceptionOfType(LimitExceededException.class)
        .isThrownBy(() -> StorageKey.of("", Long.class))
        .withMessage("a storage key must have at least 1 byte, and this one is empty");
    assertThatExceptionOfType(LimitExceededException.class)
        .isThrownBy(() -> StorageKey.of("k".repeat(8_000), Long.class).at("k".repeat(193)))
        .withMessage("a storage key is 8193 bytes; the limit is 8192");
  }

  @Test
  void eachOptionIsKeptWhenOthersChange() {
    ActorOptions options =
        ActorOptions.defaults()
            .compression(Compression.WITH_CONTEXT)
            .outboundPolicy(OutboundPolicy.CONFLATE)
            .outboundBytesMax(6)
            .subprotocols("v2", "v1")
            .attachmentBytesMax(1)
            .messageBytesMax(2)
            .threading(Threading.EVENT_LOOP)
            .failurePolicy(FailurePolicy.CLOSE)
            .stores(String.class)
            .renamed("a.Old", Integer.class)
            .migrates(Long.class, old -> 1L)
            .name("x")
            .compression(Compression.WITH_CONTEXT)
            .messagesPerSecondMax(5)
            .subprotocols("v2", "v1");
    assertThat(options.attachmentBytesMax(3).messageBytesMax(4).name("y").messageBytesMax())
        .isEqualTo(4);
    assertThat(options.name()).isEqualTo("x");
    assertThat(options.stores()).isEqualTo(List.of(String.class));
    assertThat(options.renamed()).isEqualTo(Map.of("a.Old", Integer.class));
    assertThat(options.migrates()).containsOnlyKeys(Long.class);
    assertThat(options.renamed("b.Old", Integer.class).renamed()).hasSize(2);
    assertThat(options.failurePolicy()).isEqualTo(FailurePolicy.CLOSE);
    assertThat(options.threading()).isEqualTo(Threading.EVENT_LOOP);
    assertThat(options.messageBytesMax()).isEqualTo(2);
    assertThat(options.messagesPerSecondMax()).hasValue(5);
    assertThat(options.attachmentBytesMax()).isEqualTo(1);
    assertThat(options.subprotocols()).isEqualTo(List.of("v2", "v1"));
    assertThat(options.compression()).isEqualTo(Compression.WITH_CONTEXT);
    assertThat(options.outboundPolicy()).isEqualTo(OutboundPolicy.CONFLATE);
    assertThat(options.outboundBytesMax()).hasValue(6);
  }

  @Test
  void nothingOfAnActorCanBeReachedInItsConstructor() {
    class Eager extends WebSocketActor<Integer> {
      Eager() {
        storage().put("too", "early");
      }
    }

    assertThatIllegalStateException()
        .isThrownBy(Eager::new)
        .withMessageContaining("use onActivate");
  }
}
