package dev.dormouse.storage;

import java.nio.file.Path;

/**
 * What was copied.
 *
 * @param folder where it is now
 * @param files how many files
 * @param bytes their sizes together
 * @param linkedBytes how much of that is shared with the data folder, as hard links: it takes no
 *     room of its own until the data folder lets go of it
 */
public record BackupReport(Path folder, long files, long bytes, long linkedBytes) {}
