package dev.dormouse.server.cluster.raft;

import com.alipay.sofa.jraft.conf.Configuration;
import com.alipay.sofa.jraft.conf.ConfigurationEntry;
import com.alipay.sofa.jraft.conf.ConfigurationManager;
import com.alipay.sofa.jraft.entity.EnumOutter.EntryType;
import com.alipay.sofa.jraft.entity.LogEntry;
import com.alipay.sofa.jraft.entity.LogId;
import com.alipay.sofa.jraft.entity.codec.LogEntryDecoder;
import com.alipay.sofa.jraft.entity.codec.LogEntryEncoder;
import com.alipay.sofa.jraft.entity.codec.v2.LogEntryV2CodecFactory;
import com.alipay.sofa.jraft.option.LogStorageOptions;
import com.alipay.sofa.jraft.storage.LogStorage;
import dev.dormouse.storage.entrylog.EntryLog;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The engine's log of one group, on the {@link EntryLog} of the node. */
final class RaftLogStorage implements LogStorage {
  private final EntryLog.Group rows;
  private final LogEntryEncoder encoder = LogEntryV2CodecFactory.getInstance().encoder();
  private final LogEntryDecoder decoder = LogEntryV2CodecFactory.getInstance().decoder();

  RaftLogStorage(EntryLog.Group rows) {
    this.rows = rows;
  }

  @Override
  public boolean init(LogStorageOptions options) {
    ConfigurationManager members = options.getConfigurationManager();
    for (byte[] bytes : rows.membersChanges()) {
      LogEntry entry = decoded(bytes);
      ConfigurationEntry change = new ConfigurationEntry();
      change.setId(new LogId(entry.getId().getIndex(), entry.getId().getTerm()));
      change.setConf(new Configuration(entry.getPeers(), entry.getLearners()));
      if (entry.getOldPeers() != null) {
        change.setOldConf(new Configuration(entry.getOldPeers(), entry.getOldLearners()));
      }
      boolean unused = members.add(change);
    }
    return true;
  }

  private LogEntry decoded(byte[] bytes) {
    LogEntry entry = decoder.decode(bytes);
    if (entry == null) {
      throw new IllegalStateException("an entry of the log is damaged");
    }
    return entry;
  }

  @Override
  public void shutdown() {}

  @Override
  public long getFirstLogIndex() {
    return rows.first();
  }

  /** Returns the greatest index; 0 if there is no entry, as the engine wants it. */
  @Override
  public long getLastLogIndex() {
    long last = rows.last();
    return last < rows.first() ? 0 : last;
  }

  @Override
  public @Nullable LogEntry getEntry(long index) {
    byte[] bytes = rows.get(index);
    return bytes == null ? null : decoded(bytes);
  }

  @Override
  @Deprecated
  public long getTerm(long index) {
    LogEntry entry = getEntry(index);
    return entry == null ? 0 : entry.getId().getTerm();
  }

  @Override
  public boolean appendEntry(LogEntry entry) {
    rows.append(List.of(row(entry)));
    return true;
  }

  @Override
  public int appendEntries(List<LogEntry> entries) {
    rows.append(entries.stream().map(this::row).toList());
    return entries.size();
  }

  private EntryLog.Row row(LogEntry entry) {
    return new EntryLog.Row(
        entry.getId().getIndex(),
        encoder.encode(entry),
        entry.getType() == EntryType.ENTRY_TYPE_CONFIGURATION);
  }

  @Override
  public boolean truncatePrefix(long firstIndexKept) {
    rows.removeBefore(firstIndexKept);
    return true;
  }

  @Override
  public boolean truncateSuffix(long lastIndexKept) {
    rows.removeAfter(lastIndexKept);
    return true;
  }

  @Override
  public boolean reset(long nextLogIndex) {
    LogEntry entry = getEntry(nextLogIndex);
    if (entry == null) {
      entry = new LogEntry();
      entry.setType(EntryType.ENTRY_TYPE_NO_OP);
      entry.setId(new LogId(nextLogIndex, 0));
    }
    rows.reset(row(entry));
    return true;
  }
}
