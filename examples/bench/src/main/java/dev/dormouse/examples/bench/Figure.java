package dev.dormouse.examples.bench;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/**
 * A measured figure, with a value for each round.
 *
 * @param mode the mode that was measured
 * @param name the name of the figure
 * @param unit the unit of the values
 * @param isMoreBetter whether a larger value is better
 * @param dormouse the values of the server under test
 * @param baseline the values of the server it is compared with, in the same rounds; empty if it is
 *     compared with none
 */
record Figure(
    Mode mode,
    String name,
    String unit,
    boolean isMoreBetter,
    List<Double> dormouse,
    List<Double> baseline) {

  /** Returns the value of the server under test as a part of the other's, round by round. */
  List<Double> ratios() {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < baseline.size(); i++) {
      ratios.add(dormouse.get(i) / baseline.get(i));
    }
    return ratios;
  }

  /** Returns the median of the values; for an even number, the mean of the two in the middle. */
  static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int half = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(half)
        : (sorted.get(half - 1) + sorted.get(half)) / 2;
  }

  static double least(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).min().orElse(Double.NaN);
  }

  static double most(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).max().orElse(Double.NaN);
  }

  JsonObject toJson() {
    JsonObject json =
        new JsonObject()
            .put("mode", mode.label())
            .put("figure", name)
            .put("unit", unit)
            .put("moreIsBetter", isMoreBetter)
            .put("dormouse", spread(dormouse));
    if (!baseline.isEmpty()) {
      json.put("baseline", spread(baseline)).put("ratio", spread(ratios()));
    }
    return json;
  }

  private static JsonObject spread(List<Double> values) {
    return new JsonObject()
        .put("median", median(values))
        .put("least", least(values))
        .put("most", most(values))
        .put("rounds", new JsonArray(values));
  }
}
