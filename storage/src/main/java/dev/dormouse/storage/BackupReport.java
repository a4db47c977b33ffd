package dev.dormouse.storage;

import java.nio.file.Path;

/**
 * The result of taking or restoring a backup.
 *
 * @param folder the folder that was written
 * @param files the number of files
 * @param bytes the size of all files together
 * @param linkedBytes the part of {@code bytes} that is shared with the data folder by hard links,
 *     and takes no room of its own until the data folder drops it
 */
public record BackupReport(Path folder, long files, long bytes, long linkedBytes) {}
