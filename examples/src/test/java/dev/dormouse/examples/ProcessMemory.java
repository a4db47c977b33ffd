package dev.dormouse.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the memory of a process from {@code /proc}, which only Linux has. */
record ProcessMemory(long pid) {

  /** Returns the memory that is in RAM now, in MiB. */
  long residentMib() throws IOException {
    return read("VmRSS:");
  }

  /** Returns the largest memory since {@link #forgetPeak}, in MiB. */
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
