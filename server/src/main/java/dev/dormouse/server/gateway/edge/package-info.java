/**
 * The edge in front of the gateway: TLS, and proxies on a client's way. It determines who sent a
 * request, by which scheme and to which host, before any other code reads the request. Begin with
 * {@code Edge}.
 *
 * <pre>
 *   network ──► ProxyHeader ──► PlainOnTls ──► Netty's SslHandler ──► TlsFailures ──► HTTP
 *               (PROXY v1, v2)  (400)          (from ServerTls)
 *
 *   request ──► PublicRequest ──► the router
 *                 └ Forwarding (Forwarded, X-Forwarded-*), if the Peer is in TrustedProxies
 * </pre>
 *
 * <table>
 *   <caption>The parts</caption>
 *   <tr><td>{@code Edge}</td><td>adds the handlers to a connection, and returns the view of a
 *       request</td></tr>
 *   <tr><td>{@code TrustedProxies}, {@code AddressRange}, {@code Addresses}</td><td>the
 *       listed proxies, which are believed: pure functions</td></tr>
 *   <tr><td>{@code ForwardedHeader}, {@code Forwarding}</td><td>the forwarding headers: pure
 *       functions</td></tr>
 *   <tr><td>{@code ProxyHeader}</td><td>the PROXY protocol; decoded by Netty</td></tr>
 *   <tr><td>{@code Peer}</td><td>the other end of a connection</td></tr>
 *   <tr><td>{@code ServerTls}</td><td>the certificate in use, which may be replaced while sockets
 *       are open</td></tr>
 *   <tr><td>{@code OriginPolicy}, {@code WebOrigin}, {@code OwnHosts}</td><td>the web pages that
 *       may connect, and the names that are the server's own: pure functions</td></tr>
 * </table>
 *
 * <p><b>Promise.</b> A client is not believed about itself. An address, a scheme or a host that is
 * not the connection's own was told by a listed proxy.
 *
 * <p><b>Threads.</b> Handlers run on their connection's event loop. Any thread may use the other
 * classes, whose only state is counters and the certificate in use.
 */
@NullMarked
package dev.dormouse.server.gateway.edge;

import org.jspecify.annotations.NullMarked;
