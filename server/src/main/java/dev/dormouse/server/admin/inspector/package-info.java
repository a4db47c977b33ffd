/**
 * The Chrome DevTools Protocol on the admin port, for the sockets that this server holds: {@link
 * dev.dormouse.server.admin.inspector.InspectorPage} is where DevTools, or any client of that
 * protocol, attaches.
 *
 * <pre>
 *   gateway, host ──► Observers ──► NetworkWatch, ActorWatch ──► Outbox ──► inspector's WebSocket
 *                                        │                          ▲
 *                          NetworkEvents, DormouseEvents       Inspector ◄── Rpc
 * </pre>
 *
 * <table>
 *   <caption>The parts</caption>
 *   <tr><td>{@code InspectorPage}</td><td>{@code /json/…} and {@code /devtools/node}</td></tr>
 *   <tr><td>{@code Targets}</td><td>what can be inspected: pure functions</td></tr>
 *   <tr><td>{@code Inspector}</td><td>one that is attached: what it asks, what it has
 *       enabled</td></tr>
 *   <tr><td>{@code Rpc}, {@code EmptyAnswers}</td><td>what an inspector says, and what there is to
 *       answer about matters of browsers</td></tr>
 *   <tr><td>{@code NetworkWatch}</td><td>the domain {@code Network}: the life of each
 *       connection</td></tr>
 *   <tr><td>{@code ActorWatch}</td><td>the domain {@code Dormouse}: actors, turns, limits</td></tr>
 *   <tr><td>{@code NetworkEvents}, {@code DormouseEvents}, {@code PayloadExcerpt}, {@code
 *       Redaction}</td><td>events as JSON: pure functions</td></tr>
 *   <tr><td>{@code Outbox}</td><td>what an inspector has not read yet, bounded</td></tr>
 * </table>
 *
 * <p><b>The domains.</b> {@code Network} is the events of WebSockets as the protocol has them. What
 * it has no field for is in the domain {@code Dormouse}; {@code GET /json/protocol} describes both.
 *
 * <p><b>Cost.</b> Nobody is told of anything while no inspector has enabled a domain, and of no
 * frame while none has enabled {@code Network}. Nothing is kept for a socket that is not watched.
 *
 * <p><b>Threads.</b> Events are encoded on the thread that tells of them, and written by the
 * inspector's event loop.
 */
@NullMarked
package dev.dormouse.server.admin.inspector;

import org.jspecify.annotations.NullMarked;
