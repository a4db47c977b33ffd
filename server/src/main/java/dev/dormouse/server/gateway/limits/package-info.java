/**
 * How much clients may do, and what they did: the gateway's options, admission, the account of
 * memory, and the counters. {@code Tally} is the one place where a limit that was hit is counted,
 * logged and told to observers.
 *
 * <p>Threads: everything here may be used by any thread, unless a class says otherwise.
 */
@NullMarked
package dev.dormouse.server.gateway.limits;

import org.jspecify.annotations.NullMarked;
