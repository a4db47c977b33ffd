/**
 * Holds the clients' sockets: {@link dev.dormouse.server.gateway.WebSocketGateway} turns upgrades
 * into sockets, what clients send into {@link dev.dormouse.server.protocol.ToHost} records, and a
 * host's releases into frames. It knows no actor; one that sleeps costs it nothing but its sockets.
 *
 * <pre>
 *   HttpGuard ──► HttpFront ──► Handshake ──► PendingUpgrades ──► ToHost.Open
 *                                                       │ Accepted
 *                                                ProtocolSwitch    (101)
 *                                                       ▼
 *   network ──► frame decoder ──► ClientSocket ─► InboundMessages ─► ToHost.Message
 *               (Netty)             ▲  SocketState, Closing          ToHost.Closed
 *                                   │
 *   Release ──► Releases ──► LoopQueues ──► SocketWriter ──► OutboundFrames ──► network
 *                 └ ConnectionGroups           └ WaitingMessages
 * </pre>
 *
 * <table>
 *   <caption>The parts</caption>
 *   <tr><td>{@code edge}</td><td>a package of its own: TLS, and proxies before the server</td></tr>
 *   <tr><td>{@code HttpFront}</td><td>decides what becomes of each HTTP request</td></tr>
 *   <tr><td>{@code IncomingRequest}, {@code ActorRequest}</td><td>a request, read once before the
 *       router and once at its route</td></tr>
 *   <tr><td>{@code Handshake}, {@code OriginPolicy}, {@code WebOrigin}</td><td>who may upgrade: pure
 *       functions</td></tr>
 *   <tr><td>{@code AccessCheck}, {@code Users}</td><td>what the application says of who may come,
 *       and who a client is</td></tr>
 *   <tr><td>{@code WebSocketUpgrades}</td><td>for handlers before the actors' routes</td></tr>
 *   <tr><td>{@code PendingUpgrades}</td><td>upgrades that wait for an access rule, or their
 *       actor</td></tr>
 *   <tr><td>{@code AwaitedAnswers}</td><td>requests and upgrades by number, until the host answers,
 *       or the deadline passes</td></tr>
 *   <tr><td>{@code ProtocolSwitch}</td><td>writes the 101 and makes the connection a
 *       socket's</td></tr>
 *   <tr><td>{@code HttpAnswers}</td><td>all answers of the gateway's own, and how answers are
 *       sent</td></tr>
 *   <tr><td>{@code PlainRequests}</td><td>HTTP to actors that answer it</td></tr>
 *   <tr><td>{@code ClientSocket}</td><td>a socket; the one place where its life
 *       ({@code SocketState}) changes</td></tr>
 *   <tr><td>{@code MessageAssembler}</td><td>fragments become a message</td></tr>
 *   <tr><td>{@code DeflateTerms}</td><td>compression: what is agreed to</td></tr>
 *   <tr><td>{@code Deflation}, {@code SocketDeflate}</td><td>the work, with one set of buffers for
 *       an event loop; contexts of a socket's own, if that was agreed</td></tr>
 *   <tr><td>{@code HalfInput}, {@code HttpTimers}</td><td>how long a client may take over what it
 *       began, and pause between requests</td></tr>
 *   <tr><td>{@code InboundMessages}</td><td>what a client says, as numbered messages; those that
 *       are not handled yet, and credit</td></tr>
 *   <tr><td>{@code ClientMemory}</td><td>what clients make the process hold, and who may hold
 *       more</td></tr>
 *   <tr><td>{@code ConnectionGroups}</td><td>the sockets of an actor</td></tr>
 *   <tr><td>{@code Admission}</td><td>how many may connect; {@code AddressRates}, {@code
 *       TokenBucket}: how often</td></tr>
 *   <tr><td>{@code LivenessWheel}, {@code Heartbeats}</td><td>who is pinged, and given up</td></tr>
 *   <tr><td>{@code SocketWriter}, {@code WaitingMessages}</td><td>what goes to a socket, and what
 *       waits, or is left out, while a client does not read</td></tr>
 *   <tr><td>{@code Progress}</td><td>tells slow clients from dead ones: a pure value</td></tr>
 *   <tr><td>{@code SocketVisits}</td><td>a look at sockets from outside</td></tr>
 *   <tr><td>{@code HttpWatch}, {@code SocketWatch}</td><td>what observers are told of requests,
 *       upgrades and sockets</td></tr>
 *   <tr><td>{@code LoopQueues}</td><td>one task for an event loop, one flush for a
 *       socket</td></tr>
 *   <tr><td>{@code HttpGuard}</td><td>guards a connection while it is HTTP's, and keeps what a client
 *       sends before it has read the 101</td></tr>
 * </table>
 *
 * <p><b>Promises.</b> The 101 leaves before the first frame. What a host releases for an actor, one
 * after the other, leaves each socket in that order. Every connection that was accepted is told
 * closed, once, after all its messages. Whatever a client does, the memory it takes is bounded;
 * nothing is dropped that {@link dev.dormouse.server.gateway.GatewayCounts} does not count. Who
 * asks what became of a message is told, once.
 *
 * <p><b>Threads.</b> A socket belongs to the event loop that accepted it. Releases may come from
 * any thread; they find their recipients there and leave the rest to the loops.
 */
@NullMarked
package dev.dormouse.server.gateway;

import org.jspecify.annotations.NullMarked;
