package dev.dormouse.json;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.json.Talk.Color;
import dev.dormouse.json.Talk.Everything;
import dev.dormouse.json.Talk.In;
import dev.dormouse.json.Talk.Line;
import dev.dormouse.json.Talk.Out;
import dev.dormouse.json.Talk.Point;
import dev.dormouse.json.Talk.Rename;
import dev.dormouse.json.Talk.Say;
import dev.dormouse.json.Talk.Tree;
import dev.dormouse.sdk.MessageRefusedException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import org.jspecify.annotations.Nullable;

/** Reads back random messages, and texts that were changed at random. */
class JsonPropertiesTest {
  private static final Set<String> CODES =
      Set.of("malformed", "unknown_type", "invalid_field", "too_deep");

  /** Parts of JSON that hostile clients might put in odd places. */
  private static final List<String> PIECES =
      List.of(
          "{",
          "}",
          "[",
          "]",
          ":",
          ",",
          "\"",
          "\\",
          "\\u0000",
          "\\ud800",
          "null",
          "true",
          "-",
          "1e999",
          "9".repeat(30),
          "\"type\":\"Say\"",
          "\"$id\":",
          "[[[[[[[[",
          "\uFEFF",
          "\0",
          "\u202e",
          "{\"type\":\"Line\"}",
          "NaN",
          "1E-400",
          "PT999999999999999999H",
          "+1000000000-01-01",
          "\"@class\":\"java.lang.Runtime\"");

  private final JsonCodec<In, Out> codec = JsonCodec.of(In.class, Out.class);
  private final JsonCodec<In, In> mirror = JsonCodec.of(In.class, In.class);

  @Property(tries = 100)
  void aMessageIsReadAsItWasWritten(@ForAll long seed) {
    In message = new Messages(new Random(seed)).message(3);
    String text = mirror.encode(message);
    assertThat(mirror.decode(text).message()).as(text).isEqualTo(message);
  }

  @Property(tries = 50)
  void aChangedTextIsAMessageOrIsRefused(@ForAll long seed) {
    checkChanged(seed);
  }

  @Tag("full")
  @Property(tries = 1_000)
  void aChangedTextIsAMessageOrIsRefusedInManyTries(@ForAll long seed) {
    checkChanged(seed);
  }

  private void checkChanged(long seed) {
    Random random = new Random(seed);
    String text = mirror.encode(new Messages(random).message(1));
    for (int i = 0; i < 100; i++) {
      check(mutated(text, random));
    }
  }

  private void check(String text) {
    try {
      assertThat(codec.decode(text).message()).isInstanceOf(In.class);
    } catch (MessageRefusedException e) {
      assertThat(e.code()).isIn(CODES);
      assertThat(e.getMessage()).hasSizeBetween(10, 300).doesNotContain("Exception");
    }
  }

  private static String mutated(String text, Random random) {
    StringBuilder changed = new StringBuilder(text);
    for (int changes = random.nextInt(4); changes >= 0; changes--) {
      int place = random.nextInt(changed.length() + 1);
      int end = Math.min(changed.length(), place + random.nextInt(6));
      switch (random.nextInt(5)) {
        case 0 -> changed.insert(place, PIECES.get(random.nextInt(PIECES.size())));
        case 1 -> changed.delete(place, end);
        case 2 -> changed.replace(place, end, String.valueOf((char) random.nextInt(1 << 16)));
        case 3 -> changed.insert(place, changed.substring(place, end).repeat(2));
        default -> changed.setLength(place);
      }
    }
    return changed.toString();
  }

  /** Makes random messages. */
  private record Messages(Random random) {

    In message(int depth) {
      return switch (random.nextInt(depth == 0 ? 3 : 5)) {
        case 0 -> new Say(text());
        case 1 -> new Rename("a" + text(), maybe(this::text));
        case 2 -> new Line(points(), color());
        default -> everything(depth);
      };
    }

    private Everything everything(int depth) {
      Map<String, List<Point>> lines = new LinkedHashMap<>();
      some(() -> lines.put(text(), points()));
      Map<Color, Double> weights = new EnumMap<>(Color.class);
      some(() -> weights.put(color(), random.nextGaussian() * 1e300));
      Map<UUID, @Nullable Boolean> votes = new HashMap<>();
      some(() -> votes.put(uuid(), maybe(random::nextBoolean)));
      List<@Nullable String> names = new ArrayList<>();
      some(() -> names.add(maybe(this::text)));
      return new Everything(
          random.nextBoolean(),
          (byte) random.nextInt(),
          (short) random.nextInt(),
          random.nextInt(),
          random.nextLong() >> 11,
          Float.intBitsToFloat(random.nextInt() & ~(1 << 30)),
          Double.longBitsToDouble(random.nextLong() & ~(1L << 62)),
          random.nextInt(),
          new BigInteger(random.nextInt(300), random).negate(),
          new BigDecimal(new BigInteger(200, random), random.nextInt(40) - 20),
          uuid(),
          Instant.ofEpochSecond(random.nextLong() >> 16, random.nextInt(1_000_000_000)),
          LocalDate.ofEpochDay(random.nextInt()),
          Duration.ofSeconds(random.nextLong() >> 4, random.nextInt(1_000_000_000)),
          color(),
          Optional.ofNullable(maybe(this::text)),
          Optional.ofNullable(maybe(this::point)),
          maybe(() -> random.nextLong() >> 11),
          list(() -> Optional.ofNullable(maybe(random::nextInt))),
          Collections.unmodifiableList(names),
          Set.copyOf(list(this::color)),
          lines,
          weights,
          votes,
          depth == 0 ? List.of() : list(() -> message(depth - 1)),
          Optional.ofNullable(maybe(() -> tree(4))));
    }

    private void some(Runnable step) {
      IntStream.range(0, random.nextInt(4)).forEach(i -> step.run());
    }

    private <T> List<T> list(Supplier<T> element) {
      return IntStream.range(0, random.nextInt(4)).mapToObj(i -> element.get()).toList();
    }

    private <T> @Nullable T maybe(Supplier<T> value) {
      return random.nextBoolean() ? value.get() : null;
    }

    private Tree tree(int depth) {
      return new Tree(text(), depth == 0 ? List.of() : list(() -> tree(depth - 1)));
    }

    private List<Point> points() {
      return list(this::point);
    }

    private Point point() {
      return new Point(random.nextInt(), random.nextInt());
    }

    private UUID uuid() {
      return new UUID(random.nextLong(), random.nextLong());
    }

    private Color color() {
      return List.of(Color.values()).get(random.nextInt(2));
    }

    private String text() {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(8); i > 0; i--) {
        text.appendCodePoint(
            random.nextBoolean() ? ' ' + random.nextInt(95) : random.nextInt(0x11_0000));
      }
      return text.toString();
    }
  }
}
