/**
 * The options of a server ({@link dev.dormouse.server.options.ServerOptions}), and what the process
 * gives it: file handles, and the exit code and line with which it ends.
 */
@NullMarked
package dev.dormouse.server.options;

import org.jspecify.annotations.NullMarked;
