/**
 * The command line of a server. It reads options from arguments, environment and a properties file.
 * Then it starts a node and prints the start screen, or runs a command in place of a server. Begin
 * with {@code ServerCommand}; {@code JarCommand} lists the commands {@code backup}, {@code
 * restore}, {@code verify}, {@code dump} and {@code salvage} for a data folder, and {@code cluster
 * wait}.
 *
 * <p>Threads: all of this runs on the thread that called {@code main}, except the stop hook.
 */
@NullMarked
package dev.dormouse.server.cli;

import org.jspecify.annotations.NullMarked;
