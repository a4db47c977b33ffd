/**
 * Where state is kept: {@link dev.dormouse.storage.ActorStore}, its engines, and the codecs of what
 * is stored.
 *
 * <p>Start at {@link dev.dormouse.storage.Stores} and {@link dev.dormouse.storage.Codecs}, which
 * make all there is.
 *
 * <p>The store knows rows of bytes that belong to actors, and commits the writes of one turn
 * together; of turns, connections and handlers it knows nothing. RocksDB and Kryo stay inside this
 * package. {@link dev.dormouse.storage.ConnectionRow} and {@link dev.dormouse.storage.ActorRow} say
 * what is in the rows that are not the user's own. Stored bytes are forever: golden-byte tests hold
 * them, and of classes that were renamed or changed, what {@link dev.dormouse.sdk.ActorOptions} says
 * of them.
 *
 * <p>{@link dev.dormouse.storage.Backups} copies data folders, and {@link
 * dev.dormouse.storage.StoredFolder} looks into one, or into a backup, without a store.
 */
@NullMarked
package dev.dormouse.storage;

import org.jspecify.annotations.NullMarked;
