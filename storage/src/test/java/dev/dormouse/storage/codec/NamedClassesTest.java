package dev.dormouse.storage.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.dormouse.sdk.StoredValueException;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
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

  @SuppressWarnings("JavaUtilDate") // this is the purpose of the test
  record Journey(Locale locale, java.util.Date departure) {}

  record Drawing(Shape shape, Optional<Shape> other) {}

  record Chain(@Nullable Chain next, Comparable<Mood> mood) {}

  @SuppressWarnings("ArrayRecordComponent") // this is the purpose of the test
  record Poster(Line[][] lines) {}

  @SuppressWarnings("ArrayRecordComponent") // this is the purpose of the test
  record Switches(boolean[] on) {}

  static class Rack<T extends Comparable<T>, U> {
    List<U> items = new ArrayList<>();
  }

  static final class Shelf extends Rack<String, Line> {}

  record Holder(Anything thing) {}

  private static final class Generic {
    @SuppressWarnings("unused") // its type is read
    Map<String, List<Line>> lines = Map.of();
  }

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
  void whatANamedClassIsMadeOfNeedNoNameOfItsOwn() {
    for (Object value :
        List.of(
            new Page(new Line("x")),
            new Book(Map.of("a", List.of(new Line("x")))),
            new Letter(Mood.GOOD),
            new Drawing(new Round(1), Optional.of(new Box(2))),
            new Chain(new Chain(null, Mood.GOOD), Mood.GOOD))) {
      ValueCodec codec = Codecs.kryo(List.of(value.getClass()));
      assertThat(codec.decode(codec.encode(value, LARGE))).isEqualTo(value);
    }
    ValueCodec posters = Codecs.kryo(List.of(Poster.class));
    Poster poster = new Poster(new Line[][] {{new Line("x")}});
    assertThat(posters.decode(posters.encode(poster, LARGE), Poster.class))
        .usingRecursiveComparison()
        .isEqualTo(poster);
    ValueCodec shelves = Codecs.kryo(List.of(Shelf.class));
    Shelf shelf = new Shelf();
    shelf.items.add(new Line("x"));
    assertThat(shelves.decode(shelves.encode(shelf, LARGE), Shelf.class).items)
        .isEqualTo(shelf.items);
  }

  @Test
  void theTypeArgumentsOfANamedTypeCountAsNamed() throws NoSuchFieldException {
    Type type = Generic.class.getDeclaredField("lines").getGenericType();
    ValueCodec codec = Codecs.kryo(List.of(type));
    Map<String, List<Line>> lines = Map.of("a", List.of(new Line("x")));

    assertThat(codec.decode(codec.encode(lines, LARGE), type)).isEqualTo(lines);
    assertThatExceptionOfType(StoredValueException.class)
        .isThrownBy(
            () -> codec.decode(codec.encode(Map.of("a", List.of("not a line")), LARGE), type))
        .withMessageStartingWith("it is no java.util.Map<java.lang.String, java.util.List<")
        .withMessageEndingWith("stored java.lang.String, wanted " + Line.class.getName());
    assertThatExceptionOfType(StoredValueException.class)
        .isThrownBy(() -> codec.decode(codec.encode(List.of(), LARGE), type))
        .withMessageContaining("not of java.util.Map");
  }

  @Test
  void anAbstractClassNeedsAKnownClassOfItsObjects() {
    refused(
        "record " + Holder.class.getName() + ", component thing: interface ",
        "is abstract and not sealed: make it sealed, or add the classes of its objects with"
            + " ActorOptions.stores",
        Holder.class);
    assertThat(Codecs.kryo(List.of(Something.class))).isNotNull();
    assertThat(Codecs.kryo(List.of(Holder.class, Something.class))).isNotNull();
  }

  @Test
  void allMistakesAreTold() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Codecs.kryo(
                    List.of(Journey.class, NeedsNumber.class, Line.class),
                    Map.of("Old", NeedsNumber.class, "Older", String.class),
                    Map.of(Shape.class, stored -> new Round(1))))
        .satisfies(
            e ->
                assertThat(e.getMessage().lines())
                    .containsExactlyInAnyOrder(
                        "record "
                            + Journey.class.getName()
                            + ", component locale: class java.util.Locale cannot be stored: copy"
                            + " what it holds into one of the common types, such as ArrayList",
                        "record "
                            + Journey.class.getName()
                            + ", component departure: class java.util.Date cannot be stored: copy"
                            + " what it holds into one of the common types, such as ArrayList",
                        "class "
                            + NeedsNumber.class.getName()
                            + " cannot be stored: it is no record and has no constructor without"
                            + " parameters; make it a record or give it one",
                        "class java.lang.String cannot have the older name Older",
                        "class "
                            + Shape.class.getName()
                            + " cannot be migrated to: it is no record, class or enum"));
  }

  @Test
  void classesThatCannotBeStoredAreRefused() {
    Supplier<Object> lambda = () -> "";
    Object anonymous = new Object() {};

    refused(NeedsNumber.class.getName(), "no constructor without parameters", NeedsNumber.class);
    refused(Anything.class.getName(), "is abstract and not sealed", Anything.class);
    refused(Random.class.getName(), "common types", Random.class);
    refused("component on: boolean[] cannot be stored", "use byte[], int[]", Switches.class);
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
