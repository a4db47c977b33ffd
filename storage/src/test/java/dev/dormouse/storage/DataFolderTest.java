package dev.dormouse.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DataFolderTest {
  @TempDir Path parent;

  @Test
  void aMissingFolderIsMadeAndHoldsThePidOfWhoHasIt() throws IOException {
    Path folder = parent.resolve("data");
    try (DataFolder taken = DataFolder.take(folder)) {
      assertThat(taken.engine()).isEqualTo(folder.toRealPath().resolve("rocksdb"));
      assertThat(Files.readString(folder.resolve("dormouse.lock")))
          .startsWith("pid " + ProcessHandle.current().pid() + "\nstarted 2");
    }
  }

  @Test
  void aFolderThatWasGivenUpCanBeTakenAgain() {
    DataFolder.take(parent).close();
    DataFolder.take(parent).close();
  }

  @Test
  void aSecondTakerInTheProcessIsRefusedAndDoesNotBreakTheLock() throws Exception {
    try (DataFolder taken = DataFolder.take(parent)) {
      assertThatExceptionOfType(StoreOpenException.class)
          .isThrownBy(() -> DataFolder.take(parent.resolve("..").resolve(parent.getFileName())))
          .withMessage("the data folder " + taken + " is already open in this process");

      try (ChildProcess other = ChildProcess.start(FolderTaker.class, parent.toString())) {
        assertThat(other.line())
            .isEqualTo(
                "the data folder "
                    + taken
                    + " is in use by process "
                    + ProcessHandle.current().pid());
      }
    }
  }

  @Test
  void aFolderThatAnotherProcessHasIsRefusedByItsPidUntilThatProcessIsGone() throws Exception {
    try (ChildProcess other = ChildProcess.start(FolderTaker.class, parent.toString())) {
      assertThat(other.line()).isEqualTo("taken " + parent.toRealPath());

      assertThatExceptionOfType(StoreOpenException.class)
          .isThrownBy(() -> Stores.open(StoreOptions.in(parent)))
          .withMessage(
              "the data folder " + parent.toRealPath() + " is in use by process " + other.pid());

      other.kill();
    }
    Stores.open(StoreOptions.in(parent)).close();
  }

  @Test
  void aMissingParentIsNamed() {
    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> DataFolder.take(parent.resolve("a").resolve("b")))
        .withMessage(
            "the data folder %s cannot be made: %s does not exist",
            parent.resolve("a").resolve("b"), parent.resolve("a"));
  }

  @Test
  void aFileInPlaceOfTheFolderOrItsParentIsNamed() throws IOException {
    Path file = Files.createFile(parent.resolve("file"));

    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> DataFolder.take(file))
        .withMessage("the data folder %s is a file, not a folder", file);
    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> DataFolder.take(file.resolve("data")))
        .withMessage(
            "the data folder %s cannot be made: %s is not a folder", file.resolve("data"), file);
  }

  @Test
  void aFolderInWhichNoLockFileCanBeWrittenIsNamed() throws IOException {
    Files.createDirectory(parent.resolve("dormouse.lock"));

    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> DataFolder.take(parent))
        .withMessageStartingWith("the data folder " + parent.toRealPath() + " cannot be written: ");
    Files.delete(parent.resolve("dormouse.lock"));
    DataFolder.take(parent).close();
  }

  /**
   * Takes the folder that its argument names, prints that or the reason why not, and stays until
   * its input ends.
   */
  static final class FolderTaker {
    private FolderTaker() {}

    public static void main(String[] args) throws IOException {
      try (DataFolder taken = DataFolder.take(Path.of(args[0]))) {
        System.out.println("taken " + taken);
        while (System.in.read() != -1) {
          // wait
        }
      } catch (StoreOpenException e) {
        System.out.println(e.getMessage());
      }
    }
  }
}
