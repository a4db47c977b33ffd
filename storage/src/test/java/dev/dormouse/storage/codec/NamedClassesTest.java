package dev.dormouse.storage.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class NamedClassesTest {
  private static final int LARGE = 1 << 16;

  record Line(String text) {}

  enum Mood {
    GOOD
  }

  record Page(Line line) {}

  record Book(Map<String, List<? extends Line>> lines) {}

  record Letter(Mood mood) {}

  record Journey(Locale locale) {}

  @SuppressWarnings("ArrayRecordComponent") // this is the purpose of the test
  record Poster(Line[] lines) {}

  interface Anything {}

  record Something(Anything thing) implements Anything {}

  sealed interface Shape permits Round, Angular, Free {}

  record Round(int radius) implements Shape {}

  sealed interface Angular extends Shape permits Box {}

  record Box(int side) implements Angular {}

  non-sealed interface Free extends Shape {}

  record Loose(int number) implements Free {}

  static class NeedsNumber {
    private final int number;

    NeedsNumber(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }
  }

  static final class Names extends ArrayList<String> {
    private static final long serialVersionUID = 1L;
    int extra;
  }

  static final class Log extends java.util.logging.LogRecord {
    private static final long serialVersionUID = 1L;

    Log() {
      super(java.util.logging.Level.INFO, "");
    }
  }

  static class Parent {
    int number;
  }

  @SuppressWarnings("HidingField") // this is the purpose of the test
  static final class Child extends Parent {
    int number;
  }

  @Test
  @DisplayName("The ids of named classes never change")
  void idsAreGolden() {
    assertThat(NamedClasses.idOf("chat/lobby")).isEqualTo(0x61efb46);
    assertThat(NamedClasses.idOf("")).isEqualTo(0xefd01f6);
  }

  @Test
  void theOrderOfNamingDoesNotMatter() {
    ValueCodec one = Codecs.kryo(List.of(Line.class, Mood.class, Page.class));
    ValueCodec other = Codecs.kryo(List.of(Page.class, Mood.class, Line.class, Line.class));
    Page page = new Page(new Line("x"));

    assertThat(one.encode(page, LARGE)).isEqualTo(other.encode(page, LARGE));
    assertThat(one.decode(other.encode(page, LARGE))).isEqualTo(page);
  }

  @Test
  void aSealedTypeStandsForWhatItPermits() {
    ValueCodec codec = Codecs.kryo(List.of(Shape.class, Loose.class));

    for (Object value : List.of(new Round(1), new Box(2), new Loose(3))) {
      assertThat(codec.decode(codec.encode(value, LARGE))).isEqualTo(value);
    }
  }

  @Test
  void typesOfTheJdkMayBeNamedWithoutEffect() {
    ValueCodec codec =
        Codecs.kryo(
            List.of(String.class, int.class, Integer.class, List.class, Map.class, Object.class));

    assertThat(codec.decode(codec.encode("x", LARGE))).isEqualTo("x");
  }

  @Test
  void aComponentOfAnUnnamedFinalClassIsFoundWhenTheCodecIsMade() {
    refused(
        "record " + Page.class.getName() + ", component line",
        "ActorOptions.stores(Line.class)",
        Page.class);
    refused(
        "record " + Book.class.getName() + ", component lines", "stores(Line.class)", Book.class);
    refused("component mood", Mood.class.getName(), Letter.class);
    refused("component lines", "Line[]", Poster.class, Line.class);
    refused("component locale: class java.util.Locale", "common types", Journey.class);

    assertThat(Codecs.kryo(List.of(Page.class, Line.class))).isNotNull();
    assertThat(Codecs.kryo(List.of(Something.class))).isNotNull();
  }

  @Test
  void classesThatCannotBeStoredAreRefused() {
    Supplier<Object> lambda = () -> "";
    Object anonymous = new Object() {};

    refused(NeedsNumber.class.getName(), "no constructor without parameters", NeedsNumber.class);
    refused(Anything.class.getName(), "is abstract and not sealed", Anything.class);
    refused(Random.class.getName(), "common types", Random.class);
    refused("lambda", "cannot be stored", lambda.getClass());
    refused("has no name", "cannot be stored", anonymous.getClass());
    refused("it has two fields number", Child.class.getName(), Child.class);
    refused(Log.class.getName(), "it extends java.util.logging.LogRecord", Log.class);
    refused(Names.class.getName(), "it extends java.util.ArrayList", Names.class);
    refused("Inner", "no constructor without parameters", Inner.class);
  }

  @SuppressWarnings("ClassCanBeStatic") // this is the purpose of the test
  class Inner {}

  @Test
  void twoClassesOfTheSameIdAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new KryoCodec(
                    ClassDeclarations.of(List.of(Line.class, Round.class)), type -> "same"))
        .withMessageContaining(Line.class.getName())
        .withMessageContaining(Round.class.getName());
  }

  private static void refused(String text, String more, Class<?>... named) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Codecs.kryo(List.of(named)))
        .withMessageContaining(text)
        .withMessageContaining(more);
  }
}
