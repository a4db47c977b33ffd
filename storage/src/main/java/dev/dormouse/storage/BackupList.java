package dev.dormouse.storage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code dormouse.backup}, which lists the files of a backup. It is written last, so a
 * folder without it is no backup or an unfinished one.
 *
 * <pre>
 * Dormouse backup 1
 * taken 2026-11-21T10:00:00Z
 * file 4711 9a3bc0de 000012.log          size, CRC32C in hex, name
 * file 815 - 000011.sst                  its bytes were not read: the engine's sums protect them
 * end 1c2d3e4f                           CRC32C of all the lines before
 * </pre>
 *
 * @param takenAt when the backup was taken
 * @param entries the engine's files
 */
record BackupList(Instant takenAt, List<Entry> entries) {
  static final String NAME = "dormouse.backup";
  private static final String FIRST_LINE = "Dormouse backup 1";
  private static final String NOT_SUMMED = "-";

  /**
   * A file of a backup.
   *
   * @param name the name within the engine's folder
   * @param bytes the size in bytes
   * @param sum the CRC32C of the bytes; null if they were not read
   */
  record Entry(String name, long bytes, @Nullable Long sum) {}

  BackupList {
    entries = List.copyOf(entries);
  }

  /** Returns whether a folder is a backup. */
  static boolean isIn(Path folder) {
    return Files.exists(folder.resolve(NAME));
  }

  /** Returns the size of all files together, in bytes. */
  long bytes() {
    return entries.stream().mapToLong(Entry::bytes).sum();
  }

  /** Writes the list to a backup's folder and syncs it. */
  void writeTo(Path folder) throws IOException {
    StringBuilder text = new StringBuilder(FIRST_LINE + "\ntaken " + takenAt + "\n");
    for (Entry entry : entries) {
      Long sum = entry.sum();
      text.append("file ")
          .append(entry.bytes())
          .append(' ')
          .append(sum == null ? NOT_SUMMED : hex(sum))
          .append(' ')
          .append(entry.name())
          .append('\n');
    }
    String sum = hex(sumOf(text.toString()));
    text.append("end ").append(sum).append('\n');
    Path file = folder.resolve(NAME);
    Files.writeString(file, text, StandardOpenOption.CREATE_NEW);
    FileTree.sync(file);
    FileTree.sync(folder);
  }

  /**
   * Reads the list in a backup's folder.
   *
   * @throws BackupException if there is no list, or it is damaged or of a newer version
   */
  static BackupList readFrom(Path folder) {
    Path file = folder.resolve(NAME);
    if (!Files.exists(file)) {
      throw new BackupException(
          "the folder " + folder + " is no backup, or one that was not finished: it has no " + NAME,
          null);
    }
    try {
      String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      int end = text.lastIndexOf("end ");
      if (end < 0
          || !text.substring(end).equals("end " + hex(sumOf(text.substring(0, end))) + "\n")) {
        throw damaged(file, null);
      }
      List<String> lines = text.substring(0, end).lines().toList();
      if (!lines.get(0).equals(FIRST_LINE)) {
        throw new BackupException(
            "the backup " + folder + " was taken by a newer version: '" + lines.get(0) + "'", null);
      }
      List<Entry> entries = new ArrayList<>();
      for (String line : lines.subList(2, lines.size())) {
        String[] words = line.split(" ", 4);
        Long sum = words[2].equals(NOT_SUMMED) ? null : Long.parseLong(words[2], 16);
        if (words[3].contains("/") || words[3].contains("\\") || words[3].startsWith("..")) {
          throw damaged(file, null);
        }
        entries.add(new Entry(words[3], Long.parseLong(words[1]), sum));
      }
      return new BackupList(Instant.parse(lines.get(1).substring("taken ".length())), entries);
    } catch (IOException e) {
      throw new BackupException(file + " cannot be read: " + FileTree.reasonOf(e), e);
    } catch (IndexOutOfBoundsException | NumberFormatException | DateTimeException e) {
      throw damaged(file, e);
    }
  }

  private static BackupException damaged(Path file, @Nullable Exception cause) {
    return new BackupException(
        "the backup's list of files " + file + " is damaged; restore another backup", cause);
  }

  private static long sumOf(String text) {
    CRC32C sum = new CRC32C();
    sum.update(text.getBytes(StandardCharsets.UTF_8));
    return sum.getValue();
  }

  private static String hex(long sum) {
    return "%08x".formatted(sum);
  }
}
