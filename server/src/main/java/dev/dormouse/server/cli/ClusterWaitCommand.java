package dev.dormouse.server.cli;

import dev.dormouse.log.Counted;
import dev.dormouse.server.admin.AdminOptions;
import dev.dormouse.server.admin.ClusterJson;
import dev.dormouse.server.cluster.ClusterStatus;
import dev.dormouse.server.gateway.limits.Ranges;
import dev.dormouse.server.protocol.Time;
import io.vertx.core.json.DecodeException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Waits until a cluster is whole, as one of its nodes knows it. */
@Command(
    name = "wait",
    sortOptions = false,
    usageHelpAutoWidth = true,
    description = {
      "Waits until a cluster is whole, and ends with 0 then: every node is up, every"
          + " group of shards has a leader, and every node has got what the leaders have"
          + " written. A rolling restart waits so after each node.",
      "",
      "The command asks one node, through its admin port. It ends with 1 after the"
          + " timeout, and prints what is missing.",
      ""
    })
final class ClusterWaitCommand extends JarCommand {
  private static final Duration BETWEEN = Duration.ofMillis(200);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration DAY = Duration.ofDays(1);
  private static final int OK = 200;

  @Option(
      names = "--admin-port",
      paramLabel = "PORT",
      defaultValue = "9090",
      description = "The admin port of the node that is asked. Default: ${DEFAULT-VALUE}")
  private int adminPort;

  @Mixin private final AdminPortOptions admin = new AdminPortOptions();

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      defaultValue = "60s",
      converter = ServerCommand.DurationConverter.class,
      description = "The longest time to wait, 0s to 24h. Default: ${DEFAULT-VALUE}")
  private Duration timeout = Duration.ZERO;

  @Override
  int run() {
    Duration longest =
        ServerCommand.with(
            line(), "--timeout", timeout, t -> Ranges.check("timeout", t, Duration.ZERO, DAY));
    Time time = Time.system();
    long deadlineNs = time.nowNs() + longest.toNanos();
    try {
      HttpRequest request = request();
      HttpClient client =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(ANSWER_TIMEOUT)
              .build();
      while (true) {
        Answer answer = ask(client, request);
        if (answer.missing.isEmpty()) {
          say(answer.whole);
          return DONE;
        }
        if (answer.isFinal || time.nowNs() - deadlineNs >= 0) {
          answer.missing.forEach(this::failed);
          return FAILED;
        }
        TimeUnit.NANOSECONDS.sleep(BETWEEN.toNanos());
      }
    } catch (IllegalArgumentException e) {
      return failed(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return failed("interrupted");
    }
  }

  /**
   * An answer of the node.
   *
   * @param missing why the cluster is not whole, a sentence for each reason
   * @param whole a sentence about the cluster if nothing is missing
   * @param isFinal whether waiting cannot help
   */
  private record Answer(List<String> missing, String whole, boolean isFinal) {
    static Answer missing(String why) {
      return new Answer(List.of(why), "", false);
    }
  }

  private HttpRequest request() {
    AdminOptions server = AdminOptions.of(admin.host(), admin.tokenFile());
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(server.url(adminPort) + "/api/cluster"))
            .timeout(ANSWER_TIMEOUT);
    String authorization = server.authorization();
    return (authorization == null ? request : request.header("Authorization", authorization))
        .build();
  }

  private Answer ask(HttpClient client, HttpRequest request) throws InterruptedException {
    try {
      HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() == OK) {
        ClusterStatus status = ClusterJson.read(answer.body());
        String whole =
            "the cluster is whole: %s and %s, as node %s knows it"
                .formatted(
                    Counted.of(status.nodes().size(), "node"),
                    Counted.of(status.groups().size(), "group"),
                    status.node());
        return new Answer(status.missing(), whole, false);
      }
      boolean isRefused = answer.statusCode() / 100 == 4;
      return new Answer(
          List.of("the server on admin port " + adminPort + " answers: " + answer.body().strip()),
          "",
          isRefused);
    } catch (IOException e) {
      return Answer.missing(
          "no server answers on admin port %s of %s; see --admin-port and --admin-host"
              .formatted(adminPort, admin.host()));
    } catch (DecodeException e) {
      return Answer.missing("the server on admin port " + adminPort + " is no Dormouse");
    }
  }
}
