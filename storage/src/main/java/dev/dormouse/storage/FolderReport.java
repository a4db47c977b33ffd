package dev.dormouse.storage;

/**
 * What was found in a folder.
 *
 * @param files files of the engine
 * @param bytes their sizes together
 * @param actors actors that have been activated
 * @param connections their connections
 * @param values entries of their storage
 * @param alarms their alarms
 * @param faults how many faults were told; none if it is whole
 */
public record FolderReport(
    long files, long bytes, long actors, long connections, long values, long alarms, long faults) {}
