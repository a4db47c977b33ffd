/** HTTP routes and the sockets of clients. */
@NullMarked
package dev.dormouse.server.gateway;

import org.jspecify.annotations.NullMarked;
