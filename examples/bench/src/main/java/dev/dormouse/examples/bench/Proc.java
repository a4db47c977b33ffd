package dev.dormouse.examples.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads figures of a process from Linux's {@code /proc}; zero where there is no such file. */
final class Proc {
  private static final String RSS = "VmRSS:";

  private Proc() {}

  /** Returns the processor time that all living threads have used, in nanoseconds. */
  static long cpuNs(long pid) {
    Path tasks = Path.of("/proc", Long.toString(pid), "task");
    if (!Files.isDirectory(tasks)) {
      return 0;
    }
    long sum = 0;
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
      for (Path thread : threads) {
        sum += runTimeNs(thread.resolve("schedstat"));
      }
    } catch (IOException e) {
      return 0;
    }
    return sum;
  }

  private static long runTimeNs(Path schedstat) throws IOException {
    try {
      String[] words = Files.readString(schedstat).trim().split(" ");
      return Long.parseLong(words[0]);
    } catch (NoSuchFileException threadHasEnded) {
      return 0;
    }
  }

  /** Returns the memory that is in RAM, in KiB. */
  static long rssKib(long pid) {
    Path status = Path.of("/proc", Long.toString(pid), "status");
    try {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith(RSS)) {
          return Long.parseLong(line.substring(RSS.length()).replace("kB", "").trim());
        }
      }
      return 0;
    } catch (IOException e) {
      return 0;
    }
  }
}
