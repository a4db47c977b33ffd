package dev.dormouse.storage;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.rows.Table;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/**
 * A store that leaves the engine no reserve, so that it meets the end of the disk. It keeps a row
 * for each line of its input, with the line as the key, and prints the line and the outcome.
 */
public final class UnreservedStore {
  /** The actor that owns the rows. */
  public static final ActorId ACTOR = new ActorId("row", "all");

  private static final int FATAL = 74;

  private UnreservedStore() {}

  /** Takes as arguments the folder and the size of a row in bytes. */
  public static void main(String[] args) throws IOException {
    StoreOptions options =
        StoreOptions.in(Path.of(args[0])).onFatal(cause -> Runtime.getRuntime().halt(FATAL));
    Random random = new Random(0);
    byte[] value = new byte[Integer.parseInt(args[1])];
    try (NodeStore store = RocksActorStore.open(options, folder -> DiskRoom.unlimited());
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      System.out.println("open.");
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        random.nextBytes(value);
        byte[] key = line.getBytes(StandardCharsets.UTF_8);
        CommitResult result =
            store
                .commit(
                    new TurnBatch(
                        ACTOR,
                        store.epochOf(ACTOR),
                        List.of(new TurnBatch.Write(Table.VALUE, key, value))))
                .toCompletableFuture()
                .join();
        System.out.println(line + " " + result.getClass().getSimpleName() + ".");
      }
    }
  }
}
