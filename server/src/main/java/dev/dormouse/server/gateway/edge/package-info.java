/**
 * What stands before the gateway: TLS, and the proxies that a client may come through. It settles
 * who sent a request, by which scheme, and to which host, before anything else looks at it.
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
 *   <tr><td>{@code Edge}</td><td>puts the handlers before a connection's, and the view before a
 *       request</td></tr>
 *   <tr><td>{@code TrustedProxies}, {@code AddressRange}, {@code Addresses}</td><td>whose word
 *       counts: pure functions</td></tr>
 *   <tr><td>{@code ForwardedHeader}, {@code Forwarding}</td><td>what the headers say: pure
 *       functions</td></tr>
 *   <tr><td>{@code ProxyHeader}</td><td>the PROXY protocol; decoded by Netty</td></tr>
 *   <tr><td>{@code Peer}</td><td>who is at the other end of a connection</td></tr>
 *   <tr><td>{@code ServerTls}</td><td>the certificate in use, which may be replaced while sockets are
 *       open</td></tr>
 * </table>
 *
 * <p><b>Promise.</b> Nothing that a client wrote about itself is believed: an address, a scheme or
 * a host that is not the connection's own was said by a listed proxy.
 *
 * <p><b>Threads.</b> Handlers are on their connection's event loop; the rest holds no state but
 * counters and the certificate in use, and is for any thread.
 */
@NullMarked
package dev.dormouse.server.gateway.edge;

import org.jspecify.annotations.NullMarked;
