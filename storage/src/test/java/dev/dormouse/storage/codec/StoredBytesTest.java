package dev.dormouse.storage.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.dormouse.sdk.StoredValueException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Checks that bytes which were stored once are read for ever, by classes that have changed since.
 */
class StoredBytesTest {
  private static final int LARGE = 1 << 16;
  private static final HexFormat HEX = HexFormat.of();

  enum Rank {
    GUEST,
    MEMBER
  }

  record Seat(int row) {}

  /** The class as it was when the golden bytes were written. */
  record Member(String name, int said, Rank rank, List<String> tags) {}

  static final Member MEMBER = new Member("Ann", 3, Rank.MEMBER, List.of("x"));

  // These records are versions of the member that came later or earlier.
  record Reordered(List<String> tags, Rank rank, int said, String name) {}

  record Grown(String name, int said, Rank rank, List<String> tags, long seen, Seat seat) {}

  record Shrunk(String name) {}

  record Emptied() {}

  record Renamed(String title, int said) {}

  record Widened(String name, long said) {}

  record Boxed(String name, Integer said) {}

  record Unboxed(int number) {}

  record Nullable(Integer number) {}

  record OtherTags(List<Integer> tags) {}

  record OtherMap(Map<String, Rank> map) {}

  record StoredMap(Map<String, String> map) {}

  record OtherOptional(Optional<Integer> optional) {}

  record StoredOptional(Optional<String> optional) {}

  record Picky(String name) {
    Picky {
      if (!name.equals("Bob")) {
        throw new IllegalArgumentException("only Bob");
      }
    }
  }

  record Holder(Object content, int after) {}

  record Remainder(int after) {}

  enum Grades {
    MEMBER,
    ADMIN
  }

  enum OnlyGuests {
    GUEST
  }

  static class Account {
    private String owner = "nobody";
    private long balance = 5;

    String text() {
      return owner + " " + balance;
    }
  }

  static class LaterAccount {
    private double rate = 0.5;
    private String owner = "nobody";

    String text() {
      return owner + " " + rate;
    }
  }

  static class BadAccount {
    int owner = 1;
  }

  /** Returns a codec; classes share their ids if their stable names are the same. */
  private static ValueCodec codec(Class<?> asMember, Class<?>... others) {
    List<Class<?>> named = new ArrayList<>(List.of(others));
    named.add(asMember);
    return new KryoCodec(
        ClassDeclarations.of(named), type -> type == asMember ? "Member" : type.getSimpleName());
  }

  private static final ValueCodec writer = codec(Member.class, Rank.class, Seat.class);

  @ParameterizedTest
  @CsvSource({
    "string, 01000305c384",
    "int, 01000203",
    "uuid, 01002001000000000000000200000000000000",
    "instant, 01002a80e2cfaa0605",
    "bytes, 010016030102",
    "enum, 010088e480240d4d454d424552",
    "record, 010119addffa1904096e616d6509736169640972616e6b0974616773afdffa19050307416e6e0202060b88e480240d4d454d424552054e01030378",
    "records, 01010989d7886b0107726f7748028bd7886b0202028bd7886b020204",
    "map, 01005f0103036b0902",
  })
  void theBytesOfAValueNeverChange(String name, String hex) {
    Object value =
        switch (name) {
          case "string" -> "Ä";
          case "int" -> -2;
          case "uuid" -> new UUID(1, 2);
          case "instant" -> Instant.ofEpochSecond(1_700_000_000L, 5);
          case "bytes" -> new byte[] {1, 2};
          case "enum" -> Rank.MEMBER;
          case "record" -> MEMBER;
          case "records" -> new ArrayList<>(List.of(new Seat(1), new Seat(2)));
          case "map" -> Map.of("k", 1L);
          default -> throw new AssertionError(name);
        };

    assertThat(HEX.formatHex(writer.encode(value, LARGE))).isEqualTo(hex);
    assertThat(writer.decode(HEX.parseHex(hex))).isEqualTo(value);
  }

  private static Object as(Class<?> type, Class<?>... others) {
    return codec(type, others).decode(writer.encode(MEMBER, LARGE));
  }

  @Test
  void theOrderOfComponentsMayChange() {
    assertThat(as(Reordered.class, Rank.class))
        .isEqualTo(new Reordered(List.of("x"), Rank.MEMBER, 3, "Ann"));
  }

