package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.StoreOptions;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.UnreservedStore;
import dev.dormouse.storage.rows.Table;
import java.io.RandomAccessFile;
import java.net.http.HttpResponse;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fills the disk of the data folder, and makes room again. */
@Tag("full")
@Tag("once")
class FullDiskIT {
  private static final long DISK_BYTES = 64L << 20;
  private static final Duration RESUMES_WITHIN = Duration.ofSeconds(10);

  @TempDir private Path directory;

  @BeforeEach
  void assumeMountable() throws Exception {
    LoopDisk.assumeMountable(directory);
  }

  @Test
  void whatNeedsTheDiskIsToldToTryAgainAndTheRestIsServedUntilThereIsRoom() throws Exception {
    List<String> answered = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    try (LoopDisk disk = LoopDisk.make(directory.resolve("disk.img"), DISK_BYTES)) {
      Path data = disk.root().resolve("data");
      try (ServerProcess server = ServerProcess.start(data);
          Client echo = server.connect("/echo/e");
          Client writer = server.connect("/journal/j");
          Client bystander = server.connect("/journal/j")) {
        for (int i = 0; i < 20; i++) {
          lines.add("line " + i);
          answered.add(writer.ask("line " + i));
        }
        Path ballast = disk.fill();

        writer.send("too much");
        assertThat(writer.nextClose())
            .isEqualTo(new Client.Closed(1013, "the server cannot store anything now"));
        HttpResponse<?> refused = refusal(server).orElseThrow();
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.headers().firstValue("Retry-After")).contains("1");
        assertThat(echo.ask("still here")).isEqualTo("still here");
        assertThat(Http.get(server.http("/journal/j")).body().lines()).isEqualTo(lines);
        // A close that the full disk cannot keep is tried again and wakes the actor now and then.
        Until.isTrue(() -> server.admin().hibernate("journal", "j").state().equals("asleep"));
        assertThat(Http.get(server.http("/journal/j")).body().lines()).isEqualTo(lines);

        Files.delete(ballast);
        long freedNs = System.nanoTime();
        Until.isTrue(() -> refusal(server).isEmpty());
        Duration resumed = Duration.ofNanos(System.nanoTime() - freedNs);
        System.out.println("FullDiskIT: writing resumed after " + resumed.toMillis() + " ms");
        assertThat(resumed).isLessThan(RESUMES_WITHIN);
        lines.add("room");
        answered.add(bystander.ask("room"));
        assertThat(answered).isEqualTo(HashChain.answers(lines));
        // Two connections are closed by now: the writer's, and the one that checked for room.
        server.admin().poll("journal", "j", actor -> actor.connections() == 1);
        server.kill9();
        server.awaitExit();
      }
      try (ServerProcess again = ServerProcess.start(data)) {
        assertThat(Http.get(again.http("/journal/j")).body().lines()).isEqualTo(lines);
      }
    }
  }

  /**
   * Lets the engine itself meet the end of the disk, first when it writes a table, then in the
   * middle of a record of its log. The rows that it keeps after its recovery must outlive the
   * process: no record may hide behind one that was written in half.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anEngineThatMetTheEndOfTheDiskRecoversAndLosesNothing(boolean isInTheLog) throws Exception {
    List<String> done = new ArrayList<>();
    String unknown;
    try (LoopDisk disk = LoopDisk.make(directory.resolve("disk.img"), 3 * DISK_BYTES)) {
      Path data = disk.root().resolve("data");
      Path ballast = disk.root().resolve("ballast");
      if (isInTheLog) {
        disk.fill();
        try (RandomAccessFile file = new RandomAccessFile(ballast.toFile(), "rw")) {
          file.setLength(file.length() - (5 << 20)); // too little for the log's reserve
        }
      }
      try (Child store = store(data)) {
        int row = commitUntilDone(store, 0, done);
        if (!isInTheLog) {
          disk.fill();
        }
        String result = commit(store, row++, done);
        while (result.equals("Done")) {
          result = commit(store, row++, done);
        }
        unknown = keyOf(row - 1);
        assertThat(result).isEqualTo("Unknown");
        assertThat(commit(store, row++, done)).isEqualTo("Refused");

        Files.delete(ballast);
        long freedNs = System.nanoTime();
        row = commitUntilDone(store, row, done);
        System.out.printf(
            "FullDiskIT: the engine recovered after %d ms%n",
            Duration.ofNanos(System.nanoTime() - freedNs).toMillis());
        for (int i = 0; i < 20; i++) {
          assertThat(commit(store, row++, done)).isEqualTo("Done");
        }
        store.kill();
        store.awaitExit();
      }
      try (NodeStore again = Stores.open(StoreOptions.in(data))) {
        for (String key : done) {
          assertThat(read(again, key)).as(key).isNotNull();
        }
        assertThat(read(again, unknown)).isNull();
      }
    }
  }

  private Child store(Path data) throws Exception {
    Child store =
        Child.start(
            directory,
            Map.of(),
            List.of(
                System.getProperty("dormouse.test.java"),
                "-cp",
                System.getProperty("java.class.path"),
                UnreservedStore.class.getName(),
                data.toString(),
                Integer.toString(130_001)));
    store.awaitOutput(Pattern.compile("open\\."));
    return store;
  }

  /**
   * Commits a row, or another one if that failed, and so on; returns the number of the next row.
   */
  private static int commitUntilDone(Child store, int row, List<String> done) throws Exception {
    int[] next = {row};
    Until.isTrue(() -> commit(store, next[0]++, done).equals("Done"));
    return next[0];
  }

  private static String keyOf(int row) {
    return "row%06d".formatted(row);
  }

  private static byte[] read(NodeStore store, String key) {
    return store.get(UnreservedStore.ACTOR, Table.VALUE, key.getBytes(StandardCharsets.UTF_8));
  }

  private static String commit(Child store, int row, List<String> done) throws Exception {
    String key = keyOf(row);
    store.tell(key);
    String result = store.awaitOutput(Pattern.compile(key + " (?<result>\\w+)\\.")).group("result");
    if (result.equals("Done")) {
      done.add(key);
    }
    return result;
  }

  /**
   * Returns the refusal of an upgrade; empty if it was accepted. An accepted connection is dropped.
   */
  private static Optional<HttpResponse<?>> refusal(ServerProcess server) throws Exception {
    try (Client client = server.connect("/journal/j")) {
      assertThat(client).isNotNull();
      return Optional.empty();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof WebSocketHandshakeException refused) {
        return Optional.of(refused.getResponse());
      }
      throw e;
    }
  }
}
