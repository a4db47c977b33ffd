package dev.dormouse.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.admin.ClusterPage;
import dev.dormouse.server.cluster.ClusterStatus;
import dev.dormouse.server.cluster.ClusterStatus.GroupStatus;
import dev.dormouse.server.cluster.ClusterStatus.NodeStatus;
import dev.dormouse.server.cluster.ClusterView;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ClusterWaitTest {
  private static final GroupStatus LED = new GroupStatus(0, "a", 3, 17, 0);

  private final StringWriter said = new StringWriter();
  private final Vertx vertx = Vertx.vertx();
  private final AtomicInteger asked = new AtomicInteger();

  /** Tells a state, and another one from the third question on. */
  private final class Told implements ClusterView {
    private final ClusterStatus first;
    private final ClusterStatus later;

    Told(ClusterStatus first, ClusterStatus later) {
      this.first = first;
      this.later = later;
    }

    @Override
    public ClusterStatus status() {
      return asked.incrementAndGet() < 3 ? first : later;
    }

    @Override
    public @Nullable String ownerOf(ActorId actor) {
      return null;
    }
  }

  @AfterEach
  void close() {
    vertx.close().await();
  }

  private static ClusterStatus status(boolean isOtherUp, GroupStatus second) {
    return new ClusterStatus(
        "test",
        "a",
        List.of(new NodeStatus("a", true, "1"), new NodeStatus("b", isOtherUp, null)),
        List.of(LED, second),
        5);
  }

  private static ClusterStatus whole() {
    return status(true, new GroupStatus(1, "b", 4, 9, 0));
  }

  private int serve(@Nullable ClusterView cluster) {
    Router router = Router.router(vertx);
    new ClusterPage(cluster).mount(router);
    HttpServer server =
        vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1").await();
    return server.actualPort();
  }

  /** Runs the command and returns its exit code. */
  private int run(String... args) {
    PrintWriter out = new PrintWriter(said, true);
    return ServerCommand.run(
            options -> {
              throw new AssertionError("no server is to be started");
            },
            type -> null,
            args,
            Map.of(),
            out,
            out)
        .orElseThrow();
  }

  private int await(int port, String timeout) {
    return run("cluster", "wait", "--admin-port", "" + port, "--timeout", timeout);
  }

  @Test
  void thePageHasEveryNodeAndGroupAndNullForWhatIsNotKnown() throws Exception {
    ClusterStatus status = status(false, new GroupStatus(1, null, 0, 9, -1));
    int port = serve(new Told(status, status));
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/cluster"))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(new JsonObject(answer.body()))
        .isEqualTo(
            new JsonObject(
                """
                {"cluster": "test", "node": "a",
                 "nodes": [{"name": "a", "state": "up", "version": "1"},
                           {"name": "b", "state": "down", "version": null}],
                 "groups": [{"number": 0, "leader": "a", "epoch": 3, "lag": 0, "applied": 17},
                            {"number": 1, "leader": null, "epoch": 0, "lag": null, "applied": 9}],
                 "takeovers": 5}
                """));
  }

  @Test
  void theCommandEndsWhenTheClusterIsWhole() {
    int port = serve(new Told(status(false, new GroupStatus(1, null, 0, 9, -1)), whole()));
    assertThat(await(port, "30s")).as("%s", said).isZero();
    assertThat(said.toString())
        .isEqualToIgnoringNewLines(
            "the cluster is whole: 2 nodes and 2 groups, as node a knows it");
    assertThat(asked.get()).isEqualTo(3);
  }

  @Test
  void afterTheTimeoutTheCommandTellsWhatIsMissing() {
    ClusterStatus broken = status(false, new GroupStatus(1, null, 0, 9, -1));
    assertThat(await(serve(new Told(broken, broken)), "0s")).isEqualTo(JarCommand.FAILED);
    assertThat(said.toString().lines())
        .containsExactly(
            "dormouse: node b is not connected to node a",
            "dormouse: group 1 has no leader that node a knows of");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 65})
  void aNodeThatHasNotCaughtUpIsMissing(long lag) {
    ClusterStatus late = status(true, new GroupStatus(1, "b", 4, 9, lag));
    assertThat(await(serve(new Told(late, late)), "0s")).isEqualTo(JarCommand.FAILED);
    assertThat(said.toString())
        .containsAnyOf(
            "group 1: a node has yet to apply 65 of the entries that its leader b has",
            "group 1: its leader b has not told how far the other nodes are");
  }

  @Test
  void aServerThatIsAloneIsNotWaitedFor() {
    assertThat(await(serve(null), "24h")).isEqualTo(JarCommand.FAILED);
    assertThat(said.toString())
        .contains("answers: this server is not a node of a cluster; the options --node");
  }

  @Test
  void whereNoServerAnswersTheCommandSaysSo() {
    assertThat(await(1, "0s")).isEqualTo(JarCommand.FAILED);
    assertThat(said.toString()).contains("no server answers on admin port 1 of 127.0.0.1");
  }

  @Test
  void anAnswerThatIsNotOfACluster() {
    HttpServer server =
        vertx
            .createHttpServer()
            .requestHandler(request -> request.response().end("{\"groups\": 1}"))
            .listen(0, "127.0.0.1")
            .await();
    assertThat(await(server.actualPort(), "0s")).isEqualTo(JarCommand.FAILED);
    assertThat(said.toString()).contains("is no Dormouse");
  }

  @Test
  void theCommandLineOfTheCommandIsChecked() {
    assertThat(run("cluster")).isEqualTo(ServerCommand.BAD_USAGE);
    assertThat(said.toString()).contains("cluster needs the name of a command");
    assertThat(run("cluster", "wait", "--timeout=25h")).isEqualTo(ServerCommand.BAD_USAGE);
    assertThat(said.toString()).contains("--timeout: 90000000 ms is not 0 ms to 24 h");
    assertThat(run("--port=1", "cluster", "wait")).isEqualTo(ServerCommand.BAD_USAGE);
    assertThat(said.toString()).contains("options of 'wait' must come after its name");
    assertThat(run("cluster", "wait", "--help")).isZero();
    assertThat(said.toString()).contains("--timeout=TIME");
    assertThat(run("cluster", "--help")).isZero();
    assertThat(run("cluster", "wait", "--admin-host=0.0.0.0")).isEqualTo(JarCommand.FAILED);
    assertThat(said.toString()).contains("that needs --admin-token-file");
  }
}
