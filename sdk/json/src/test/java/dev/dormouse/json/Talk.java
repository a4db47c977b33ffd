package dev.dormouse.json;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Messages with a component of each kind, for tests. */
final class Talk {
  private Talk() {}

  /** Messages of clients. */
  sealed interface In {}

  /** A further part of the messages of clients. */
  sealed interface Drawing extends In {}

  record Say(String text) implements In {}

  @JsonName("rename")
  record Rename(@JsonName("to") String name, @Nullable String reason) implements In {
    Rename {
      if (name.isBlank()) {
        throw new IllegalArgumentException("the name is blank; send a letter at least");
      }
      if (name.equals("null pointer")) {
        throw new NullPointerException("of interest to nobody");
      }
    }
  }

  record Line(List<Point> points, Color color) implements Drawing {}

  record Everything(
      boolean flag,
      byte small,
      short shorter,
      int whole,
      long large,
      float single,
      double fraction,
      Integer boxed,
      BigInteger exact,
      BigDecimal price,
      UUID id,
      Instant at,
      LocalDate day,
      Duration took,
      Color color,
      Optional<String> maybe,
      Optional<Point> place,
      @Nullable Long count,
      List<Optional<Integer>> gaps,
      List<@Nullable String> names,
      Set<Color> colors,
      Map<String, List<Point>> lines,
      Map<Color, Double> weights,
      Map<UUID, @Nullable Boolean> votes,
      List<In> quoted,
      Optional<Tree> tree)
      implements In {}

  record Point(int x, int y) {}

  record Tree(String name, List<Tree> branches) {}

  enum Color {
    RED,
    GREEN {
      @Override
      public String toString() {
        return "green";
      }
    }
  }

  /** Messages of the server. */
  sealed interface Out {}

  record Said(String by, String text) implements Out {}

  record Drawn(Line line) implements Out {}
}
