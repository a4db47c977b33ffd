/**
 * The replicated log, built on SOFAJRaft, whose types never leave this package. SOFAJRaft elects
 * the owner of each group, copies its entries and keeps them in order. Ours are the network below
 * it, which is a {@link dev.dormouse.server.cluster.link.NodeLinks}, the disk below it, which is an
 * {@link dev.dormouse.storage.entrylog.EntryLog}, and the ownerships above it. Begin with {@link
 * dev.dormouse.server.cluster.raft.RaftLog}.
 */
@NullMarked
package dev.dormouse.server.cluster.raft;

import org.jspecify.annotations.NullMarked;
