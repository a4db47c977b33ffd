package dev.dormouse.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs the scripts beside the tests. */
final class NodeScript {
  private NodeScript() {}

  static Child start(String script, Object... args) throws IOException {
    return start(script, Map.of(), args);
  }

  static Child start(String script, Map<String, String> variables, Object... args)
      throws IOException {
    List<String> command = new ArrayList<>(List.of("node", script));
    for (Object arg : args) {
      command.add(arg.toString());
    }
    return Child.start(Path.of("src/test/js"), variables, command);
  }
}
