/**
 * The admin port: health checks, and a look at actors from outside. {@code AdminAccess} is its
 * door, which every request passes; {@code AdminServer} and each {@code AdminPage} behind it
 * answer.
 */
@NullMarked
package dev.dormouse.server.admin;

import org.jspecify.annotations.NullMarked;
