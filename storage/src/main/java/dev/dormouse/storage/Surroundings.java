package dev.dormouse.storage;

import dev.dormouse.log.Log;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The machine and the folder of an opening. The next opening compares them with its own, to tell
 * whether the machine was restarted in between.
 *
 * @param boot the kernel's boot id, which is new each time a Linux machine starts, see proc(5);
 *     null on other systems
 * @param folder the file number of the engine's folder, which differs in a copy; 0 if unknown
 */
record Surroundings(@Nullable UUID boot, long folder) {
  private static final Logger log = Log.of(Surroundings.class);
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  /** Finds the surroundings of this process and a folder, as far as the system tells them. */
  static Surroundings of(Path folder) {
    return new Surroundings(bootId(BOOT_ID), fileNumber(folder));
  }

  /** Reads the boot id from the kernel's file; returns null if there is no file or no id in it. */
  static @Nullable UUID bootId(Path file) {
    try {
      return UUID.fromString(Files.readString(file).strip());
    } catch (IOException | IllegalArgumentException e) {
      log.debug("the file {} holds no boot id", file, e);
      return null;
    }
  }

  private static long fileNumber(Path folder) {
    try {
      return Files.getAttribute(folder, "unix:ino") instanceof Long number ? number : 0;
    } catch (IOException | IllegalArgumentException | UnsupportedOperationException e) {
      log.debug("the folder {} has no file number", folder, e);
      return 0;
    }
  }
}
