package dev.dormouse.examples.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks that the benchmark measures something; it never judges how fast anything is. */
class BenchmarkIT {
  private static final int KINDS_OF_LOAD = 7;

  @TempDir private Path directory;

  @Test
  @Tag("once")
  @DisplayName("one short round of each kind of load ends in figures for people and programs")
  void oneShortRoundOfEachKindOfLoadEndsInFigures() throws Exception {
    Path out = directory.resolve("out");

    int exit =
        Benchmark.run(
            "--modes",
            "attach,wake,wake-large,idle,broadcast,handshake,paced",
            "--rounds=1",
            "--seconds=0.2",
            "--connections=8",
            "--per-second=100",
            "--out=" + out);

    assertThat(exit).isZero();
    JsonArray figures =
        new JsonObject(Files.readString(out.resolve("results.json"))).getJsonArray("figures");
    List<JsonObject> all = figures.stream().map(JsonObject.class::cast).toList();
    assertThat(all.stream().map(figure -> figure.getString("mode")).distinct())
        .hasSize(KINDS_OF_LOAD);
    assertThat(all)
        .filteredOn(figure -> !figure.getString("mode").equals("idle"))
        .allSatisfy(
            figure ->
                assertThat(figure.getJsonObject("dormouse").getDouble("median")).isPositive());
    assertThat(Files.readString(out.resolve("results.md"))).contains("| attach | messages |");
    assertThat(Files.readString(out.resolve("results.svg"))).contains("broadcast: deliveries");
  }

  @Test
  void anUnknownModeIsRefusedByName() {
    assertThat(Benchmark.run("--modes=sleepwalk")).isEqualTo(2);
  }

  @Test
  void theMedianOfAnEvenNumberIsTheMeanOfTheMiddleTwo() {
    assertThat(Figure.median(List.of(4.0, 1.0, 3.0, 2.0))).isEqualTo(2.5);
    assertThat(Figure.median(List.of(9.0, 1.0, 2.0))).isEqualTo(2);
  }
}
