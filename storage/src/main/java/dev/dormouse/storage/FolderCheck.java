package dev.dormouse.storage;

import dev.dormouse.storage.codec.ValueCodec;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.RowKeys;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.rocksdb.LiveFileMetaData;

/**
 * The check of a data folder or a backup: that the files of a backup are those that it was made of,
 * that the engine's checksums of each file are right, and by a {@link RowCheck} that all rows are.
 */
final class FolderCheck {
  private final Path path;
  private final List<Path> scratchBases;
  private final @Nullable BackupList list;
  private final Function<String, @Nullable ValueCodec> codecs;
  private final Consumer<String> told;
  private final Consumer<String> noted;

  private long files;
  private long bytes;
  private long faults;

  FolderCheck(
      Path path,
      List<Path> scratchBases,
      @Nullable BackupList list,
      Function<String, @Nullable ValueCodec> codecs,
      Consumer<String> told,
      Consumer<String> noted) {
    this.path = path;
    this.scratchBases = scratchBases;
    this.list = list;
    this.codecs = codecs;
    this.told = told;
    this.noted = noted;
  }

  FolderReport run() {
    try {
      checkFiles();
    } catch (IOException e) {
      fault(path + " cannot be read: " + FileTree.reasonOf(e));
    }
    try (ReadTables tables = ReadTables.open(path.resolve(DataFolder.ENGINE), scratchBases)) {
      RowCheck rows = new RowCheck(tables, tables.keys(), codecs, this::fault);
      tables.files().forEach(file -> checkSums(tables, file));
      rows.run();
      rows.notes().forEach(noted);
      return new FolderReport(
          files, bytes, rows.actors(), rows.connections(), rows.values(), rows.alarms(), faults);
    } catch (StoreOpenException e) {
      fault(String.valueOf(e.getMessage()));
      nameDamagedFiles();
      return new FolderReport(files, bytes, 0, 0, 0, 0, faults);
    }
  }

  /** Reports each damaged file, because the engine does not always name the file it refuses. */
  private void nameDamagedFiles() {
    try {
      for (Path file : FileTree.filesIn(path.resolve(DataFolder.ENGINE))) {
        String fault = file.toString().endsWith(".sst") ? ReadTables.faultOf(file) : null;
        if (fault != null) {
          fault("file " + file.getFileName() + ": " + fault);
        }
      }
    } catch (IOException e) {
      fault(path + " cannot be read: " + FileTree.reasonOf(e));
    }
  }

  private void fault(String what) {
    faults++;
    told.accept(what);
  }

  private void checkFiles() throws IOException {
    Path engine = path.resolve(DataFolder.ENGINE);
    Set<String> present = new HashSet<>();
    for (Path file : FileTree.filesIn(engine)) {
      files++;
      bytes += Files.size(file);
      present.add(file.getFileName().toString());
    }
    if (list == null) {
      return;
    }
    for (BackupList.Entry entry : list.entries()) {
      Path file = engine.resolve(entry.name());
      Long sum = entry.sum();
      if (!present.contains(entry.name())) {
        fault("file " + entry.name() + " is missing");
      } else if (Files.size(file) != entry.bytes()) {
        fault("file " + entry.name() + " has " + Files.size(file) + " bytes of " + entry.bytes());
      } else if (sum != null && sum != FileTree.sumOf(file)) {
        fault("file " + entry.name() + " has other bytes than when the backup was taken");
      }
    }
  }

  private void checkSums(ReadTables tables, LiveFileMetaData file) {
    String fault =
        ReadTables.faultOf(path.resolve(DataFolder.ENGINE).resolve(ReadTables.fileName(file)));
    if (fault != null) {
      fault(
          "file "
              + ReadTables.fileName(file)
              + ", table "
              + new String(file.columnFamilyName(), StandardCharsets.UTF_8)
              + ", rows from "
              + nameOf(tables.keys(), file.smallestKey())
              + " to "
              + nameOf(tables.keys(), file.largestKey())
              + ": "
              + fault);
    }
  }

  private static String nameOf(RowKeys keys, byte[] storedKey) {
    for (Table table : Table.values()) {
      if (storedKey.length > 0 && storedKey[0] == table.code()) {
        try {
          return "actor " + keys.decode(table, storedKey).actor();
        } catch (CorruptRowException e) {
          break;
        }
      }
    }
    return RowKeys.hex(storedKey);
  }
}
