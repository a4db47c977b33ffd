package dev.dormouse.server.admin.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Checks how much of a stored value is shown. */
class ShownTest {
  private final Shown shown = new Shown();

  @Test
  @DisplayName("A small value is shown as it is; numbers that JavaScript would round as texts")
  void smallValuesAreShownAsTheyAre() {
    assertThat(
            shown.of(Map.of("a", List.of(1, 2.5, true, "x"), "b", 1L << 53, "c", (1L << 53) - 1)))
        .isEqualTo(
            new JsonObject()
                .put("a", new JsonArray(List.of(1, 2.5, true, "x")))
                .put("b", "9007199254740992")
                .put("c", 9007199254740991L));
    assertThat(shown.isCut()).isFalse();
  }

  @Test
  @DisplayName("A long text is cut, between characters, and its length told")
  void longTextsAreCut() {
    assertThat(shown.of("x".repeat(4_000))).isEqualTo("x".repeat(4_000));
    assertThat(shown.isCut()).isFalse();
    assertThat(shown.of("x".repeat(3_999) + "😀"))
        .isEqualTo("x".repeat(3_999) + "… (4001 characters)");
    assertThat(shown.isCut()).isTrue();
  }

  @Test
  @DisplayName("All texts of a value have 20,000 characters at most, names of fields too")
  void allTextsTogetherAreBounded() {
    assertThat(shown.of(Collections.nCopies(900, Map.of("f".repeat(100), "x".repeat(100)))))
        .asString()
        .hasSizeLessThan(20_000 + 900 * 2 * 30);
    assertThat(shown.isCut()).isTrue();
  }

  @Test
  @DisplayName("A thousand fields and elements are shown, of whatever depth")
  void manyElementsAreCut() {
    Object row = Collections.nCopies(10, 7);

    JsonArray rows = (JsonArray) shown.of(Collections.nCopies(500, row));

    assertThat(rows).isNotNull().hasSizeBetween(90, 92);
    assertThat(shown.isCut()).isTrue();
  }

  @Test
  @DisplayName("A value deeper than 32 levels is left out")
  void deepValuesAreCut() {
    Object value = List.of();
    for (int i = 0; i < 32; i++) {
      value = List.of(value);
    }
    assertThat(shown.of(value)).hasToString("[".repeat(33) + "]".repeat(33));
    assertThat(shown.isCut()).isFalse();
    assertThat(shown.of(List.of(value))).hasToString("[".repeat(33) + "]".repeat(33));
    assertThat(shown.isCut()).isTrue();
  }
}
