package dev.dormouse.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dormouse.json.Talk.Color;
import dev.dormouse.json.Talk.Drawn;
import dev.dormouse.json.Talk.In;
import dev.dormouse.json.Talk.Line;
import dev.dormouse.json.Talk.Out;
import dev.dormouse.json.Talk.Point;
import dev.dormouse.json.Talk.Rename;
import dev.dormouse.json.Talk.Said;
import dev.dormouse.json.Talk.Say;
import dev.dormouse.sdk.MessageCodec.Received;
import dev.dormouse.sdk.MessageRefusedException;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonCodecTest {
  private final JsonCodec<In, Out> codec = JsonCodec.of(In.class, Out.class);

  private In read(String text) {
    return codec.decode(text).message();
  }

  private MessageRefusedException refusal(String text) {
    return refusal(codec, text);
  }

  private static MessageRefusedException refusal(JsonCodec<?, ?> codec, String text) {
    return catchThrowableOfType(MessageRefusedException.class, () -> codec.decode(text));
  }

  @Test
  void aMessageIsAnObjectWithTheNameOfItsRecord() {
    assertThat(read("{\"type\":\"Say\",\"text\":\"hello\"}")).isEqualTo(new Say("hello"));
    assertThat(read("{\"text\":\"hello\",\"type\":\"Say\"}")).isEqualTo(new Say("hello"));
    assertThat(codec.encode(new Said("ada", "hello")))
        .isEqualTo("{\"type\":\"Said\",\"by\":\"ada\",\"text\":\"hello\"}");
  }

  @Test
  void namesCanBeChosen() {
    assertThat(read("{\"type\":\"rename\",\"to\":\"bo\"}")).isEqualTo(new Rename("bo", null));
  }

  @Test
  void aMessageOfAnInnerSealedInterfaceIsAMessageOfTheOuterOne() {
    assertThat(
            read(
                "{\"type\":\"Line\",\"points\":[{\"x\":1,\"y\":2},{\"x\":-3,\"y\":0}],\"color\":\"GREEN\"}"))
        .isEqualTo(new Line(List.of(new Point(1, 2), new Point(-3, 0)), Color.GREEN));
  }

  @Test
  void aRecordOfASealedInterfaceHasItsTypeWhereverItStands() {
    assertThat(codec.encode(new Drawn(new Line(List.of(), Color.RED))))
        .isEqualTo(
            "{\"type\":\"Drawn\",\"line\":{\"type\":\"Line\",\"points\":[],\"color\":\"RED\"}}");
  }

  @Test
  void aQuestionHasAnIdAndItsAnswerToo() {
    Received<In> asked = codec.decode("{\"$id\":7,\"type\":\"Say\",\"text\":\"hello\"}");
    assertThat(asked).isEqualTo(new Received<>(new Say("hello"), "7"));
    assertThat(codec.answer("7", new Said("ada", "hello")))
        .isEqualTo("{\"$re\":7,\"type\":\"Said\",\"by\":\"ada\",\"text\":\"hello\"}");
    assertThat(codec.answer("7", null)).isEqualTo("{\"$re\":7}");
    String quoted =
        codec.decode("{\"type\":\"Say\",\"text\":\"\",\"$id\":\"a\\\"\\n\"}").question();
    assertThat(codec.answer(quoted, null)).isEqualTo("{\"$re\":\"a\\\"\\n\"}");
  }

  @Test
  void aRefusalSaysWhichQuestionItAnswers() {
    assertThat(codec.refusal(null, "malformed", "no \"JSON\""))
        .isEqualTo("{\"type\":\"error\",\"code\":\"malformed\",\"message\":\"no \\\"JSON\\\"\"}");
    assertThat(codec.refusal("\"a\"", "failed", "why"))
        .isEqualTo("{\"$re\":\"a\",\"$error\":{\"code\":\"failed\",\"message\":\"why\"}}");
    assertThat(refusal("{\"$id\":7,\"type\":\"Shout\"}").question()).isEqualTo("7");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``                        | malformed     | the message is not an object of JSON; send one such as {"type":…}
          hello                     | malformed     | the message is not JSON: see its character 0; send one object of JSON
          "hello"                   | malformed     | the message is not an object of JSON; send one such as {"type":…}
          [1]                       | malformed     | the message is not an object of JSON; send one such as {"type":…}
          {"type":"Say"             | malformed     | the message is not JSON: see its character 13; send one object of JSON
          {"type":"Say","text":"a"}x | malformed    | the message is not JSON: see its character 25; send one object of JSON
          {"type":"Say","text":"a"} 1 | malformed   | the message goes on after its object; send one object for each message
          {"type":"Say","type":"Say"} | malformed   | the message has the field 'type' twice; send it once
          {"$id":true,"type":"Say"} | malformed     | the field '$id' must be a number or a text of 1 to 64 characters, but is true
          {}                        | unknown_type  | the message has no 'type'; the types are Everything, Line, Say, rename
          {"type":"Shout"}          | unknown_type  | the message has as its 'type' the text 'Shout'; the types are Everything, Line, Say, rename
          {"type":7}                | unknown_type  | the message has as its 'type' the number 7; the types are Everything, Line, Say, rename
          {"type":"Say"}            | invalid_field | Say.text is missing; send a text
          {"type":"Say","text":null} | invalid_field | Say.text must be a text, but is null
          {"type":"Say","text":12}  | invalid_field | Say.text must be a text, but is the number 12
          {"type":"Say","text":{"a":1}} | invalid_field | Say.text must be a text, but is an object
          {"type":"rename","to":" "} | invalid_field | rename is refused: the name is blank; send a letter at least
          {"type":"rename","to":"null pointer"} | invalid_field | rename is refused; its values do not go together
          {"type":"Line","points":[{"x":1,"y":2},{"x":1}],"color":"RED"} | invalid_field | Line.points[1].y is missing; send a whole number from -2147483648 to 2147483647
          {"type":"Line","points":[{"x":1,"y":2147483648}],"color":"RED"} | invalid_field | Line.points[0].y must be a whole number from -2147483648 to 2147483647, but is the number 2147483648
          {"type":"Line","points":[{"x":1,"y":1.0}],"color":"RED"} | invalid_field | Line.points[0].y must be a whole number from -2147483648 to 2147483647, but is the number 1.0
          {"type":"Line","points":[null],"color":"RED"} | invalid_field | Line.points[0] must be an object, but is null
          {"type":"Line","points":[],"color":"BLUE"} | invalid_field | Line.color must be one of RED, GREEN, but is the text 'BLUE'
          """)
  void badInputIsRefusedWithTheReason(@Nullable String text, String code, String message) {
    MessageRefusedException refusal = refusal(text == null ? "" : text);
    assertThat(refusal).hasMessage(message);
    assertThat(refusal.code()).isEqualTo(code);
  }

  @Test
  void aRefusalIsShortAndHasNoMoreThanAnExcerptOfTheInput() {
    String hostile = "<script>\\u0000\\u202e".repeat(10_000);
    for (String text :
        List.of(
            "{\"type\":\"" + hostile + "\"}",
            "{\"type\":\"Say\",\"text\":{},\"" + "x".repeat(200) + "\":1}",
            "{\"type\":\"Line\",\"points\":[],\"color\":\"" + hostile + "\"}",
            "{\"a\":1,\"" + "<b>".repeat(50) + "\":1,\"" + "<b>".repeat(50) + "\":2}")) {
      String message = refusal(text).getMessage();
      assertThat(message).hasSizeLessThanOrEqualTo(300).doesNotContain("<", "\0", "\u202e");
    }
  }

  @Test
  void depthNumbersNamesAndValuesHaveLimits() {
    assertThat(refusal("{\"a\":".repeat(32) + "1" + "}".repeat(32)).code())
        .isEqualTo("unknown_type");
    assertThat(refusal("{\"a\":".repeat(33) + "1" + "}".repeat(33)).code()).isEqualTo("too_deep");
    assertThat(refusal("{\"a\":" + "[".repeat(1_000_000))).hasMessageContaining("deeper than 32");
    for (String text :
        List.of(
            "{\"a\":" + "1".repeat(101) + "}",
            "{\"" + "a".repeat(257) + "\":1}",
            "{\"a\":[" + "0,".repeat(100_000) + "0]}")) {
      MessageRefusedException refusal = refusal(text);
      assertThat(refusal.code()).isEqualTo("malformed");
      assertThat(refusal)
          .hasMessage(
              "the message has more than 100,000 values, a number of more than 100 characters, or a"
                  + " name of more than 256; send a smaller message");
    }
  }

  @Test
  void unknownFieldsArePassedOverUnlessTheRulesRefuseThem() {
    assertThat(read("{\"type\":\"Say\",\"text\":\"a\",\"later\":{\"b\":[1]}}"))
        .isEqualTo(new Say("a"));
    JsonCodec<?, ?> strict = JsonCodec.ofActor(Strict.class);
    assertThat(strict.decode("{\"type\":\"Say\",\"text\":\"a\",\"$id\":1}").message())
        .isEqualTo(new Say("a"));
    assertThat(refusal(strict, "{\"type\":\"Say\",\"text\":\"a\",\"later\":1}"))
        .hasMessage("Say has no field 'later'; its fields are text");
    assertThat(refusal(strict, "{\"type\":\"Say\",\"text\":{\"a\":{}}}").code())
        .isEqualTo("too_deep");
  }

  @JsonRules(refusesUnknownFields = true, depthMax = 2)
  abstract static class Strict extends Based<Out> {}

  abstract static class Based<O> extends JsonActor<String, In, O> {}

  sealed interface Numbers {}

  record Amount(long count, double rate, @Nullable String note, Optional<String> more)
      implements Numbers {}

  @Test
  void aNumberThatAPageCannotReadIsAnErrorInBothDirections() {
    JsonCodec<Numbers, Numbers> numbers = JsonCodec.of(Numbers.class, Numbers.class);
    long safe = (1L << 53) - 1;
    Amount largest = new Amount(-safe, Double.MAX_VALUE, null, Optional.empty());
    assertThat(numbers.encode(largest))
        .isEqualTo(
            "{\"type\":\"Amount\",\"count\":-9007199254740991,\"rate\":1.7976931348623157E308}");
    assertThat(numbers.decode(numbers.encode(largest)).message()).isEqualTo(largest);
    assertThatThrownBy(() -> numbers.encode(new Amount(safe + 1, 0, null, Optional.empty())))
        .hasMessage(
            "a message cannot be written: Amount.count is 9007199254740992, which a page cannot"
                + " read exactly; declare it as a String or BigInteger");
    assertThat(
            refusal(numbers, "{\"type\":\"Amount\",\"count\":9007199254740992,\"rate\":0}").code())
        .isEqualTo("invalid_field");
    assertThatThrownBy(() -> numbers.encode(new Amount(1, Double.NaN, null, Optional.empty())))
        .hasMessage("a message cannot be written: Amount.rate is NaN, which JSON cannot express");
    assertThat(refusal(numbers, "{\"type\":\"Amount\",\"count\":1,\"rate\":1e999}").code())
        .isEqualTo("invalid_field");
  }

  @Test
  void nullIsWrittenOnlyWhereItMayBe() {
    assertThatThrownBy(() -> codec.encode(new Said("ada", nothing())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a message cannot be written: Said.text is null; declare it @Nullable or Optional if"
                + " it may be");
  }

  @SuppressWarnings("TypeParameterUnusedInFormals")
  private static <T> T nothing() {
    return Map.<String, T>of().get("nothing");
  }

  interface Open {}

  record Loose(String text) implements Open {}

  sealed interface Faulty {}

  record Same(Date at, Object any, int[] many, Map<Integer, String> keyed) implements Faulty {}

  record Boxed<T>(T value) {}

  record Envelope(String type, @JsonName("$id") int id, Boxed<String> box) implements Faulty {}

  record Twice(int a, @JsonName("a") int b, List<Date> dates) implements Faulty {}

  @JsonName("error")
  record Failed() implements Faulty {}

  static final class Other {
    @JsonName("Twice")
    record Thrice() implements Faulty {}
  }

  static final class NoRecord implements Faulty {}

  @Test
  void everyMistakeOfTheTypesHasALine() {
    assertThatThrownBy(() -> JsonCodec.of(Open.class, Loose.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            """
            %1$s$Open is not a sealed interface; its messages must be the records that a sealed \
            interface permits
            %1$s$Loose is not a sealed interface; its messages must be the records that a sealed \
            interface permits"""
                .formatted(JsonCodecTest.class.getName()));
    String name = JsonCodecTest.class.getName() + "$";
    String form =
        ", which has no form in JSON; use a record, a sealed interface, an enum, a List, Set or Map,"
            + " an Optional, a String, a number, a boolean, an Instant, LocalDate, Duration or UUID";
    assertThatThrownBy(() -> JsonCodec.of(Faulty.class, Out.class))
        .message()
        .satisfies(
            message ->
                assertThat(message.lines())
                    .containsExactlyInAnyOrder(
                        name + "Same.at is a java.util.Date" + form,
                        name + "Same.any is a java.lang.Object" + form,
                        name + "Same.many is a int[]" + form,
                        name
                            + "Same.keyed is a Map whose keys are no texts in JSON; use String, an"
                            + " enum or UUID as its keys",
                        name
                            + "Envelope.type has the name 'type', which the envelope of messages"
                            + " needs; rename it, or use @JsonName",
                        name
                            + "Envelope.id has the name '$id', which the envelope of messages"
                            + " needs; rename it, or use @JsonName",
                        name + "Envelope.box is a " + name + "Boxed<java.lang.String>" + form,
                        name + "Twice.b has the name 'a', as another component has",
                        name + "Twice.dates is a java.util.Date" + form,
                        name
                            + "Faulty has two records of the name 'Twice': "
                            + name
                            + "Twice and "
                            + name
                            + "Other$Thrice; name one of them with @JsonName",
                        name
                            + "Faulty permits "
                            + name
                            + "NoRecord, which is neither a record nor a sealed interface",
                        name
                            + "Faulty has a record of the name 'error', which refusals have; give"
                            + " it another name"));
  }

  @SuppressWarnings("rawtypes")
  abstract static class Raw extends JsonActor {}

  @JsonRules(depthMax = 0)
  abstract static class Shallow extends JsonActor<String, In, Out> {}

  @Test
  void anActorClassMustNameItsMessages() {
    assertThatThrownBy(() -> JsonCodec.ofActor(Raw.class))
        .hasMessage(
            "it does not say which class its messages In are; extend JsonActor<A, In, Out> with"
                + " the names of sealed interfaces");
    assertThatThrownBy(() -> JsonCodec.ofActor(Shallow.class))
        .hasMessage("depthMax 0 of @JsonRules is not 1 to 200");
  }
}
