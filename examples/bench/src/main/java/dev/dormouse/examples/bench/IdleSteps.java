package dev.dormouse.examples.bench;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Measures the cost of an idle connection: the server's memory after a full collection, with a few
 * connections and with many. Each connection has an actor of its own, which sleeps by then.
 */
final class IdleSteps implements Load {
  private static final int FEW_PART = 4;
  private static final double BYTES_PER_KIB = 1024;

  private record Memory(double rssBytes, double heapBytes) {}

  @Override
  public JsonObject run(Task task) {
    try (Peers peers = new Peers(task, false, (peer, nowNs) -> {})) {
      int few = Math.max(1, task.connections() / FEW_PART);
      peers.openUpTo(few);
      peers.pass(task.idleMs());
      Memory before = collected(task.pid());
      peers.openUpTo(task.connections());
      peers.pass(task.idleMs());
      Memory after = collected(task.pid());
      int more = task.connections() - few;
      return new JsonObject()
          .put("rssBytes", (after.rssBytes - before.rssBytes) / more)
          .put("heapBytes", (after.heapBytes - before.heapBytes) / more);
    }
  }

  private static Memory collected(long pid) {
    jcmd(pid, "GC.run");
    jcmd(pid, "GC.run");
    return new Memory(Proc.rssKib(pid) * BYTES_PER_KIB, liveBytes(jcmd(pid, "GC.class_histogram")));
  }

  /** Returns the bytes in the last line of a class histogram: {@code Total instances bytes}. */
  private static double liveBytes(String histogram) {
    for (String line : histogram.lines().toList()) {
      String[] words = line.trim().split("\\s+");
      if (words.length == 3 && words[0].equals("Total")) {
        return Double.parseDouble(words[2]);
      }
    }
    throw new IllegalStateException("no total in what jcmd says: " + histogram);
  }

  private static String jcmd(long pid, String command) {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    try {
      Process process =
          new ProcessBuilder(jcmd.toString(), Long.toString(pid), command)
              .redirectErrorStream(true)
              .start();
      String output = new String(process.getInputStream().readAllBytes(), Frames.ASCII);
      if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
        throw new IllegalStateException("jcmd " + command + " failed: " + output);
      }
      return output;
    } catch (IOException e) {
      throw new IllegalStateException("there is no jcmd, which a JDK has", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
