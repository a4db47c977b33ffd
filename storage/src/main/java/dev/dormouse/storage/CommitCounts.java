package dev.dormouse.storage;

/**
 * How well commits were gathered, since the store was opened.
 *
 * @param commits those that are done
 * @param writes in how many writes of the engine they were kept
 */
public record CommitCounts(long commits, long writes) {}
