/**
 * The server: {@link dev.dormouse.server.Dormouse} describes one, {@link
 * dev.dormouse.server.DormouseServer} is one that runs.
 *
 * <p>The path of a message is five rooms: {@code gateway.WebSocketGateway} takes it off the socket,
 * {@code protocol.Transport} carries it, {@code host.ActorHost} finds the actor's cell, {@code
 * host.ActorCell} runs the handler in a turn, {@code storage.ActorStore} keeps what it did; then
 * the answer goes the same way back. In this package {@code Node} wires them, behind {@code
 * DormouseServer}; the command line is here too.
 *
 * <table>
 *   <caption>The packages</caption>
 *   <tr><td>{@code protocol}</td><td>what gateway and host say to each other</td></tr>
 *   <tr><td>{@code gateway}</td><td>sockets and frames; knows Vert.x and Netty, not the host</td></tr>
 *   <tr><td>{@code host}</td><td>actors and turns; knows no socket and no thread</td></tr>
 *   <tr><td>{@code tls}</td><td>the files of the certificate</td></tr>
 *   <tr><td>{@code observe}</td><td>who wants to hear of what happens</td></tr>
 *   <tr><td>{@code metrics}, {@code tracing}, {@code accesslog}</td><td>subscribers of that</td></tr>
 *   <tr><td>{@code inspector}</td><td>the DevTools protocol, on the admin port</td></tr>
 *   <tr><td>{@code dashboard}</td><td>a look at the node and its actors, on the admin port</td></tr>
 *   <tr><td>{@code admin}</td><td>the admin port: who is let in, health checks, backups</td></tr>
 * </table>
 */
@NullMarked
package dev.dormouse.server;

import org.jspecify.annotations.NullMarked;
