package dev.dormouse.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much memory a process has, by {@code /proc}: Linux only. */
record ProcessMemory(long pid) {

  /** Now, in MiB. */
  long residentMib() throws IOException {
    return read("VmRSS:");
  }

  /** The most since {@link #forgetPeak}, in MiB. */
  long peakMib() throws IOException {
    return read("VmHWM:");
  }

  void forgetPeak() throws IOException {
    Files.writeString(Path.of("/proc/" + pid + "/clear_refs"), "5");
  }

  private long read(String name) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
            .filter(line -> line.startsWith(name))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .findFirst()
            .orElseThrow()
        / 1024;
  }
}
