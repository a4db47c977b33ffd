package dev.dormouse.storage.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.dormouse.sdk.StoredFields;
import dev.dormouse.sdk.StoredValueException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * Reads the golden bytes that an earlier version of an application stored, by classes that were
 * renamed and changed, with the help of their author's declarations.
 */
class MigrationTest {
  private static final int LARGE = 1 << 16;
  private static final HexFormat HEX = HexFormat.of();

  // The bytes were written by record Member(String name, int said, Rank rank, List<String> tags),
  // enum Rank { GUEST, MEMBER } and record Seat(int row); their names were just these.

  /** {@code new Member("Ann", 3, Rank.MEMBER, List.of("x"))}. */
  private static final byte[] MEMBER =
      HEX.parseHex(
          "010119addffa1904096e616d6509736169640972616e6b0974616773afdffa1905"
              + "0307416e6e0202060b88e480240d4d454d424552054e01030378");

  /** A list of {@code new Seat(1)} and {@code new Seat(2)}. */
  private static final byte[] SEATS =
      HEX.parseHex("01010989d7886b0107726f7748028bd7886b0202028bd7886b020204");

  /** {@code Rank.MEMBER}. */
  private static final byte[] RANK = HEX.parseHex("010088e480240d4d454d424552");

  enum Rank {
    GUEST,
    MEMBER
  }

  record Person(String name, int said, Rank rank, List<String> tags) {}

  /** A later form of the member: fields are renamed or have other types, and one is new. */
  record Profile(String nick, String said, boolean isMember, int version) {}

  record Counted(String name, String said) {}

  record Chair(int row) {}

  record Bench(List<Chair> chairs) {}

  enum Level {
    LOW,
    HIGH
  }

  private static Codec codec(Class<?>... classes) {
    return new Codec(new ArrayList<>(List.of(classes)), new HashMap<>(), new HashMap<>());
  }

  /** A codec in the making, whose classes have their simple names in stored bytes. */
  private record Codec(
      List<Class<?>> classes,
      Map<String, Class<?>> renamed,
      Map<Class<?>, Function<StoredFields, ?>> migrations) {
    Codec renamed(String olderName, Class<?> now) {
      renamed.put(olderName, now);
      return this;
    }

    <T> Codec migrates(Class<T> to, Function<StoredFields, T> migration) {
      migrations.put(to, migration);
      return this;
    }

    ValueCodec made() {
      return new KryoCodec(
          new ClassDeclarations(classes, renamed, migrations), Class::getSimpleName);
    }
  }

  @Test
  void aRenamedClassIsReadByItsOlderNameAndWrittenByItsNewOne() {
    ValueCodec codec = codec(Person.class, Rank.class).renamed("Member", Person.class).made();

    Person person = codec.decode(MEMBER, Person.class);

    assertThat(person).isEqualTo(new Person("Ann", 3, Rank.MEMBER, List.of("x")));
    byte[] rewritten = codec.encode(person, LARGE);
    ValueCodec later = codec(Person.class, Rank.class).made();
    assertThat(later.decode(rewritten)).isEqualTo(person);
    refused(later, MEMBER, "with the fields name, said, rank, tags");
  }

  @Test
  void aClassMayHaveHadSeveralNamesAndItsArraysFollow() {
    ValueCodec chairs =
        codec(Chair[].class, Chair.class)
            .renamed("Seat", Chair.class)
            .renamed("Stool", Chair.class)
            .made();

    assertThat(chairs.decode(SEATS)).isEqualTo(List.of(new Chair(1), new Chair(2)));
    record Stool(int row) {}
    ValueCodec older =
        new KryoCodec(ClassDeclarations.of(List.of(Stool.class, Stool[].class)), named("Stool"));
    assertThat(chairs.decode(older.encode(new Stool(5), LARGE))).isEqualTo(new Chair(5));
    assertThat((Chair[]) chairs.decode(older.encode(new Stool[] {new Stool(6)}, LARGE)))
        .containsExactly(new Chair(6));
  }

  private static Function<Class<?>, String> named(String name) {
    return type -> type.isArray() ? "[L" + name + ";" : name;
  }

  @Test
  void fieldsThatWereRenamedOrAreOfAnotherTypeAreMigrated() {
    ValueCodec codec =
        codec(Profile.class)
            .renamed("Member", Profile.class)
            .migrates(
                Profile.class,
                old ->
                    new Profile(
                        old.get("name", String.class).orElse("guest"),
                        old.get("said", Integer.class).orElseThrow() + " times",
                        // The field's enum is gone.
                        old.get("rank", String.class).orElseThrow().equals("MEMBER"),
                        1))
            .made();
    Profile profile = new Profile("Ann", "3 times", true, 1);

    assertThat(codec.decode(MEMBER, Profile.class)).isEqualTo(profile);
    assertThat(codec.decode(codec.encode(profile, LARGE))).isEqualTo(profile);
  }

