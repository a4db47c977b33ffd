package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.storage.StoreOptions;
import dev.dormouse.storage.Stores;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A disk of a test's own: an ext4 file system in a file, on a loop device. It needs root, and a
 * kernel that lets it mount.
 */
final class LoopDisk implements AutoCloseable {
  private final Path image;
  private final Path root;

  private LoopDisk(Path image, Path root) {
    this.image = image;
    this.root = root;
  }

  /** Skips a test where no disk can be mounted. */
  static void assumeMountable(Path directory) throws Exception {
    String why;
    try (LoopDisk disk = make(directory.resolve("probe.img"), 8 << 20)) {
      assertThat(disk.root()).isDirectory();
      return;
    } catch (AssertionError | IOException e) {
      why = "no loop device can be mounted here (it takes root and e2fsprogs): " + e.getMessage();
    }
    Machine.lacks(why);
  }

  /** Makes a new, empty disk. */
  static LoopDisk make(Path image, long bytes) throws Exception {
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(bytes);
    }
    run("mkfs.ext4", "-q", "-F", image.toString());
    return mount(image);
  }

  /** Mounts a disk that was made before. */
  static LoopDisk mount(Path image) throws Exception {
    // The engine's library stays mapped until this process ends, so it must not lie on the disk.
    Stores.open(StoreOptions.in(Files.createTempDirectory(image.getParent(), "other"))).close();
    Path root = Files.createDirectories(image.resolveSibling(image.getFileName() + ".mounted"));
    run("mount", "-o", "loop", image.toString(), root.toString());
    return new LoopDisk(image, root);
  }

  /** Returns the folder where the disk is mounted. */
  Path root() {
    return root;
  }

  /**
   * Writes the system's pending data for the disk to it, and lets nobody write until {@link #thaw}.
   */
  void freeze() throws Exception {
    run("fsfreeze", "--freeze", root.toString());
  }

  void thaw() throws Exception {
    run("fsfreeze", "--unfreeze", root.toString());
  }

  /** Makes the disk read-only. */
  void makeReadOnly() throws Exception {
    run("mount", "-o", "remount,ro", root.toString());
  }

  /** Takes all the space that is left, into a file that can be deleted. */
  Path fill() throws IOException {
    Path ballast = root.resolve("ballast");
    for (int bytes = 1 << 20; bytes >= 1 << 9; bytes /= 2) {
      try (RandomAccessFile file = new RandomAccessFile(ballast.toFile(), "rw")) {
        file.seek(file.length());
        while (true) {
          file.write(new byte[bytes]);
        }
      } catch (IOException e) {
        if (e.getMessage() == null || !e.getMessage().contains("No space left")) {
          throw e;
        }
      }
    }
    return ballast;
  }

  /**
   * Unmounts the disk; its image stays. The kernel may be busy with the disk for a moment after the
   * last file was closed.
   */
  @Override
  public void close() {
    try {
      Until.isTrue(this::isUnmounted);
    } catch (Exception e) {
      throw new IllegalStateException(image + " could not be unmounted", e);
    }
  }

  private boolean isUnmounted() throws Exception {
    try (Child child = Child.start(Path.of("."), Map.of(), List.of("umount", root.toString()))) {
      return child.awaitExit() == 0;
    }
  }

  /** Runs a command of the system to its end. */
  static void run(String... command) throws Exception {
    try (Child child = Child.start(Path.of("."), Map.of(), List.of(command))) {
      int code = child.awaitExit();
      assertThat(code).as("%s: %s", List.of(command), child.output()).isZero();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
