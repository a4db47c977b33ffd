/**
 * Holds the options of a server ({@link dev.dormouse.server.options.ServerOptions}), the shares of
 * the process's file handles, and the exit code and last line of a process that cannot continue.
 */
@NullMarked
package dev.dormouse.server.options;

import org.jspecify.annotations.NullMarked;
