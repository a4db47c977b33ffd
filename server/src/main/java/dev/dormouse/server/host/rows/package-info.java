/**
 * What the store holds of an actor, as the host reads it: rows and their keys, and the quarantine
 * of actors whose rows cannot be read. Begin with {@code ActorRows}.
 *
 * <p>Threads: any, unless a class says otherwise.
 */
@NullMarked
package dev.dormouse.server.host.rows;

import org.jspecify.annotations.NullMarked;
