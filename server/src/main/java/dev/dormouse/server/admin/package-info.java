/** The admin port: health checks, and a look at actors from outside. On loopback only. */
@NullMarked
package dev.dormouse.server.admin;

import org.jspecify.annotations.NullMarked;
