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
 *   <tr><td>{@code Targets}</td><td>the list of inspectable targets: pure functions</td></tr>
 *   <tr><td>{@code Inspector}</td><td>one attached inspector: its requests, and the domains that it
 *       enabled</td></tr>
 *   <tr><td>{@code Rpc}, {@code EmptyAnswers}</td><td>the messages of inspectors, and the
 *       answers to questions about browsers</td></tr>
 *   <tr><td>{@code NetworkWatch}</td><td>the domain {@code Network}: the life of each
 *       connection</td></tr>
 *   <tr><td>{@code ActorWatch}</td><td>the domain {@code Dormouse}: actors, turns, limits</td></tr>
 *   <tr><td>{@code NetworkEvents}, {@code DormouseEvents}, {@code PayloadExcerpt}, {@code
 *       Redaction}</td><td>events as JSON: pure functions</td></tr>
 *   <tr><td>{@code Outbox}</td><td>the messages that an inspector has not read yet</td></tr>
 * </table>
 *
 * <p><b>The domains.</b> {@code Network} has the events of WebSockets as the protocol defines them.
 * Data without a field there is in the domain {@code Dormouse}; {@code GET /json/protocol}
 * describes both.
 *
 * <p><b>Cost.</b> No event is made while no inspector has enabled a domain, and none for a frame
 * while no inspector has enabled {@code Network}. A socket that is not watched needs no memory
 * here.
 *
 * <p><b>Threads.</b> Events are encoded on the thread that reports them, and written by the
 * inspector's event loop.
 */
@NullMarked
package dev.dormouse.server.admin.inspector;

import org.jspecify.annotations.NullMarked;