  @Test
  void aFieldWhoseTypeHasChangedIsRefusedByClassFieldAndBothTypesUntilItIsMigrated() {
    refused(
        codec(Counted.class).renamed("Member", Counted.class).made(),
        MEMBER,
        "record "
            + Counted.class.getName()
            + ", component said: stored java.lang.Integer, wanted java.lang.String");

    ValueCodec migrating =
        codec(Counted.class)
            .renamed("Member", Counted.class)
            .migrates(
                Counted.class,
                old ->
                    new Counted(
                        old.get("name", String.class).orElseThrow(),
                        Integer.toString(old.get("said", int.class).orElseThrow())))
            .made();
    assertThat(migrating.decode(MEMBER)).isEqualTo(new Counted("Ann", "3"));
  }

  @Test
  void whatIsOfTodaysFormIsNotMigratedWhateverTheOrder() {
    record Reordered(int b, String a) {}
    record Original(String a, int b) {}
    ValueCodec writer = new KryoCodec(ClassDeclarations.of(List.of(Original.class)), type -> "X");
    ValueCodec reader =
        new KryoCodec(
            new ClassDeclarations(
                List.of(),
                Map.of(),
                Map.of(
                    Reordered.class,
                    old -> {
                      throw new AssertionError(old);
                    })),
            type -> "X");

    assertThat(reader.decode(writer.encode(new Original("x", 7), LARGE)))
        .isEqualTo(new Reordered(7, "x"));
  }

  @Test
  void theSameNamesWithAnotherTypeOrARefusalOfTheConstructorAreMigrated() {
    record Now(String value) {
      Now {
        if (value.isEmpty()) {
          throw new IllegalArgumentException("empty");
        }
      }
    }
    record Digits(int value) {}
    record Text(String value) {}
    ValueCodec reader =
        new KryoCodec(
            new ClassDeclarations(
                List.of(),
                Map.of(),
                Map.of(
                    Now.class,
                    old ->
                        new Now(old.get("value", Object.class).map(v -> v + "!").orElseThrow()))),
            type -> "X");

    assertThat(reader.decode(written(new Digits(7)))).isEqualTo(new Now("7!"));
    assertThat(reader.decode(written(new Text("")))).isEqualTo(new Now("!"));
    assertThat(reader.decode(written(new Text("a")))).isEqualTo(new Now("a"));
  }

  private static byte[] written(Object value) {
    return new KryoCodec(ClassDeclarations.of(List.of(value.getClass())), type -> "X")
        .encode(value, LARGE);
  }

  @Test
  void objectsOfClassesThatAreGoneAreReadAsTheirFields() {
    List<String> seen = new ArrayList<>();
    ValueCodec codec =
        codec(Bench.class)
            .migrates(
                Bench.class,
                old -> {
                  seen.add(old.className());
                  List<?> seats = old.get(StoredFields.VALUE, List.class).orElseThrow();
                  return new Bench(
                      seats.stream()
                          .map(seat -> ((StoredFields) seat).get("row", int.class).orElseThrow())
                          .map(Chair::new)
                          .toList());
                })
            .renamed("Stool", Chair.class)
            .made();

    assertThat(codec.decode(SEATS, Bench.class))
        .isEqualTo(new Bench(List.of(new Chair(1), new Chair(2))));
    assertThat(seen).containsExactly("java.util.ArrayList");
    refused(codec, SEATS, "class #d622b89, with the fields row, is stored");
  }

  @Test
  void aValueOfAnotherClassIsRefusedByBothOrMigrated() {
    ValueCodec plain = codec(Person.class, Rank.class).made();
    byte[] text = plain.encode("Ann", LARGE);

    assertThatExceptionOfType(StoredValueException.class)
        .isThrownBy(() -> plain.decode(text, Person.class))
        .withMessage("it is of java.lang.String, not of " + Person.class.getName());

    ValueCodec migrating =
        codec(Person.class, Rank.class)
            .migrates(
                Person.class,
                old -> {
                  assertThat(old.className()).isEqualTo("java.lang.String");
                  String name = old.get(StoredFields.VALUE, String.class).orElseThrow();
                  return new Person(name, 0, Rank.GUEST, List.of());
                })
            .made();
    assertThat(migrating.decode(text, Person.class))
        .isEqualTo(new Person("Ann", 0, Rank.GUEST, List.of()));
    assertThat(migrating.decode(text, String.class)).isEqualTo("Ann");
  }

