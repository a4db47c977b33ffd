package dev.dormouse.storage;

import dev.dormouse.log.Log;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Where an opening of a folder takes place: what the next one compares, to tell whether the machine
 * was restarted in between.
 *
 * @param boot the kernel's boot id, a new one each time a machine starts (Linux, proc(5)); null
 *     where there is none
 * @param folder the file number of the engine's folder, another one in a copy; 0 if unknown
 */
record Surroundings(@Nullable UUID boot, long folder) {
  private static final Logger log = Log.of(Surroundings.class);
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  /** Those of this process and this folder, as far as they can be told. */
  static Surroundings of(Path folder) {
    return new Surroundings(bootId(BOOT_ID), fileNumber(folder));
  }

  /** What is in the kernel's file; null if there is none, or no id in it. */
  static @Nullable UUID bootId(Path file) {
    try {
      return UUID.fromString(Files.readString(file).strip());
    } catch (IOException | IllegalArgumentException e) {
      log.debug("{} tells no boot id", file, e);
      return null;
    }
  }

  private static long fileNumber(Path folder) {
    try {
      return Files.getAttribute(folder, "unix:ino") instanceof Long number ? number : 0;
    } catch (IOException | IllegalArgumentException | UnsupportedOperationException e) {
      log.debug("{} has no file number", folder, e);
      return 0;
    }
  }
}
