/**
 * The disk of the replicated log: one RocksDB for the logs of all groups, apart from that of the
 * actors' rows. It knows nothing of what the entries mean. Begin with {@link
 * dev.dormouse.storage.entrylog.EntryLog}.
 */
@NullMarked
package dev.dormouse.storage.entrylog;

import org.jspecify.annotations.NullMarked;
