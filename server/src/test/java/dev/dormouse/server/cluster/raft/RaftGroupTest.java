package dev.dormouse.server.cluster.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.alipay.sofa.jraft.Closure;
import com.alipay.sofa.jraft.Iterator;
import com.alipay.sofa.jraft.Status;
import com.alipay.sofa.jraft.entity.RaftOutter.SnapshotMeta;
import com.alipay.sofa.jraft.storage.snapshot.SnapshotWriter;
import com.google.protobuf.Message;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.ReplicatedLog.Committed;
import dev.dormouse.storage.ReplicatedLog.Entry;
import dev.dormouse.storage.ReplicatedLog.Machine;
import dev.dormouse.storage.ReplicatedLog.Ownership;
import dev.dormouse.storage.ReplicatedLog.Saving;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests a group without an engine. */
class RaftGroupTest {
  @TempDir Path folder;
  private final ExecutorService saving = Executors.newSingleThreadExecutor();
  private final CountDownLatch hasReturned = new CountDownLatch(1);
  private final List<Throwable> fatal = new ArrayList<>();
  private final Rows machine = new Rows();
  private final RaftGroup group =
      new RaftGroup(3, "alpha", machine, Runnable::run, saving, () -> {}, fatal::add);

  /** A machine that writes its state only when the group has returned to the engine. */
  private final class Rows implements Machine {
    final List<Committed> applied = new ArrayList<>();
    boolean isDamaged;

    @Override
    public @Nullable String cluster() {
      return null;
    }

    @Override
    public long applied(int of) {
      return applied.size();
    }

    @Override
    public List<CommitResult> apply(int of, List<Committed> entries) {
      applied.addAll(entries);
      return entries.stream().map(entry -> CommitResult.DONE).toList();
    }

    @Override
    public void onOwned(Ownership ownership) {}

    @Override
    public void onLost(Ownership ownership, String why) {}

    @Override
    public Saving save(int of) {
      int state = applied.size();
      return new Saving() {
        @Override
        public void write(Path to) {
          try {
            assertThat(hasReturned.await(20, TimeUnit.SECONDS)).isTrue();
            Files.writeString(to.resolve("rows"), "state " + state);
          } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
          }
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void check(int of, Path from) {
      if (isDamaged) {
        throw new IllegalStateException("the file is damaged");
      }
    }

    @Override
    public void load(int of, Path from, long index) {}
  }

  /** A writer of snapshots that only notes its files. */
  private final class Writer extends SnapshotWriter {
    final List<String> files = new ArrayList<>();

    @Override
    public boolean saveMeta(SnapshotMeta meta) {
      return true;
    }

    @Override
    public boolean addFile(String name, Message meta) {
      return files.add(name);
    }

    @Override
    public boolean removeFile(String name) {
      return files.remove(name);
    }

    @Override
    public void close(boolean keepDataOnError) {}

    @Override
    public String getPath() {
      return folder.toString();
    }

    @Override
    public Set<String> listFiles() {
      return Set.copyOf(files);
    }

    @Override
    public @Nullable Message getFileMeta(String name) {
      return null;
    }

    @Override
    public boolean init(Void unused) {
      return true;
    }

    @Override
    public void shutdown() {}

    @Override
    public void close() {}
  }

  /** Entries that the engine hands over. */
  private static final class Entries implements Iterator {
    private final List<byte[]> entries;
    private int at;

    Entries(byte[]... entries) {
      this.entries = List.of(entries);
    }

    @Override
    public boolean hasNext() {
      return at < entries.size();
    }

    @Override
    public ByteBuffer next() {
      at++;
      return ByteBuffer.allocate(0);
    }

    @Override
    public ByteBuffer getData() {
      return ByteBuffer.wrap(entries.get(at));
    }

    @Override
    public long getIndex() {
      return at + 1L;
    }

    @Override
    public long getTerm() {
      return 7;
    }

    @Override
    public @Nullable Closure done() {
      return null;
    }

    @Override
    public boolean commit() {
      return true;
    }

    @Override
    public void commitAndSnapshotSync(Closure done) {}

    @Override
    public void setErrorAndRollback(long tail, Status status) {}

    @Override
    public void setAutoCommitPerLog(boolean isAutoCommit) {}
  }

  private static byte[] entry() {
    return new Entry(7, List.of(), null).encode();
  }

  @AfterEach
  void stop() {
    hasReturned.countDown();
    saving.shutdown();
  }

  @Test
  void entriesAreAppliedWhileTheStateOfBeforeIsWritten() throws Exception {
    group.onApply(new Entries(entry(), entry()));
    Writer writer = new Writer();
    CompletableFuture<Status> saved = new CompletableFuture<>();
    group.onSnapshotSave(writer, saved::complete);
    group.onApply(new Entries(entry(), entry(), entry()));
    assertThat(machine.applied).hasSize(3);
    assertThat(saved).isNotDone();
    hasReturned.countDown();

    assertThat(saved.get(20, TimeUnit.SECONDS).isOk()).isTrue();
    assertThat(folder.resolve("rows")).hasContent("state 2");
    assertThat(writer.files).containsExactly("rows");
  }

  @Test
  void aSnapshotThatIsDamagedWhenItIsReadAgainIsNotReported() throws Exception {
    machine.isDamaged = true;
    hasReturned.countDown();
    Writer writer = new Writer();
    CompletableFuture<Status> saved = new CompletableFuture<>();
    group.onSnapshotSave(writer, saved::complete);

    assertThat(saved.get(20, TimeUnit.SECONDS).isOk()).isFalse();
    assertThat(writer.files).isEmpty();
    assertThat(fatal).as("the log goes on, and is not cut").isEmpty();
  }

  @Test
  void anEntryOfALaterFormatEndsTheProcessWithOneLine() {
    byte[] later = entry();
    later[0] = Entry.FORMAT + 1;

    assertThatIllegalStateException()
        .isThrownBy(() -> group.onApply(new Entries(entry(), later, entry())));
    assertThat(fatal).hasSize(1);
    assertThat(fatal.get(0))
        .hasMessage(
            "the log of group 3 cannot be applied: an entry has format 2, and this version reads"
                + " format 1; start this node with the version of the other nodes");
    assertThat(machine.applied).as("nothing behind it is applied").hasSizeLessThan(2);
  }
}
