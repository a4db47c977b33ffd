package dev.dormouse.server.node;

import dev.dormouse.log.Log;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;

/**
 * A file in the data folder that tells the admin port of the server that uses the folder, so that
 * commands find it. What a server that was killed has noted, the next one overwrites.
 */
public final class AdminPortNote {
  private static final Logger log = Log.of(AdminPortNote.class);
  private static final String FILE = "dormouse.admin-port";
  private static final int DEFAULT_PORT = 9090;

  private AdminPortNote() {}

  /** Notes it. A folder that cannot be written costs the note only. */
  static void write(Path data, int port) {
    try {
      Files.writeString(data.resolve(FILE), port + "\n");
    } catch (IOException e) {
      log.warn("the admin port cannot be noted in {}: {}", data, e.toString());
    }
  }

  /** The port that is noted, or the default one. */
  public static int in(Path data) {
    try {
      return Integer.parseInt(Files.readString(data.resolve(FILE)).strip());
    } catch (IOException | NumberFormatException e) {
      return DEFAULT_PORT;
    }
  }
}
