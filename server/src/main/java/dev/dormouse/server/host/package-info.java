/** Actors in memory and how they are run. */
@NullMarked
package dev.dormouse.server.host;

import org.jspecify.annotations.NullMarked;