  @Test
  void aComponentThatIsMissingInTheBytesIsZeroOrNull() {
    assertThat(as(Grown.class, Rank.class, Seat.class))
        .isEqualTo(new Grown("Ann", 3, Rank.MEMBER, List.of("x"), 0, null));
    assertThat(as(Renamed.class)).isEqualTo(new Renamed(null, 3));
  }

  @Test
  void aComponentThatIsGoneIsPassedOverEvenIfItsClassIsGone() {
    assertThat(as(Shrunk.class)).isEqualTo(new Shrunk("Ann"));
    assertThat(as(Emptied.class)).isEqualTo(new Emptied());
    byte[] deep =
        codec(Holder.class, Seat.class).encode(new Holder(List.of(new Seat(7)), 5), LARGE);
    assertThat(codec(Remainder.class).decode(deep)).isEqualTo(new Remainder(5));
  }

  @Test
  void aPrimitiveMayBecomeItsBox() {
    assertThat(as(Boxed.class)).isEqualTo(new Boxed("Ann", 3));
  }

  @Test
  void aComponentOfAnotherTypeIsRefusedByName() {
    refused(
        codec(Widened.class),
        writer.encode(MEMBER, LARGE),
        "record "
            + Widened.class.getName()
            + ", component said: stored java.lang.Integer, wanted long");
    refused(
        codec(Unboxed.class),
        codec(Nullable.class).encode(new Nullable(null), LARGE),
        "component number: stored null, wanted int");
  }

  @Test
  void typeArgumentsOfTheJdksContainersAreHeldTo() {
    refused(
        codec(OtherTags.class),
        writer.encode(MEMBER, LARGE),
        "component tags: stored java.lang.String, wanted java.lang.Integer");
    refused(
        codec(OtherMap.class, Rank.class),
        codec(StoredMap.class).encode(new StoredMap(Map.of("a", "b")), LARGE),
        "component map: stored java.lang.String, wanted " + Rank.class.getName());
    refused(
        codec(OtherOptional.class),
        codec(StoredOptional.class).encode(new StoredOptional(Optional.of("a")), LARGE),
        "component optional: stored java.lang.String, wanted java.lang.Integer");
  }

  @Test
  void aClassThatIsNoLongerNamedIsRefusedWhereItIsWanted() {
    byte[] bytes = codec(Holder.class, Seat.class).encode(new Holder(new Seat(7), 5), LARGE);

    refused(codec(Holder.class), bytes, "record " + Holder.class.getName() + ", component content");
  }

  @Test
  void constantsAreStoredByName() {
    byte[] bytes = codec(Rank.class).encode(Rank.MEMBER, LARGE);

    assertThat(codec(Grades.class).decode(bytes)).isEqualTo(Grades.MEMBER);
    refused(codec(OnlyGuests.class), bytes, "has no constant MEMBER, which is stored");
  }

  @Test
  void whatARecordsConstructorRefusesIsReported() {
    refused(codec(Picky.class), writer.encode(MEMBER, LARGE), "only Bob");
  }

  @Test
  void theFieldsOfAClassMayChangeLikeComponents() {
    Account account = new Account();
    account.owner = "Ann";
    account.balance = 9;
    byte[] bytes = codec(Account.class).encode(account, LARGE);

    assertThat(((Account) codec(Account.class).decode(bytes)).text()).isEqualTo("Ann 9");
    assertThat(((LaterAccount) codec(LaterAccount.class).decode(bytes)).text())
        .isEqualTo("Ann 0.5");
    refused(codec(BadAccount.class), bytes, "field owner: stored java.lang.String, wanted int");
  }

  @Test
  void bytesOfAnUnknownVersionOrWithALooseEndAreRefused() {
    byte[] bytes = writer.encode("x", LARGE);
    byte[] newer = bytes.clone();
    newer[0] = 9;
    byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);

    refused(writer, newer, "unknown version 9");
    refused(writer, longer, "go on after the value");
    refused(writer, new byte[0], "cannot be read");
    refused(writer, new byte[] {1, 0, 0}, "hold nothing");
  }

  private static void refused(ValueCodec codec, byte[] bytes, String message) {
    assertThatExceptionOfType(StoredValueException.class)
        .isThrownBy(() -> codec.decode(bytes))
        .withMessageContaining(message);
  }
}
