/** The server: its start, its parts and how they are put together. */
@NullMarked
package dev.dormouse.server;

import org.jspecify.annotations.NullMarked;
