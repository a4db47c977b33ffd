package dev.dormouse.server.node;

import dev.dormouse.log.Log;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;

/**
 * Stores the admin port of a server in a file of its data folder, so that commands find the port. A
 * server overwrites the file that a killed server left.
 */
public final class AdminPortNote {
  private static final Logger log = Log.of(AdminPortNote.class);
  private static final String FILE = "dormouse.admin-port";
  private static final int DEFAULT_PORT = 9090;

  private AdminPortNote() {}

  /**
   * Writes the admin port to the file. If the folder cannot be written, the server works without
   * the file.
   */
  static void write(Path data, int port) {
    try {
      Files.writeString(data.resolve(FILE), port + "\n");
    } catch (IOException e) {
      log.warn(
          "the admin port cannot be written to {}, so commands need --admin-port: {}",
          data,
          e.toString());
    }
  }

  /** Returns the port in the file, or the default port if there is no such file. */
  public static int in(Path data) {
    try {
      return Integer.parseInt(Files.readString(data.resolve(FILE)).strip());
    } catch (IOException | NumberFormatException e) {
      return DEFAULT_PORT;
    }
  }
}
