/**
 * The command line of a server. It reads options from arguments, environment and a properties file.
 * Then it starts a node and prints the start screen, or runs one of the commands for a data folder.
 * Begin with {@code ServerCommand}; {@code FolderCommand} lists the commands {@code backup}, {@code
 * restore}, {@code verify}, {@code dump} and {@code salvage}.
 *
 * <p>Threads: all of this runs on the thread that called {@code main}, except the stop hook.
 */
@NullMarked
package dev.dormouse.server.cli;

import org.jspecify.annotations.NullMarked;
