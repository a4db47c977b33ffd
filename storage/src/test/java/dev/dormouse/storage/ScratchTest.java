package dev.dormouse.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("F23")
class ScratchTest {
  @TempDir private Path base;

  private List<Path> entries() throws IOException {
    try (Stream<Path> entries = Files.list(base)) {
      return entries.sorted().toList();
    }
  }

  /** Leaves the files of a process that was killed: nobody has the lock. */
  private void leaveBehind(String name) throws IOException {
    Files.createFile(base.resolve("dormouse-scratch-" + name + ".lock"));
    Path folder = Files.createDirectory(base.resolve("dormouse-scratch-" + name));
    Files.writeString(folder.resolve("library.so"), "large");
  }

  @Test
  @DisplayName("F23: what killed processes left behind is removed, what belongs to others stays")
  void whatKilledProcessesLeftBehindIsRemovedWhatBelongsToOthersStays() throws Exception {
    Path foreign = Files.writeString(base.resolve("dormouse-scratch-notes.txt"), "mine");
    leaveBehind("1");
    leaveBehind("2");
    try (Scratch first = Scratch.in(base)) {
      Path kept = Files.writeString(first.path().resolve("file"), "in use");
      assertThat(entries()).hasSize(3).contains(foreign, first.path());
      try (Scratch second = Scratch.in(base)) {
        assertThat(second.path()).isNotEqualTo(first.path()).isDirectory();
        assertThat(kept).hasContent("in use");
      }
      assertThat(entries()).hasSize(3);
    }
    assertThat(entries()).containsExactly(foreign);
  }

  @Test
  @DisplayName("F24: the first folder that can be written is taken; if none can, all are named")
  void theFirstFolderThatCanBeWrittenIsTaken() throws Exception {
    Path missing = base.resolve("missing");
    Path file = Files.writeString(base.resolve("file"), "");
    try (Scratch scratch = Scratch.in(List.of(missing, file, base))) {
      assertThat(scratch.path().getParent()).isEqualTo(base.toRealPath());
    }
    assertThatThrownBy(() -> Scratch.in(List.of(missing, file)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(missing.toString())
        .hasMessageContaining(file.toString());
  }
}
