package dev.dormouse.storage;

import static dev.dormouse.storage.ActorStoreContract.LOBBY;
import static dev.dormouse.storage.ActorStoreContract.number;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Flips one bit of one file of a folder. A value that is read is right, or is refused by the file's
 * name; it is never an older value. {@code -Ddormouse.test.seed} replays a printed seed, and {@code
 * -Ddormouse.test.flips} sets the number of flipped bits.
 */
@Timeout(600)
// Stored bytes are the same on each JVM, and so are the checks of them.
@Tag("once")
class FlippedBitTest {
  private static final int FLIPS = Integer.getInteger("dormouse.test.flips", 50);
  private static final int ROWS = 40;
  private static final int OPENINGS = 4; // each opening moves the previous one's rows into a table

  @TempDir Path directory;
  private Path original;

  /**
   * Fills a folder with rows. Each opening overwrites the rows that are left, so that older values
   * lie about.
   */
  @BeforeEach
  void fill() throws IOException {
    original = Files.createDirectory(directory.resolve("original"));
    for (int opening = 0; opening < OPENINGS; opening++) {
      try (NodeStore store = open(original)) {
        for (int row = opening * (ROWS / OPENINGS); row < ROWS; row++) {
          TurnBatch.Write write = new TurnBatch.Write(Table.VALUE, number(row), value(opening));
          ActorStoreContract.done(
              store.commit(new TurnBatch(LOBBY, store.epochOf(LOBBY), List.of(write))));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"CURRENT", "MANIFEST", ".log", ".sst"})
  void whatIsReadIsRightOrRefusedByTheFilesName(String kind) throws IOException {
    long seed = Long.getLong("dormouse.test.seed", new SecureRandom().nextLong());
    System.out.println("FlippedBitTest, " + kind + ": -Ddormouse.test.seed=" + seed);
    List<Path> files = files(kind);
    long bits = 0;
    for (Path file : files) {
      bits += 8 * Files.size(file);
    }
    assertThat(bits).isPositive();
    int refused = 0;
    if (FLIPS == 0) {
      for (long bit = 0; bit < bits; bit++) {
        refused += isRefused(files, bit) ? 1 : 0;
      }
    } else {
      Random random = new Random(seed);
      for (int flip = 0; flip < FLIPS; flip++) {
        refused += isRefused(files, (long) (random.nextDouble() * bits)) ? 1 : 0;
      }
    }
    System.out.println("FlippedBitTest, " + kind + ": refused " + refused);
    assertThat(refused).isPositive();
  }

  /** The damaged head is in the table's properties, and the engine's message names the manifest. */
  @Test
  void aTableWhoseHeadIsDamagedIsNamedThoughTheEngineNamesAnother() throws IOException {
    Path table = files(".sst").get(0);
    String text = new String(Files.readAllBytes(table), StandardCharsets.ISO_8859_1);
    int at = text.indexOf("whole.key.filtering");
    assertThat(at).isPositive();
    assertThat(isRefused(table, 8L * at + 4)).isTrue(); // a g in place of the w
  }

  /** Checks the values that are read with a bit flipped, and counts the outcomes over files. */
  private boolean isRefused(List<Path> files, long bit) throws IOException {
    long at = bit;
    for (Path file : files) {
      if (at < 8 * Files.size(file)) {
        return isRefused(file, at);
      }
      at -= 8 * Files.size(file);
    }
    throw new AssertionError("there are not so many bits");
  }

  private boolean isRefused(Path file, long bit) throws IOException {
    Path copy = Files.createTempDirectory(directory, "copy");
    copy(original, copy);
    byte[] bytes = Files.readAllBytes(file);
    bytes[(int) (bit / 8)] ^= (byte) (1 << bit % 8);
    Files.write(copy.resolve(original.relativize(file)), bytes);
    String what = "bit %d of %s".formatted(bit, file.getFileName());
    try (NodeStore store = open(copy)) {
      List<ActorStore.Row> scanned = store.scan(LOBBY, Table.VALUE, KeySpan.all(), 10 * ROWS);
      assertThat(scanned).as(what).hasSize(ROWS);
      for (int row = 0; row < ROWS; row++) {
        byte[] expected = value(row / (ROWS / OPENINGS));
        assertThat(scanned.get(row).key()).as(what).isEqualTo(number(row));
        assertThat(scanned.get(row).value()).as(what).isEqualTo(expected);
        assertThat(store.get(LOBBY, Table.VALUE, number(row))).as(what).isEqualTo(expected);
      }
      return false;
    } catch (StoreOpenException | CorruptRowException e) {
      assertThat(e).as(what).hasMessageContaining(file.getFileName().toString());
      return true;
    } finally {
      delete(copy);
    }
  }

  private static byte[] value(int opening) {
    byte[] value = new byte[200];
    for (int i = 0; i < value.length; i++) {
      value[i] = (byte) (opening + 1 + i * (opening + 1));
    }
    return value;
  }

  private static NodeStore open(Path folder) {
    return Stores.open(StoreOptions.in(folder));
  }

  private List<Path> files(String kind) throws IOException {
    try (Stream<Path> files = Files.list(original.resolve("rocksdb"))) {
      List<Path> found =
          new ArrayList<>(files.filter(f -> f.getFileName().toString().contains(kind)).toList());
      found.sort(null);
      return found;
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copied = to.resolve(from.relativize(file));
        Files.createDirectories(copied.getParent());
        Files.copy(file, copied);
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> walked = Files.walk(folder)) {
      files = new ArrayList<>(walked.toList());
    }
    files.sort(Comparator.reverseOrder());
    for (Path file : files) {
      Files.delete(file);
    }
  }
}
