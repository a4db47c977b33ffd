package dev.dormouse.examples;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** A cluster of the examples' jar: hosts and gateways, each in its own process. */
final class ClusterRig implements AutoCloseable {
  private static final Pattern UP = Pattern.compile("pid \\d+, up in \\d+ ms\n");

  /** A node's process and its ports. */
  private record Node(Child process, int port, int adminPort) {}

  private final Path folder;
  private final Map<String, Integer> peers = new LinkedHashMap<>();
  private final Map<String, Integer> adminPorts = new TreeMap<>();
  private final Map<String, Integer> ports = new TreeMap<>();
  private final Map<String, Node> nodes = new TreeMap<>();

  /** Prepares a cluster of these hosts, and starts nothing. */
  ClusterRig(Path folder, List<String> hosts) throws IOException {
    this.folder = folder;
    Files.writeString(folder.resolve("secret"), "0123456789abcdef0123456789abcdef");
    for (String host : hosts) {
      peers.put(host, LastingPorts.choose(1).iterator().next());
    }
  }

  /** Launches nodes together, and waits until all are up. */
  void start(String role, String... names) throws Exception {
    Map<String, Child> launched = new LinkedHashMap<>();
    for (String name : names) {
      launched.put(name, launch(role, name));
    }
    for (Map.Entry<String, Child> each : launched.entrySet()) {
      nodes.put(
          each.getKey(),
          new Node(each.getValue(), ports.get(each.getKey()), adminPorts.get(each.getKey())));
    }
    for (Child each : launched.values()) {
      each.awaitOutput(UP);
    }
  }

  private Child launch(String role, String name) throws IOException {
    if (!ports.containsKey(name)) {
      ports.put(name, LastingPorts.choose(1).iterator().next());
      adminPorts.put(name, LastingPorts.choose(1).iterator().next());
    }
    List<String> command =
        new ArrayList<>(
            List.of(
                System.getProperty("dormouse.test.java"),
                "-Xmx256m",
                "-jar",
                ServerProcess.jar(),
                "--node",
                name,
                "--role",
                role,
                "--peers",
                String.join(
                    ",",
                    peers.entrySet().stream()
                        .map(peer -> peer.getKey() + "=127.0.0.1:" + peer.getValue())
                        .toList()),
                "--cluster-secret-file",
                folder.resolve("secret").toString(),
                "--data",
                folder.resolve(name).toString(),
                "--idle",
                "500ms",
                "--port",
                ports.get(name).toString(),
                "--admin-port",
                adminPorts.get(name).toString()));
    return Child.start(folder, Map.of(), command);
  }

  int port(String name) {
    return nodes.get(name).port();
  }

  /** Returns what a node says of the cluster. */
  JsonObject status(String name) throws Exception {
    return new JsonObject(
        Http.get(
                URI.create(
                    "http://127.0.0.1:%d/api/cluster".formatted(nodes.get(name).adminPort())))
            .body());
  }

  /** Waits until a node says that all is well. */
  void awaitWell(String name) throws Exception {
    Until.isTrue(
        () -> {
          JsonObject status = status(name);
          return status.getJsonArray("nodes").stream()
                  .allMatch(node -> "up".equals(((JsonObject) node).getString("state")))
              && status.getJsonArray("groups").stream()
                  .allMatch(group -> ((JsonObject) group).getString("leader") != null);
        });
  }

  /** Returns the name of the host that leads the most groups, as a node says. */
  String busiest(String asked) throws Exception {
    Map<String, Integer> led = new TreeMap<>();
    status(asked)
        .getJsonArray("groups")
        .forEach(
            group -> {
              String leader = ((JsonObject) group).getString("leader");
              if (leader != null) {
                led.merge(leader, 1, Integer::sum);
              }
            });
    return led.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
  }

  /** Sends SIGTERM, and waits for the end. */
  int stop(String name) throws InterruptedException {
    Child process = nodes.remove(name).process();
    process.terminate();
    return process.awaitExit();
  }

  /** Sends SIGKILL to some nodes at once, and waits for the ends. */
  void kill(String... names) throws InterruptedException {
    List<Child> killed = new ArrayList<>();
    for (String name : names) {
      Child process = nodes.remove(name).process();
      process.kill();
      killed.add(process);
    }
    for (Child each : killed) {
      each.awaitExit();
    }
  }

  /** Sends a signal, such as STOP. */
  void signal(String name, String signal) throws Exception {
    Process kill =
        new ProcessBuilder("kill", "-" + signal, String.valueOf(nodes.get(name).process().pid()))
            .start();
    kill.waitFor();
  }

  String output(String name) {
    return nodes.get(name).process().output();
  }

  @Override
  public void close() {
    nodes.values().forEach(node -> node.process().close());
  }
}
