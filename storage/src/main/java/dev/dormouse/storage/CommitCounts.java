package dev.dormouse.storage;

/**
 * The numbers of commits since the store was opened.
 *
 * @param commits the number of commits that are done
 * @param writes the number of the engine's writes that kept them
 * @param rounds the number of rounds of commits that were reported, with any outcome; the store is
 *     stuck while commits wait and this number does not grow
 * @param isWaiting whether commits wait or are being written
 */
public record CommitCounts(long commits, long writes, long rounds, boolean isWaiting) {}
