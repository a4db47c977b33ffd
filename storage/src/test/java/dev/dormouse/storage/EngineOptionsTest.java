package dev.dormouse.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks the options that the engine reports about its own opening. */
class EngineOptionsTest {
  @TempDir Path folder;

  @Test
  void theEngineIsOpenedWithTheOptionsThatDurabilityRestsOn() throws IOException {
    Stores.open(StoreOptions.in(folder)).close();
    Map<String, Map<String, String>> sections = sections();

    assertThat(sections.get("DBOptions"))
        .containsEntry("paranoid_checks", "true")
        .containsEntry("wal_recovery_mode", "kTolerateCorruptedTailRecords")
        .containsEntry("atomic_flush", "true")
        .containsEntry("avoid_flush_during_recovery", "false")
        .containsEntry("recycle_log_file_num", "0") // EngineLogs takes recycled records for damage
        .containsEntry("manual_wal_flush", "false")
        .containsEntry("two_write_queues", "false")
        .containsEntry("unordered_write", "false")
        .containsEntry("allow_2pc", "false") // else a full disk is fatal
        .containsEntry("use_fsync", "false") // files use fdatasync, folders fsync
        .containsEntry("max_total_wal_size", Long.toString(64L << 20)); // the reserve of DiskRoom
    for (String family : List.of("default", "actor", "connection", "value")) {
      assertThat(sections.get("CFOptions \"" + family + "\""))
          .as(family)
          .containsEntry("force_consistency_checks", "true")
          .containsEntry("level0_slowdown_writes_trigger", "20")
          .containsEntry("level0_stop_writes_trigger", "36");
      assertThat(sections.get("TableOptions/BlockBasedTable \"" + family + "\""))
          .as(family)
          .containsEntry("checksum", "kXXH3");
    }
  }

  /** Returns the sections of the file of options that the engine writes when it is opened. */
  private Map<String, Map<String, String>> sections() throws IOException {
    Path file;
    try (Stream<Path> files = Files.list(folder.resolve("rocksdb"))) {
      file =
          files
              .filter(f -> f.getFileName().toString().startsWith("OPTIONS-"))
              .max(Path::compareTo)
              .orElseThrow();
    }
    Map<String, Map<String, String>> sections = new TreeMap<>();
    Map<String, String> section = new TreeMap<>();
    for (String line : Files.readAllLines(file)) {
      String text = line.strip();
      if (text.startsWith("[")) {
        section = new TreeMap<>();
        sections.put(text.substring(1, text.length() - 1), section);
      } else if (text.contains("=")) {
        section.put(text.substring(0, text.indexOf('=')), text.substring(text.indexOf('=') + 1));
      }
    }
    return sections;
  }
}
