/**
 * The limits of clients and their use: the gateway's options, admission ({@code Admission}), the
 * account of memory ({@code ClientMemory}), and the counters. {@code Tally} holds all of them, and
 * is the one place that counts a limit that was hit and tells the observers. Begin with {@code
 * Tally} and {@code GatewayOptions}.
 *
 * <p>Threads: any thread may use each class, unless the class says otherwise.
 */
@NullMarked
package dev.dormouse.server.gateway.limits;

import org.jspecify.annotations.NullMarked;
