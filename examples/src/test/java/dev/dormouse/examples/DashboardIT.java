package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.StoreOptions;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.Table;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Looks at the dashboard in a browser; the pictures are in target/screenshots. */
@Tag("full")
// A browser sees nothing of the JVM.
@Tag("once")
class DashboardIT {
  private static final String[] FLAGS = {"--idle", "1h", "--durability", "wal"};
  private static final int MANY = 100_000;

  @TempDir private Path directory;

  @Test
  @DisplayName("The dashboard shows what there is, and does what it is told to")
  void showsWhatThereIsAndDoesWhatItIsToldTo() throws Exception {
    Path data = directory.resolve("data");
    store(data, List.of(new ActorId("gone", "ghost")));
    try (ServerProcess server = start(data);
        Child script =
            NodeScript.start(
                "dashboard.mjs", server.admin().path("/"), server.socket("/"), screenshots())) {
      awaitRequest(script, "kill");
      server.kill9();
      server.awaitExit();
      script.tell("done");
      awaitRequest(script, "start");
      String adminPort = Integer.toString(server.adminPort());
      try (ServerProcess again = start(data, "--admin-port", adminPort)) {
        script.tell("done");
        awaitEnd(script);
        assertThat(again.adminPort()).isEqualTo(server.adminPort());
      }
    }
  }

  @Test
  @DisplayName("A person logs in with the token, and out")
  void logsInAndOut() throws Exception {
    String token = "a-token-that-nobody-would-guess-0123456789";
    Path file = Files.writeString(directory.resolve("token"), token);
    try (ServerProcess server =
            start(directory.resolve("data"), "--admin-token-file", file.toString());
        Child script =
            NodeScript.start(
                "dashboard-login.mjs", server.admin().path("/"), token, screenshots())) {
      awaitEnd(script);
    }
  }

  @Test
  @DisplayName("The dashboard shows 100,000 actors a page at a time, and finds one of them")
  void isReadableWithManyActors() throws Exception {
    Path data = directory.resolve("data");
    store(
        data,
        IntStream.range(0, MANY)
            .mapToObj(i -> new ActorId("reminder", "user-%06d".formatted(i)))
            .toList());
    try (ServerProcess server = start(data);
        Child script =
            NodeScript.start("dashboard-many.mjs", server.admin().path("/"), MANY, screenshots())) {
      awaitEnd(script);
      System.out.printf("of %,d actors:%n%s", MANY, script.output());
    }
  }

  private static ServerProcess start(Path data, String... flags) throws Exception {
    List<String> all = new ArrayList<>(List.of(FLAGS));
    all.addAll(List.of(flags));
    return ServerProcess.startTestActors(data, List.of(), all.toArray(String[]::new));
  }

  private static Path screenshots() throws Exception {
    return Files.createDirectories(Path.of("target/screenshots").toAbsolutePath());
  }

  private static void awaitRequest(Child script, String request) throws InterruptedException {
    script.awaitOutput(Pattern.compile("^" + request + "$", Pattern.MULTILINE));
  }

  private static void awaitEnd(Child script) throws InterruptedException {
    int exit = script.awaitExit();
    assertThat(script.output()).endsWith("ok\n");
    assertThat(exit).isZero();
  }

  /** Stores actors as if each had been activated once. */
  private static void store(Path data, List<ActorId> actors) throws Exception {
    StoreOptions options = StoreOptions.in(data).durability(Durability.WAL);
    try (NodeStore store = Stores.open(options)) {
      List<CompletableFuture<CommitResult>> commits = new ArrayList<>();
      for (ActorId actor : actors) {
        byte[] row = new ActorRow(store.epochOf(actor), 1).encode();
        List<TurnBatch.Write> writes = List.of(new TurnBatch.Write(Table.ACTOR, ActorRow.KEY, row));
        TurnBatch turn = new TurnBatch(actor, store.epochOf(actor), writes);
        commits.add(store.commit(turn).toCompletableFuture());
      }
      for (CompletableFuture<CommitResult> commit : commits) {
        assertThat(commit.get(Child.LIMIT.toSeconds(), TimeUnit.SECONDS))
            .isInstanceOf(CommitResult.Done.class);
      }
    }
  }
}
