package dev.dormouse.storage.codec;

import static org.assertj.core.api.Assertions.assertThat;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.Input;
import dev.dormouse.storage.ChildProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Decodes a million changed blobs in a JVM of their own with little memory. {@code
 * -Ddormouse.test.blobs} sets another number, and {@code -Ddormouse.test.seed} a seed.
 */
class HostileBlobsTest {
  private static final int BLOBS = Integer.getInteger("dormouse.test.blobs", 1_000_000);
  private static final long SEED =
      Long.getLong("dormouse.test.seed", new Random().nextLong() >>> 1);

  @TempDir Path folder;

  @Test
  @Timeout(600)
  @DisplayName(
      "Changed blobs are read as what was named or end in a clean error, within 256 MB, and bring"
          + " no foreign class into the JVM")
  void changedBlobsAreReadAsWhatWasNamedOrEndInACleanErrorWithin256MB() throws Exception {
    Path loaded = folder.resolve("classes");
    System.out.println(BLOBS + " changed blobs: seed " + SEED);
    try (ChildProcess child =
        ChildProcess.start(
            List.of("-Xmx256m", "-Xlog:class+load=info:file=" + loaded + ":none"),
            HostileBlobs.class,
            Integer.toString(BLOBS),
            Long.toString(SEED))) {
      String result = child.line();
      System.out.println(result);
      assertThat(result).as("seed %d", SEED).isNotNull().matches("read \\d+, refused \\d+, .*");
      assertThat(numberAfter("read ", result)).isGreaterThan(BLOBS / 50);
      assertThat(numberAfter("refused ", result)).isGreaterThan(BLOBS / 4);
      assertThat(child.line()).as("seed %d", SEED).isNull();
    }
    List<String> classes = Files.readAllLines(loaded);
    int begin = indexOf(classes, HostileBlobs.Begin.class);
    List<String> before = classes.subList(0, begin);
    assertThat(before).anyMatch(line -> line.startsWith(HostileBlobs.Leaf.class.getName() + " "));
    assertThat(classes.subList(begin + 1, classes.size()))
        .as("classes that were loaded while blobs were read, seed %d", SEED)
        .isNotEmpty()
        .allMatch(HostileBlobsTest::isExpected);
    for (String foreign : HostileBlobs.FOREIGN) {
      assertThat(classes).noneMatch(line -> line.startsWith(foreign + " "));
    }
  }

  private static int numberAfter(String word, String text) {
    return Integer.parseInt(text.replaceFirst(".*" + word + "(\\d+).*", "$1"));
  }

  private static int indexOf(List<String> classes, Class<?> wanted) {
    for (int i = 0; i < classes.size(); i++) {
      if (classes.get(i).startsWith(wanted.getName() + " ")) {
        return i;
      }
    }
    throw new AssertionError(wanted + " was never loaded");
  }

  /**
   * Returns whether a line is about a class of the codecs themselves, which is loaded when first
   * needed.
   */
  private static boolean isExpected(String line) {
    boolean isOurs =
        (line.startsWith("dev.dormouse.") && !line.contains("test-classes"))
            || line.startsWith(HostileBlobs.class.getName());
    return isOurs
        || line.matches("java\\.(lang|util|math|time|text|io|nio|net)\\..*")
        || line.matches("(jdk\\.internal|sun|com\\.esotericsoftware\\.kryo)\\..*");
  }

  @Test
  @DisplayName("A blob brings a foreign class into being where classes need no naming")
  void theDecoyWorks() {
    Kryo kryo = new Kryo();
    kryo.setRegistrationRequired(false);
    byte[] blob = HostileBlobs.byName(HostileBlobs.Decoy.class.getName());

    Object made = kryo.readClassAndObject(new Input(blob, 2, blob.length - 2));

    assertThat(made).isInstanceOf(HostileBlobs.Decoy.class);
    assertThat(HostileBlobs.Decoy.made).isEqualTo(1);
  }
}
