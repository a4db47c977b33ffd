package dev.dormouse.storage;

/**
 * What became of commits, since the store was opened.
 *
 * @param commits those that are done
 * @param writes in how many writes of the engine they were kept
 * @param rounds how many rounds of commits were reported, whatever became of them: while commits
 *     wait and this does not grow, the store does not move
 * @param isWaiting whether commits wait, or are being written
 */
public record CommitCounts(long commits, long writes, long rounds, boolean isWaiting) {}
