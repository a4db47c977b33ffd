/** The WebSocket protocol. */
@NullMarked
package dev.dormouse.server.protocol;

import org.jspecify.annotations.NullMarked;
