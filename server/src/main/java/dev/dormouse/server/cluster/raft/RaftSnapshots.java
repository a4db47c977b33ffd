package dev.dormouse.server.cluster.raft;

import com.alipay.sofa.jraft.error.RaftError;
import com.alipay.sofa.jraft.option.RaftOptions;
import com.alipay.sofa.jraft.option.SnapshotCopierOptions;
import com.alipay.sofa.jraft.storage.snapshot.Snapshot;
import com.alipay.sofa.jraft.storage.snapshot.SnapshotCopier;
import com.alipay.sofa.jraft.storage.snapshot.SnapshotReader;
import com.alipay.sofa.jraft.storage.snapshot.SnapshotWriter;
import com.alipay.sofa.jraft.storage.snapshot.local.LocalSnapshotCopier;
import com.alipay.sofa.jraft.storage.snapshot.local.LocalSnapshotStorage;
import com.alipay.sofa.jraft.storage.snapshot.local.LocalSnapshotWriter;
import dev.dormouse.log.Log;
import dev.dormouse.storage.ReplicatedLog.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The snapshots of one group on this node's disk: the last one, and the one before it, behind which
 * the log is whole.
 *
 * <p>The bytes of a snapshot are checked before it is sent, since the disk may have damaged it, and
 * those of a copy before it takes the place of the last one. A copy that is damaged is thrown away,
 * and the owner sends again. A snapshot of our own that is damaged is replaced by the next one.
 */
final class RaftSnapshots extends LocalSnapshotStorage {
  private static final Logger log = Log.of(RaftSnapshots.class);

  private static final int KEPT = 2;

  private final Path folder;
  private final RaftOptions options;
  private final int group;
  private final Machine machine;

  /** The snapshots that are kept, the latest at the end. The monitor guards it. */
  private final Deque<SnapshotReader> kept = new ArrayDeque<>();

  /** True until the engine has opened the last snapshot at its start, which needs no check. */
  private boolean isStarting = true;

  /** True if the last copy was damaged. */
  private volatile boolean isCopyDamaged;

  /** The index of the last snapshot if it is damaged; or else 0. */
  private volatile long damaged;

  RaftSnapshots(Path folder, RaftOptions options, int group, Machine machine) {
    super(folder.toString(), null, options);
    this.folder = folder;
    this.options = options;
    this.group = group;
    this.machine = machine;
  }

  /** Returns whether a snapshot must be taken in place of one that is damaged, and can be. */
  boolean wantsAnother() {
    long index = damaged;
    return index != 0 && machine.applied(group) > index;
  }

  @Override
  public boolean init(Void unused) {
    try {
      dropDamaged();
    } catch (IOException e) {
      log.error("the snapshots in {} cannot be read", folder, e);
      return false;
    }
    if (!super.init(null)) {
      return false;
    }
    keep();
    return true;
  }

  /** Takes away the last snapshot if it is needed and damaged, so that the one before is used. */
  private void dropDamaged() throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    List<Path> latestFirst;
    try (Stream<Path> files = Files.list(folder)) {
      latestFirst =
          files
              .filter(file -> indexOf(file) >= 0)
              .sorted(Comparator.comparingLong(RaftSnapshots::indexOf).reversed())
              .toList();
    }
    for (Path snapshot : latestFirst) {
      if (machine.applied(group) >= indexOf(snapshot) || isWhole(snapshot)) {
        return;
      }
      Path aside = folder.resolve("damaged-" + indexOf(snapshot));
      log.error("the snapshot {} is damaged, and is kept as {}", snapshot, aside);
      Path unused = Files.move(snapshot, aside);
    }
  }

  private static long indexOf(Path snapshot) {
    String name = snapshot.getFileName().toString();
    if (!name.startsWith(Snapshot.JRAFT_SNAPSHOT_PREFIX)) {
      return -1;
    }
    try {
      return Long.parseLong(name.substring(Snapshot.JRAFT_SNAPSHOT_PREFIX.length()));
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  private boolean isWhole(Path snapshot) {
    try {
      machine.check(group, snapshot);
      return true;
    } catch (RuntimeException e) {
      log.error("the snapshot {} of group {} is damaged", snapshot, group, e);
      return false;
    }
  }

  /** Keeps the last snapshot and the one before it, by holding readers. */
  private synchronized void keep() {
    SnapshotReader last = super.open();
    if (last == null) {
      return;
    }
    SnapshotReader before = kept.peekLast();
    if (before != null && before.getPath().equals(last.getPath())) {
      close(last);
      return;
    }
    kept.add(last);
    damaged = 0;
    while (kept.size() > KEPT) {
      close(kept.remove());
    }
  }

  private static void close(SnapshotReader reader) {
    try {
      reader.close();
    } catch (IOException e) {
      log.warn("a snapshot could not be closed", e);
    }
  }

  /** Opens the last snapshot, to send it or to take it; null if there is none. */
  @Override
  public @Nullable SnapshotReader open() {
    SnapshotReader reader = super.open();
    if (isStarting) {
      isStarting = false;
    } else if (reader != null && !isWhole(Path.of(reader.getPath()))) {
      damaged = getLastSnapshotIndex();
    }
    return reader;
  }

  /** Begins a snapshot of this node's own state, which is checked by whoever writes it. */
  @Override
  public @Nullable SnapshotWriter create() {
    return writer(true, false);
  }

  /** Begins a copy of another node's snapshot. */
  @Override
  public @Nullable SnapshotWriter create(boolean fromEmpty) {
    return writer(fromEmpty, true);
  }

  private @Nullable SnapshotWriter writer(boolean fromEmpty, boolean isCopy) {
    SnapshotWriter plain = super.create(fromEmpty);
    if (plain == null) {
      return null;
    }
    Writer writer = new Writer(plain.getPath(), isCopy);
    return writer.init((Void) null) ? writer : null;
  }

  @Override
  public @Nullable SnapshotCopier startToCopyFrom(String uri, SnapshotCopierOptions copying) {
    Copier copier = new Copier();
    copier.setStorage(this);
    if (!copier.init(uri, copying)) {
      return null;
    }
    isCopyDamaged = false;
    copier.start();
    return copier;
  }

  /** Writes one snapshot, which becomes the last one when it is closed. */
  private final class Writer extends LocalSnapshotWriter {
    private final boolean isCopy;

    Writer(String path, boolean isCopy) {
      super(path, RaftSnapshots.this, options);
      this.isCopy = isCopy;
    }

    @Override
    public void close(boolean keepDataOnError) throws IOException {
      if (isCopy && isOk() && !isWhole(Path.of(getPath()))) {
        isCopyDamaged = true;
        setError(RaftError.EINTERNAL, "the copy is damaged");
      }
      super.close(keepDataOnError);
      if (isOk()) {
        keep();
      }
    }
  }

  /** Copies one snapshot from another node. */
  private final class Copier extends LocalSnapshotCopier {

    /** Returns the copy; null if it is damaged, where the engine would take the last snapshot. */
    @Override
    public @Nullable SnapshotReader getReader() {
      SnapshotReader reader = super.getReader();
      if (reader != null && isCopyDamaged) {
        RaftSnapshots.close(reader);
        return null;
      }
      return reader;
    }
  }
}
