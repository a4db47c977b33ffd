package dev.dormouse.storage;

import static dev.dormouse.storage.ActorStoreContract.number;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("once") // what a killed process leaves on the disk does not depend on its JVM
@Timeout(120)
class DurabilityTest {
  private static final int ACTORS = 4;

  @TempDir Path folder;
  private int copies;

  @ParameterizedTest
  @CsvSource({"FSYNC, 1", "FSYNC, 300", "WAL, 1", "WAL, 3000"})
  void whatWasAcknowledgedBeforeAKillIsThereAfterwards(Durability durability, int acknowledgements)
      throws Exception {
    int[] last = new int[ACTORS];
    Arrays.fill(last, -1);
    try (ChildProcess child =
        ChildProcess.start(Committer.class, folder.toString(), durability.name())) {
      String line = child.line();
      for (int i = 0; line != null; i++) {
        String[] words = line.split(" ", -1);
        last[Integer.parseInt(words[0])] = Integer.parseInt(words[1]);
        if (i == acknowledgements) {
          child.kill();
        }
        line = child.line();
      }
    }

    try (NodeStore store = open(folder, durability)) {
      assertThat(store.run()).isEqualTo(2);
      assertThat(store.endingOf(1)).isEqualTo(Ending.PROCESS_DIED);
      for (int actor = 0; actor < ACTORS; actor++) {
        List<ActorStore.Row> rows = rowsOf(store, actor);
        assertThat(rows).hasSizeGreaterThan(last[actor]);
        checkRows(rows);
      }
    }
    assertThat(Arrays.stream(last).sum()).isGreaterThan(acknowledgements - 10);
  }

  @Test
  void aLogThatWasCutShortGivesAnEarlierState() throws IOException {
    int commits = 50;
    Path original = originalOf(commits);
    byte[] log = Files.readAllBytes(onlyFile(original, ".log"));
    for (int cut = 1; cut <= 100; cut += 7) {
      try (NodeStore store = openWith(original, ".log", Arrays.copyOf(log, log.length - cut))) {
        List<ActorStore.Row> rows = rowsOf(store, 0);
        assertThat(rows).hasSizeBetween(commits - 3, commits - 1);
        checkRows(rows);
      }
    }
  }

  private static NodeStore open(Path folder, Durability durability) {
    return Stores.open(StoreOptions.in(folder).durability(durability));
  }

  private static CompletionStage<CommitResult> commit(NodeStore store, int actor, int turn) {
    return store.commit(
        new TurnBatch(
            idOf(actor),
            store.epochOf(idOf(actor)),
            List.of(new TurnBatch.Write(Table.VALUE, number(turn), number(~turn)))));
  }

  private static ActorId idOf(int actor) {
    return new ActorId("chat", "r" + actor);
  }

  private static List<ActorStore.Row> rowsOf(NodeStore store, int actor) {
    return store.scan(idOf(actor), Table.VALUE, KeySpan.all(), Integer.MAX_VALUE);
  }

  /**
   * Checks the rows that are there: each turn wrote one, and they must be the first ones without a
   * gap.
   */
  private static void checkRows(List<ActorStore.Row> rows) {
    for (int i = 0; i < rows.size(); i++) {
      assertThat(rows.get(i).key()).isEqualTo(number(i));
      assertThat(rows.get(i).value()).isEqualTo(number(~i));
    }
  }

  /** Returns a folder with this number of commits in the log, as a dying process leaves it. */
  private Path originalOf(int commits) throws IOException {
    Path original = Files.createDirectory(folder.resolve("original"));
    try (NodeStore store = open(original, Durability.WAL)) {
      for (int i = 0; i < commits; i++) {
        ActorStoreContract.done(commit(store, 0, i));
      }
      return copy(original, folder.resolve("dead"));
    }
  }

  /** Opens a copy of a folder with other bytes in one file. */
  private NodeStore openWith(Path original, String file, byte[] bytes) throws IOException {
    Path copy = copy(original, folder.resolve("copy" + copies++));
    Files.write(onlyFile(copy, file), bytes);
    return open(copy, Durability.WAL);
  }

  private static Path onlyFile(Path folder, String part) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("rocksdb"))) {
      List<Path> found =
          files.filter(file -> file.getFileName().toString().contains(part)).toList();
      assertThat(found).hasSize(1);
      return found.get(0);
    }
  }

  private static Path copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      files.forEach(
          file -> {
            try {
              Files.copy(file, to.resolve(from.relativize(file)));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
    return to;
  }

  /** Commits turns of some actors at once, and prints each that is done. */
  static final class Committer {
    private Committer() {}

    public static void main(String[] args) throws InterruptedException {
      NodeStore store = open(Path.of(args[0]), Durability.valueOf(args[1]));
      Thread[] threads = new Thread[ACTORS];
      for (int actor = 0; actor < ACTORS; actor++) {
        int id = actor;
        threads[id] =
            new Thread(
                () -> {
                  for (int turn = 0; ; turn++) {
                    ActorStoreContract.done(commit(store, id, turn));
                    System.out.println(id + " " + turn);
                  }
                });
        threads[id].start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }
}
