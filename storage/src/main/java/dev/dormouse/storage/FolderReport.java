package dev.dormouse.storage;

/**
 * The result of checking a folder.
 *
 * @param files the number of the engine's files
 * @param bytes the size of all these files together
 * @param actors the number of actors that have been activated
 * @param connections the number of the actors' connections
 * @param values the number of entries in the actors' storage
 * @param alarms the number of the actors' alarms
 * @param faults the number of faults that were reported; 0 if the folder is whole
 */
public record FolderReport(
    long files, long bytes, long actors, long connections, long values, long alarms, long faults) {}
