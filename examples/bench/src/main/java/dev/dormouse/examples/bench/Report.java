package dev.dormouse.examples.bench;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;

/**
 * Writes the figures for people and programs.
 *
 * @param machine the machine that they were measured on, in words
 * @param figures all figures
 */
record Report(String machine, List<Figure> figures) {
  private static final int BAR_HEIGHT = 18;
  private static final int ROW_HEIGHT = 30;
  private static final int LABEL_WIDTH = 330;
  private static final int FULL_WIDTH = 360;
  private static final double FULL_RATIO = 2;

  /** Returns all values of all rounds as JSON. */
  String json() {
    JsonArray all = new JsonArray();
    figures.forEach(figure -> all.add(figure.toJson()));
    return new JsonObject().put("machine", machine).put("figures", all).encodePrettily();
  }

  /** Returns the results as a table. */
  String markdown() {
    StringBuilder table = new StringBuilder(machine).append(".\n\n");
    table.append("| mode | figure | Dormouse | stock Vert.x | ratio |\n|---|---|---|---|---|\n");
    for (Figure figure : figures) {
      boolean isCompared = !figure.baseline().isEmpty();
      table
          .append("| ")
          .append(figure.mode().label())
          .append(" | ")
          .append(figure.name())
          .append(" | ")
          .append(cell(figure.dormouse(), figure.unit()))
          .append(" | ")
          .append(isCompared ? cell(figure.baseline(), figure.unit()) : "")
          .append(" | ")
          .append(isCompared ? cell(figure.ratios(), "") : "")
          .append(" |\n");
    }
    return table.append("\nMedian (least–most) of the rounds.\n").toString();
  }

  private static String cell(List<Double> values, String unit) {
    return "%s %s (%s–%s)"
        .formatted(
            number(Figure.median(values)),
            unit,
            number(Figure.least(values)),
            number(Figure.most(values)))
        .replace("  ", " ");
  }

  /** Returns the value with three significant digits. */
  static String number(double value) {
    double size = Math.abs(value);
    String format = size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }

  /**
   * Draws the headline of each mode as a bar: the ratio to the baseline, which is the line at 1.
   */
  String svg() {
    List<Figure> bars =
        figures.stream()
            .filter(figure -> !figure.baseline().isEmpty())
            .filter(figure -> figure.name().equals(figure.mode().reported().get(0).name()))
            .toList();
    int height = ROW_HEIGHT * (bars.size() + 2);
    StringBuilder svg = new StringBuilder();
    svg.append(
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="13">
        <rect width="100%%" height="100%%" fill="#fff"/>
        <text x="8" y="20">Dormouse to stock Vert.x (1.0), median of rounds</text>
        """
            .formatted(LABEL_WIDTH + FULL_WIDTH + 90, height));
    for (int i = 0; i < bars.size(); i++) {
      svg.append(bar(bars.get(i), ROW_HEIGHT * (i + 1)));
    }
    double one = LABEL_WIDTH + FULL_WIDTH / FULL_RATIO;
    return svg.append(
            """
            <line x1="%1$.1f" y1="30" x2="%1$.1f" y2="%2$d" stroke="#555" stroke-dasharray="4 3"/>
            </svg>
            """
                .formatted(one, height - ROW_HEIGHT / 2))
        .toString();
  }

  private static String bar(Figure figure, int y) {
    double ratio = Figure.median(figure.ratios());
    double width = Math.min(ratio, FULL_RATIO) / FULL_RATIO * FULL_WIDTH;
    boolean isGood = figure.isMoreBetter() ? ratio >= 1 : ratio <= 1;
    return """
        <text x="8" y="%d">%s: %s%s</text>
        <rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>
        <text x="%.1f" y="%d">%s</text>
        """
        .formatted(
            y + 14,
            figure.mode().label(),
            figure.name(),
            figure.isMoreBetter() ? " (more is better)" : " (less is better)",
            LABEL_WIDTH,
            y,
            width,
            BAR_HEIGHT,
            isGood ? "#2e7d4f" : "#b7791f",
            LABEL_WIDTH + width + 6,
            y + 14,
            number(ratio));
  }
}
