/**
 * Calls to actors: which actor types there are to call, the calls whose answers are awaited, and
 * the delivery of calls that were told. Nothing here knows a turn or a cell.
 */
@NullMarked
package dev.dormouse.server.host.call;

import org.jspecify.annotations.NullMarked;
