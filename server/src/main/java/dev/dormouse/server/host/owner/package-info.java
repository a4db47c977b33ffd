/**
 * The groups of shards that a host owns: {@code Ownerships} is the door through which every record
 * of a gateway enters, and {@code Ownership} decides for one group what may enter and what may
 * leave. Begin with {@code Ownerships}.
 *
 * <p><b>Threads.</b> The package makes none. Any thread may use an object, unless a method says
 * otherwise.
 */
@NullMarked
package dev.dormouse.server.host.owner;

import org.jspecify.annotations.NullMarked;
