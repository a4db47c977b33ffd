package dev.dormouse.testkit;

import dev.dormouse.storage.codec.ValueCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.opentest4j.AssertionFailedError;

/** A file with the bytes of stored values: a line in hex for each, and a comment before it. */
final class GoldenFile {
  private static final String WRITE = "dormouse.golden.write";

  private GoldenFile() {}

  static void check(ValueCodec codec, String name, Object[] values) {
    Path file = Path.of(name);
    if (!Files.exists(file)) {
      if (!Boolean.getBoolean(WRITE)) {
        throw new AssertionFailedError(
            "there is no golden file %s; write it with -D%s=true, and check it in"
                .formatted(file.toAbsolutePath(), WRITE));
      }
      write(codec, file, values);
    }
    List<String> lines = linesOf(file);
    if (lines.size() != values.length) {
      throw new AssertionFailedError(
          "the golden file %s has %s values, and %s are expected"
              .formatted(file, lines.size(), values.length));
    }
    for (int i = 0; i < values.length; i++) {
      Object found;
      try {
        found = codec.decode(HexFormat.of().parseHex(lines.get(i)), values[i].getClass());
      } catch (RuntimeException e) {
        throw new AssertionFailedError(
            "value %s of the golden file %s cannot be read as %s: %s"
                .formatted(i + 1, file, values[i].getClass().getName(), e.getMessage()),
            e);
      }
      if (!values[i].equals(found)) {
        throw new AssertionFailedError(
            "value %s of the golden file %s is read as %s, and %s is expected"
                .formatted(i + 1, file, found, values[i]),
            values[i],
            found);
      }
    }
  }

  private static void write(ValueCodec codec, Path file, Object[] values) {
    List<String> lines = new ArrayList<>();
    for (Object value : values) {
      byte[] bytes = codec.encode(value, Integer.MAX_VALUE);
      lines.add("# " + codec.describe(bytes));
      lines.add(HexFormat.of().formatHex(bytes));
    }
    try {
      Path folder = file.toAbsolutePath().getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
      Files.write(file, lines);
    } catch (IOException e) {
      throw new UncheckedIOException("the golden file " + file + " cannot be written", e);
    }
  }

  private static List<String> linesOf(Path file) {
    try {
      return Files.readAllLines(file).stream()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("the golden file " + file + " cannot be read", e);
    }
  }
}
