package dev.dormouse.examples.bench;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The load client in a process of its own: one for each round. */
final class ClientProcess {
  private ClientProcess() {}

  /** Runs a task in the client process, and returns its figures. */
  static JsonObject run(Machine machine, Task task) {
    try {
      Process process =
          new ProcessBuilder(machine.client(LoadClient.class, List.of(task.toJson().encode())))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
      int exit = process.waitFor();
      if (exit != 0 || output.isEmpty()) {
        throw new IllegalStateException("the load client ended with " + exit + ": " + output);
      }
      return new JsonObject(output.substring(output.lastIndexOf('\n') + 1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
