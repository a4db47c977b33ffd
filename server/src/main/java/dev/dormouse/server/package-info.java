/**
 * The server: {@link dev.dormouse.server.Dormouse} describes one, {@link
 * dev.dormouse.server.DormouseServer} is a running one.
 *
 * <p>The path of a message is five rooms: {@code gateway.WebSocketGateway} takes it off the socket,
 * {@code protocol.Transport} carries it, {@code host.ActorHost} finds the actor's cell, {@code
 * host.ActorCell} runs the handler in a turn, {@code storage.ActorStore} keeps what it did; then
 * the answer goes the same way back. {@code node.Node} wires the rooms to each other.
 *
 * <p>This package holds what applications call. The packages below it hold the rest; each may use
 * those that stand below it in the table, and none that stands above it.
 *
 * <table>
 *   <caption>The packages</caption>
 *   <tr><td>{@code cli}</td><td>the command line and its commands for data folders</td></tr>
 *   <tr><td>{@code node}</td><td>one node: wiring, ports, threads, the watchdog</td></tr>
 *   <tr><td>{@code options}</td><td>the options of a server, file handles, exit codes</td></tr>
 *   <tr><td>{@code admin}</td><td>the admin port: access, health checks, backups; its pages are
 *   in {@code admin.dashboard}, {@code admin.inspector} (DevTools) and {@code admin.metrics}</td>
 *   </tr>
 *   <tr><td>{@code tls}</td><td>the files of the certificate</td></tr>
 *   <tr><td>{@code gateway}</td><td>sockets and frames; knows Vert.x and Netty, not the host</td></tr>
 *   <tr><td>{@code host}</td><td>actors and turns; knows no socket and no thread</td></tr>
 *   <tr><td>{@code observe}</td><td>observers of what happens; {@code observe.accesslog} and
 *   {@code observe.tracing} are two of them</td></tr>
 *   <tr><td>{@code protocol}</td><td>the records that gateway and host exchange</td></tr>
 * </table>
 */
@NullMarked
package dev.dormouse.server;

import org.jspecify.annotations.NullMarked;
