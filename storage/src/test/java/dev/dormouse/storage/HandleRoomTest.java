package dev.dormouse.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDBException;

class HandleRoomTest {
  @TempDir Path folder;

  @Test
  void aMissingFileIsNoWantOfHandlesEvenIfTheFileOfTheTrialIsMissingToo() {
    HandleRoom gone = HandleRoom.of(folder.resolve("removed"));

    assertThat(
            gone.isWanting(
                new RocksDBException(
                    "While open a file for random read: 000012.sst: No such file or directory")))
        .isFalse();
    assertThat(gone.isWanting(new NoSuchFileException("000012.sst"))).isFalse();
    assertThat(gone.isThere()).isTrue();
  }

  @Test
  void aMissingFileIsNoWantOfHandlesWhileTheProcessHasHandles() throws IOException {
    Files.createFile(folder.resolve("CURRENT"));
    HandleRoom room = HandleRoom.of(folder);

    assertThat(room.isWanting(new RocksDBException("While open a file: No such file"))).isFalse();
    assertThat(room.isThere()).isTrue();
  }

  @Test
  void theSystemsMessageOfTooManyOpenFilesIsAWantOfHandles() throws IOException {
    Files.createFile(folder.resolve("CURRENT"));
    HandleRoom room = HandleRoom.of(folder);

    assertThat(room.isWanting(new IOException(new RocksDBException("Too many open files"))))
        .isTrue();
    assertThat(room.isWanting(new FileSystemException("x", null, "Too many open files"))).isTrue();
  }
}
