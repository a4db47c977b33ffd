/**
 * Reads an actor's rows: {@code ActorRows} overlays the store with writes that are not committed
 * yet, {@code RowKey} names a row, and {@code Quarantine} notes what cannot be read. Begin with
 * {@code ActorRows}.
 *
 * <p><b>Threads.</b> {@code ActorRows} belongs to the thread that runs the cell; {@code Quarantine}
 * may be used by any thread.
 */
@NullMarked
package dev.dormouse.server.host.rows;

import org.jspecify.annotations.NullMarked;
