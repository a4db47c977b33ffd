/**
 * The store of actors' rows: it keeps the writes of each turn together, on disk or in memory. It
 * knows rows of bytes that belong to actors, and nothing of turns, connections or handlers.
 *
 * <p>Start at {@link dev.dormouse.storage.ActorStore}, the rows, and {@link
 * dev.dormouse.storage.StoreFolder}, the folder that they lie in; a {@link
 * dev.dormouse.storage.NodeStore} is both. {@link dev.dormouse.storage.Stores} opens one. The
 * comment at the head of {@code RocksActorStore} explains how the store on disk works.
 *
 * <p>Actors are divided into shards, and shards into groups. A node <em>owns</em> a group in an
 * epoch, and only its commits of that epoch are kept. The stores of this package own all groups
 * from their opening on, in one epoch that is greater than all before it. An {@link
 * dev.dormouse.storage.OwnershipListener} hears what a node owns.
 *
 * <p>The parts, from the top down:
 *
 * <ul>
 *   <li>The folder commands: {@link dev.dormouse.storage.StoredFolder} checks a folder and shows
 *       its rows, {@link dev.dormouse.storage.Backups} takes and restores backups, and {@link
 *       dev.dormouse.storage.Stores#salvage} cuts a damaged log.
 *   <li>The stores: {@code RocksActorStore} and {@code MemoryActorStore}, which pass the same
 *       tests.
 *   <li>The commits: {@link dev.dormouse.storage.GroupCommit} gathers them into rounds for a sink.
 *       {@code EngineWriter} is the sink that writes to the disk while there is room. A sink of
 *       another package may answer later.
 *   <li>The engine: {@code RocksTables} is RocksDB opened for writing and {@code ReadTables} for
 *       reading; {@code FolderMeta} keeps the facts about a folder; {@code EngineLogs} and {@code
 *       SyncedMark} find damage that RocksDB would not notice.
 *   <li>The files: {@code DataFolder} is the locked folder, and {@link
 *       dev.dormouse.storage.Scratch} a temporary one.
 * </ul>
 *
 * <p>Two packages lie below: {@code rows} has the rows and their keys, and {@code codec} the stored
 * form of users' values. RocksDB's types never leave this package. Stored bytes never change:
 * golden-byte tests hold them.
 *
 * <p>Threads: any thread may use a store. Reads run on the caller's thread, commits on one writer
 * at a time, which is a caller or the thread {@code dormouse-commit}.
 */
@NullMarked
package dev.dormouse.storage;

import org.jspecify.annotations.NullMarked;