  @Test
  void aConstantThatIsGoneIsMigrated() {
    ValueCodec codec =
        codec(Level.class)
            .renamed("Rank", Level.class)
            .migrates(
                Level.class,
                old ->
                    old.get(StoredFields.VALUE, String.class).orElseThrow().equals("MEMBER")
                        ? Level.HIGH
                        : Level.LOW)
            .made();

    assertThat(codec.decode(RANK)).isEqualTo(Level.HIGH);
    ValueCodec written = codec(Rank.class).made();
    byte[] set = written.encode(EnumSet.allOf(Rank.class), LARGE);
    assertThat(codec.decode(set)).isEqualTo(EnumSet.allOf(Level.class));
  }

  @Test
  void aFieldTellsWhatItIsAndWhatCannotBeReadHarmsNoOther() {
    List<StoredFields> seen = new ArrayList<>();
    ValueCodec codec =
        codec(Profile.class)
            .renamed("Member", Profile.class)
            .migrates(
                Profile.class,
                old -> {
                  seen.add(old);
                  return new Profile("", "", false, 1);
                })
            .made();
    byte[] damaged = MEMBER.clone();
    int countOfTags = damaged.length - 4;
    assertThat(damaged[countOfTags]).isEqualTo((byte) 1);
    damaged[countOfTags] = 100;
    codec.decode(damaged);

    StoredFields old = seen.get(0);
    assertThat(old.className()).isEqualTo("Member");
    assertThat(old.names()).containsExactly("name", "said", "rank", "tags");
    assertThat(old.has("nick")).isFalse();
    assertThat(old.get("nick", String.class)).isEmpty();
    assertThat(old.get("name", String.class)).contains("Ann");
    assertThatExceptionOfType(StoredValueException.class)
        .isThrownBy(() -> old.get("said", Long.class))
        .withMessage("class Member, field said: stored java.lang.Integer, wanted java.lang.Long");
    assertThatExceptionOfType(StoredValueException.class)
        .isThrownBy(() -> old.get("tags", List.class))
        .withMessageStartingWith("class Member, field tags: a length of 100");
  }

  @Test
  void aMigrationThatFailsMakesTheValueUnreadable() {
    Codec throwing =
        codec(Profile.class)
            .renamed("Member", Profile.class)
            .migrates(
                Profile.class,
                old -> {
                  throw new IllegalStateException("as asked");
                });
    refused(
        throwing.made(),
        MEMBER,
        "the migration of a stored Member[name, said, rank, tags] to "
            + Profile.class.getName()
            + " failed: java.lang.IllegalStateException: as asked");

    Codec nothing = codec().renamed("Member", Profile.class).migrates(Profile.class, old -> null);
    refused(nothing.made(), MEMBER, " gave null");
  }

  @Test
  void standInsNeverReachObjectsThatNobodyMigrates() {
    record Any(Object content) {}
    record Outer(Any any, int more) {}
    record Gone(int number) {}
    ValueCodec writer = codec(Any.class, Gone.class, Outer.class).made();
    ValueCodec reader =
        codec(Any.class)
            .migrates(Outer.class, old -> new Outer(old.get("any", Any.class).orElseThrow(), 0))
            .made();
    byte[] bytes = writer.encode(new Outer(new Any(new Gone(1)), 2), LARGE);

    refused(reader, bytes, "class Outer, field any: record " + Any.class.getName());
    refused(reader, writer.encode(new Any(new Gone(1)), LARGE), "with the fields number");
    assertThatExceptionOfType(StoredValueException.class)
        .isThrownBy(() -> reader.decode(writer.encode(List.of(new Gone(1)), LARGE), List.class))
        .withMessageContaining("with the fields number");
  }

  @Test
  void namesAndMigrationsThatCannotBeAreRefusedWhenTheCodecIsMade() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> codec(Chair.class, Bench.class).renamed("Chair", Bench.class).made())
        .withMessageContaining(Chair.class.getName())
        .withMessageContaining(Bench.class.getName());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> codec().migrates(String.class, old -> "").made())
        .withMessageContaining("java.lang.String cannot be migrated to");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> codec().renamed("Text", String.class).made())
        .withMessageContaining("java.lang.String cannot have the older name Text");
  }

  private static void refused(ValueCodec codec, byte[] bytes, String message) {
    assertThatExceptionOfType(StoredValueException.class)
        .isThrownBy(() -> codec.decode(bytes))
        .withMessageContaining(message);
  }
}
