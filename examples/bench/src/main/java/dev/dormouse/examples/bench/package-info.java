/**
 * Measures a Dormouse server against a stock Vert.x WebSocket server, on the user's own machine.
 * Start at {@link dev.dormouse.examples.bench.Benchmark}.
 *
 * <pre>
 *   Benchmark ──► Mode ──► ServerProcess (Dormouse, then the baseline, in turn)
 *       │            └───► ClientProcess ──► LoadClient ──► Load ──► Peer …
 *       ▼
 *    Figure ──► Report (JSON, Markdown, SVG)
 * </pre>
 *
 * <p>Three processes: the server under test, the server it is compared with, and a client that
 * drives one of them at a time, for a round each. What is quoted is the median of the rounds, how
 * far they are apart, and the ratio of the two servers within a round: on a shared machine the
 * speed of one round says little, and the ratio of two that lie together says more. The steadiest
 * figure is the server's own processor time for a message, which the client reads from {@code
 * /proc}.
 */
@NullMarked
package dev.dormouse.examples.bench;

import org.jspecify.annotations.NullMarked;
