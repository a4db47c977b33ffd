package dev.dormouse.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.EnvOptions;
import org.rocksdb.IngestExternalFileOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileWriter;

/** A store in a process that has as many files open as it may. */
@Tag("once")
@Timeout(60)
class NoHandlesTest {
  private static final int HANDLES = 128;

  @TempDir private Path folder;

  @Test
  @DisplayName("A3: reads and backups without file handles are refused as passing, and pass")
  void readsAndBackupsWithoutHandlesAreRefusedAsPassingAndPass() throws IOException {
    try (ChildProcess child =
        ChildProcess.startWithHandles(HANDLES, Without.class, folder.toString())) {
      List<String> lines = new ArrayList<>();
      for (String line = child.line(); line != null; line = child.line()) {
        if (!line.contains(" -- ")) { // a line of the log
          lines.add(line);
        }
      }
      assertThat(lines)
          .containsExactly(
              "before [read, read, read]",
              "without: some are refused, and no other error: true",
              "backup: is passing: true",
              "after [read, read, read]",
              "backup: taken",
              "commit: done",
              "fatal: 0");
    }
  }

  @Test
  @DisplayName("A3: a folder with more tables than the process may have files open is verified")
  void aFolderOfMoreTablesThanHandlesIsVerified() throws IOException {
    try (ChildProcess child =
        ChildProcess.startWithHandles(HANDLES, Verify.class, folder.toString())) {
      assertThat(child.line()).isEqualTo("faults []");
    }
  }

  /**
   * The child process that verifies a folder with more tables than the process may have open files.
   */
  static final class Verify {
    private Verify() {}

    public static void main(String[] args) throws Exception {
      Path data = Path.of(args[0]).resolve("data");
      Stores.open(StoreOptions.in(data)).close();
      addTables(data.resolve("rocksdb"));
      List<String> faults = new ArrayList<>();
      try (StoredFolder folder = StoredFolder.open(data)) {
        folder.verify(type -> null, faults::add, note -> {});
      }
      System.out.println("faults " + faults);
    }

    /** Adds tables of one row each, which no test reads. */
    private static void addTables(Path engine) throws RocksDBException {
      List<ColumnFamilyHandle> families = new ArrayList<>();
      List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
      List<String> files = new ArrayList<>();
      try (Options plain = new Options();
          EnvOptions environment = new EnvOptions();
          DBOptions options = new DBOptions().setMaxOpenFiles(32);
          ColumnFamilyOptions uncompacted =
              new ColumnFamilyOptions().setDisableAutoCompactions(true);
          IngestExternalFileOptions moved = new IngestExternalFileOptions().setMoveFiles(true)) {
        for (int i = 0; i < HANDLES; i++) {
          files.add(engine.resolveSibling(i + ".sst").toString());
          try (SstFileWriter writer = new SstFileWriter(environment, plain)) {
            writer.open(files.get(i));
            writer.put("more %03d".formatted(i).getBytes(StandardCharsets.UTF_8), new byte[1]);
            writer.finish();
          }
        }
        for (byte[] name : RocksDB.listColumnFamilies(plain, engine.toString())) {
          descriptors.add(new ColumnFamilyDescriptor(name, uncompacted));
        }
        try (RocksDB db = RocksDB.open(options, engine.toString(), descriptors, families)) {
          db.ingestExternalFile(files, moved);
          families.forEach(ColumnFamilyHandle::close);
        }
      }
    }
  }

  /** The child process that uses a store while all handles are taken. */
  static final class Without {
    private static final ActorId ACTOR = new ActorId("room", "one");
    private static final List<Table> TABLES = List.of(Table.ACTOR, Table.CONNECTION, Table.VALUE);

    private Without() {}

    public static void main(String[] args) throws Exception {
      Path folder = Path.of(args[0]);
      Path data = folder.resolve("data");
      Path file = Files.createFile(folder.resolve("hoarded"));
      int[] fatal = {0};
      StoreOptions options =
          StoreOptions.in(data)
              .durability(Durability.WAL)
              .onFatal(cause -> fatal[0]++)
              .openFilesMax(32);
      // Each opening writes out the rest that the previous one has left in its log, as one more
      // table of each kind; it opens no more than five of the tables that it finds.
      for (int i = 0; i < 3; i++) {
        try (NodeStore store = Stores.open(options)) {
          commit(store, i);
        }
      }
      // A class is a file, too.
      Object[] loaded = {
        new NoFileHandlesException("", new IOException()),
        new BackupException("", null, true),
        new CommitResult.Refused("")
      };
      Log.of(NoHandlesTest.class).warn("{} classes are loaded", loaded.length);
      Deque<Closeable> taken = new ArrayDeque<>();
      try (NodeStore store = Stores.open(options)) {
        System.out.println("before " + reads(store, 1));
        store.backup(folder.resolve("first"), Instant.EPOCH);
      }
      try (NodeStore store = Stores.open(options)) {
        take(file, taken);
        List<String> reads = reads(store, loaded.length);
        String told =
            "without: some are refused, and no other error: "
                + (reads.contains("refused")
                    && reads.stream().allMatch(r -> r.equals("refused") || r.equals("read")));
        String backup;
        try {
          store.backup(folder.resolve("second"), Instant.EPOCH);
          backup = "backup: taken";
        } catch (BackupException e) {
          backup = "backup: is passing: " + e.isPassing();
        }
        while (!taken.isEmpty()) {
          taken.pop().close();
        }
        System.out.println(told);
        System.out.println(backup);
        System.out.println("after " + reads(store, 1));
        CommitResult result = commit(store, 9);
        while (result instanceof CommitResult.Refused) { // until handles are back
          TimeUnit.MILLISECONDS.sleep(20);
          result = commit(store, 9);
        }
        store.backup(folder.resolve("third"), Instant.EPOCH);
        System.out.println("backup: taken");
        System.out.println("commit: " + (result instanceof CommitResult.Done ? "done" : result));
        System.out.println("fatal: " + fatal[0]);
      }
    }

    private static void take(Path file, Deque<Closeable> taken) throws IOException {
      try {
        while (true) {
          taken.push(FileChannel.open(file));
        }
      } catch (FileSystemException e) {
        if (!String.valueOf(e.getReason()).contains("Too many open files")) {
          throw e;
        }
      }
    }

    private static CommitResult commit(NodeStore store, int number) {
      byte[] key = {(byte) number};
      List<TurnBatch.Write> writes =
          TABLES.stream().map(table -> new TurnBatch.Write(table, key, new byte[1])).toList();
      return store
          .commit(new TurnBatch(ACTOR, store.epochOf(ACTOR), writes))
          .toCompletableFuture()
          .join();
    }

    private static List<String> reads(NodeStore store, int times) {
      List<String> reads = new ArrayList<>();
      for (Table table : TABLES) {
        String read = "read";
        for (int i = 0; i < times; i++) {
          try {
            store.keys(ACTOR, table, KeySpan.all(), 100);
          } catch (NoFileHandlesException e) {
            read = "refused";
          } catch (RuntimeException e) {
            read = e.toString();
          }
        }
        reads.add(read);
      }
      return reads;
    }
  }
}
