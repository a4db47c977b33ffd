package dev.dormouse.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunRowTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final UUID MONDAY = UUID.fromString("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0");
  private static final UUID TUESDAY = new UUID(1, 2);

  @TempDir Path folder;

  private static RunRow run(UUID boot, long folder) {
    return new RunRow(new Surroundings(boot, folder), false);
  }

  @Test
  @DisplayName("The bytes of an opening's row never change")
  void theBytesOfAnOpeningsRowNeverChange() {
    String open = "01" + "0f1e2d3c4b5a69788796a5b4c3d2e1f0" + "0000000000abcdef" + "00";
    String closed = "01" + "00000000000000000000000000000000" + "0000000000000000" + "01";
    RunRow unknown = new RunRow(new Surroundings(null, 0), true);
    assertThat(HEX.formatHex(run(MONDAY, 0xabcdef).encode())).isEqualTo(open);
    assertThat(HEX.formatHex(unknown.encode())).isEqualTo(closed);
    assertThat(RunRow.decodeOrNull(HEX.parseHex(open))).isEqualTo(run(MONDAY, 0xabcdef));
    assertThat(RunRow.decodeOrNull(HEX.parseHex(closed))).isEqualTo(unknown);
    assertThat(HEX.formatHex(RunRow.key(258))).isEqualTo("72756e" + "0000000000000102");
  }

  @Test
  void moreBytesAreOfALaterVersionsAndFewerOrOthersSayNothing() {
    byte[] bytes = run(MONDAY, 7).encode();
    assertThat(RunRow.decodeOrNull(Arrays.copyOf(bytes, bytes.length + 9)))
        .isEqualTo(run(MONDAY, 7));
    for (int length = 0; length < bytes.length; length++) {
      assertThat(RunRow.decodeOrNull(Arrays.copyOf(bytes, length))).isNull();
    }
    bytes[0] = 2;
    assertThat(RunRow.decodeOrNull(bytes)).isNull();
  }

  @Test
  @DisplayName("Only the same folder under another kernel means that the machine was restarted")
  void onlyTheSameFolderUnderAnotherKernelMeansThatTheMachineWasRestarted() {
    RunRow run = run(MONDAY, 7);
    assertThat(RunRow.endingOf(run, run(TUESDAY, 7))).isEqualTo(Ending.MACHINE_RESTARTED);
    assertThat(RunRow.endingOf(run, run(MONDAY, 7))).isEqualTo(Ending.PROCESS_DIED);
    // A copy, wherever it is.
    assertThat(RunRow.endingOf(run, run(TUESDAY, 8))).isEqualTo(Ending.PROCESS_DIED);
    assertThat(RunRow.endingOf(run, run(MONDAY, 8))).isEqualTo(Ending.PROCESS_DIED);
    // These rows come from systems without boot id or file numbers, or from a version that kept
    // neither.
    assertThat(RunRow.endingOf(run, run(null, 7))).isEqualTo(Ending.PROCESS_DIED);
    assertThat(RunRow.endingOf(run(null, 7), run(TUESDAY, 7))).isEqualTo(Ending.PROCESS_DIED);
    assertThat(RunRow.endingOf(run(MONDAY, 0), run(TUESDAY, 0))).isEqualTo(Ending.PROCESS_DIED);
    assertThat(RunRow.endingOf(null, run(TUESDAY, 7))).isEqualTo(Ending.PROCESS_DIED);
    assertThat(RunRow.endingOf(run, null)).isEqualTo(Ending.PROCESS_DIED);
  }

  @Test
  void aClosedOpeningIsClosedWhateverCameAfterIt() {
    RunRow closed = new RunRow(new Surroundings(MONDAY, 7), true);
    assertThat(RunRow.endingOf(closed, run(TUESDAY, 7))).isEqualTo(Ending.CLOSED);
    assertThat(RunRow.endingOf(closed, run(MONDAY, 8))).isEqualTo(Ending.CLOSED);
  }

  @Test
  void theSurroundingsOfAFolderStayAndThoseOfACopyDiffer() throws IOException {
    Path original = Files.createDirectory(folder.resolve("original"));
    Path copy = Files.createDirectory(folder.resolve("copy"));
    assertThat(Surroundings.of(original)).isEqualTo(Surroundings.of(original));
    assertThat(Surroundings.of(original).boot()).isEqualTo(Surroundings.of(copy).boot());
    if (Files.getFileStore(original).supportsFileAttributeView("unix")) {
      assertThat(Surroundings.of(original).folder()).isNotEqualTo(Surroundings.of(copy).folder());
    }
  }

  @Test
  void aFileWithoutABootIdTellsNone() throws IOException {
    Path file = folder.resolve("boot_id");
    assertThat(Surroundings.bootId(file)).isNull();
    Files.writeString(file, MONDAY + "\n");
    assertThat(Surroundings.bootId(file)).isEqualTo(MONDAY);
    Files.writeString(file, "no id\n");
    assertThat(Surroundings.bootId(file)).isNull();
    assertThat(Surroundings.of(folder.resolve("nowhere")).folder()).isZero();
  }
}
