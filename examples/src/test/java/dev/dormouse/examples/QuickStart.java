package dev.dormouse.examples;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Options with which a JVM starts the examples' jar in half the time: it takes its classes from an
 * archive, and compiles code once, quickly, if the JVM of the tests does so. They are for servers
 * whose speed and memory no test looks at.
 */
final class QuickStart {
  private static final Path FOLDER = Path.of("target").toAbsolutePath();
  private static final String JIT = System.getProperty("dormouse.test.jit", "");
  private static final String ARCHIVE = "examples-%d.jsa".formatted(Runtime.version().feature());

  private QuickStart() {}

  /** Returns the options. The first call after a build makes the archive. */
  static List<String> options() throws IOException {
    List<String> options = new ArrayList<>();
    if (!JIT.isBlank()) {
      options.add(JIT);
    }
    // A JVM that cannot use the archive says so in a line that tests would not expect.
    options.addAll(List.of("-Xlog:cds*=off", "-XX:SharedArchiveFile=" + archive()));
    return options;
  }

  /** Returns the archive; the tests that run at the same time in another JVM share it. */
  private static synchronized Path archive() throws IOException {
    Path archive = FOLDER.resolve(ARCHIVE);
    try (FileChannel file =
            FileChannel.open(
                FOLDER.resolve(ARCHIVE + ".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock lock = file.lock()) {
      if (!lock.isValid() || !isUpToDate(archive)) {
        make(archive);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return archive;
  }

  private static boolean isUpToDate(Path archive) throws IOException {
    return Files.exists(archive)
        && Files.getLastModifiedTime(archive)
                .compareTo(Files.getLastModifiedTime(Path.of(ServerProcess.jar())))
            > 0;
  }

  /** Runs a server once, and keeps the classes that it has loaded by its end. */
  private static void make(Path archive) throws IOException, InterruptedException {
    Path next = archive.resolveSibling(ARCHIVE + ".next");
    Files.deleteIfExists(next);
    List<String> command =
        List.of(
            System.getProperty("dormouse.test.java"),
            "-XX:ArchiveClassesAtExit=" + next,
            "-jar",
            ServerProcess.jar(),
            "--port=0",
            "--admin-port=0",
            "--durability=memory");
    try (Child server = Child.start(FOLDER, Map.of(), command)) {
      server.awaitOutput(Pattern.compile("pid \\d+, up in"));
      server.terminate();
      if (server.awaitExit() != 0) {
        throw new AssertionError("no archive of classes was made:\n" + server.output());
      }
    }
    Files.move(next, archive, StandardCopyOption.REPLACE_EXISTING);
  }
}
