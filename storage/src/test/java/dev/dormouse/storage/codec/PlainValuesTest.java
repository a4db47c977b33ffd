package dev.dormouse.storage.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class PlainValuesTest {
  private static final int LARGE = 1 << 16;

  enum Rank {
    GUEST,
    MEMBER
  }

  record Seat(int row) {}

  record Member(String name, Rank rank, List<Seat> seats, Object any) {}

  private static final ValueCodec writer =
      Codecs.kryo(List.of(Member.class, Rank.class, Seat.class, Seat[].class));
  private static final ValueCodec stranger = Codecs.kryo(List.of());

  private static Object described(Object value) {
    return stranger.describe(writer.encode(value, LARGE));
  }

  @Test
  void anObjectIsToldByItsFieldsThoughItsClassIsNotKnown() {
    Member member = new Member("Ann", Rank.MEMBER, List.of(new Seat(1)), null);
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("@class", "#" + Integer.toHexString(NamedClasses.idOf(Member.class.getName())));
    fields.put("name", "Ann");
    fields.put("rank", "MEMBER");
    String seat = "#" + Integer.toHexString(NamedClasses.idOf(Seat.class.getName()));
    fields.put("seats", List.of(Map.of("@class", seat, "row", 1)));
    fields.put("any", null);

    assertThat(described(member)).isEqualTo(fields);
  }

  @Test
  void classesThatAreKnownAreNamed() {
    assertThat(writer.describe(writer.encode(new Seat(1), LARGE)))
        .isEqualTo(Map.of("@class", Seat.class.getName(), "row", 1));
  }

  @Test
  void valuesOfTheJdkAreToldPlainly() {
    UUID uuid = new UUID(1, 2);
    assertThat(described("x")).isEqualTo("x");
    assertThat(described(7L)).isEqualTo(7L);
    assertThat(described(true)).isEqualTo(true);
    assertThat(described('c')).isEqualTo("c");
    assertThat(described(Double.NaN)).isEqualTo("NaN");
    assertThat(described(uuid)).isEqualTo(uuid.toString());
    assertThat(described(new BigDecimal("1E+1000000"))).isEqualTo("1E+1000000");
    assertThat(described(Instant.EPOCH)).isEqualTo("1970-01-01T00:00:00Z");
    assertThat(described(new byte[] {1, (byte) 0xff})).isEqualTo(Map.of("@hex", "01ff"));
    assertThat(described(new int[] {1, 2})).isEqualTo(List.of(1, 2));
    assertThat(described(Arrays.asList(1, null, "x"))).isEqualTo(Arrays.asList(1, null, "x"));
    assertThat(described(Optional.of(3))).isEqualTo(3);
    assertThat(described(new TreeSet<>(List.of(2, 1)))).isEqualTo(List.of(1, 2));
    assertThat(described(new TreeMap<>(Map.of("a", 1)))).isEqualTo(Map.of("a", 1));
    assertThat(described(Map.of(1, "x"))).isEqualTo(List.of(List.of(1, "x")));
  }

  @Test
  void enumsAndArraysThatAreNotKnownAreToldByNamesAndElements() {
    EnumMap<Rank, Integer> map = new EnumMap<>(Map.of(Rank.GUEST, 5));

    assertThat(described(Rank.GUEST)).isEqualTo("GUEST");
    assertThat(described(EnumSet.allOf(Rank.class))).isEqualTo(List.of("GUEST", "MEMBER"));
    assertThat(described(map)).isEqualTo(Map.of("GUEST", 5));
    assertThat((List<?>) described(new Seat[] {new Seat(1), new Seat(2), new Seat(3)})).hasSize(3);
  }

  @Test
  void whatCannotBeReadIsToldInHexTheRestByItsFields() {
    byte[] whole = writer.encode(new Member("Ann", Rank.GUEST, List.of(), List.of(1, 2)), LARGE);
    byte[] damaged = whole.clone();
    damaged[damaged.length - 5] = 100; // the number of elements of the last list
    Map<?, ?> fields = (Map<?, ?>) writer.describe(damaged);

    assertThat(fields.get("name")).isEqualTo("Ann");
    assertThat(((Map<?, ?>) fields.get("any")).get("@hex")).isEqualTo("4e6402020204");
    assertThat(((Map<?, ?>) fields.get("any")).get("@unreadable").toString())
        .startsWith("a length of 100");

    Map<?, ?> nothing = (Map<?, ?>) writer.describe(new byte[] {9, 1});
    assertThat(nothing.get("@hex")).isEqualTo(HexFormat.of().formatHex(new byte[] {9, 1}));
    assertThat(nothing.get("@unreadable").toString()).contains("unknown version 9");
  }
}
