/**
 * The gateway, which holds the clients' sockets. {@link
 * dev.dormouse.server.gateway.WebSocketGateway} turns upgrades into sockets, messages of clients
 * into {@link dev.dormouse.server.protocol.ToHost} records, and releases of hosts into frames. The
 * gateway knows no actors; a sleeping actor costs the gateway only its sockets. Begin with {@code
 * WebSocketGateway}, then {@code ClientSocket}.
 *
 * <pre>
 *   HttpGuard ──► HttpFront ──► Handshake ──► PendingUpgrades ──► ToHost.Open
 *                                                       │ Accepted
 *                                                ProtocolSwitch    (101)
 *                                                       ▼
 *   network ──► frame decoder ──► ClientSocket ─► InboundMessages ─► ToHost.Message
 *               (Netty)             ▲  SocketState, Closing          ToHost.Closed
 *                                   │
 *   OwnerLinks: every record to and from hosts passes here
 *
 *   Release ──► Releases ──► LoopQueues ──► SocketWriter ──► OutboundFrames ──► network
 *                 └ ConnectionGroups           └ WaitingMessages
 * </pre>
 *
 * <table>
 *   <caption>The parts</caption>
 *   <tr><td>{@code edge}</td><td>the package of TLS, of proxies before the server, and of the web
 *       pages that may connect</td></tr>
 *   <tr><td>{@code limits}</td><td>the package of options, admission, the account of memory, and
 *       counters</td></tr>
 *   <tr><td>{@code http}</td><td>the package of HTTP connections and plain requests</td></tr>
 *   <tr><td>{@code upgrade}</td><td>the package of upgrades, from the request to the 101</td></tr>
 *   <tr><td>{@code wire}</td><td>the package of frames and compression</td></tr>
 *   <tr><td>{@code socket}</td><td>the package of open sockets</td></tr>
 *   <tr><td>{@code owner}</td><td>the package of the links to the hosts that own the
 *       actors</td></tr>
 *   <tr><td>{@code HttpFront}</td><td>routes or refuses each HTTP request</td></tr>
 *   <tr><td>{@code IncomingRequest}, {@code ActorRequest}</td><td>a request, read once before the
 *       router and once at its route</td></tr>
 *   <tr><td>{@code Handshake}, {@code OriginPolicy}, {@code WebOrigin}</td><td>decide which
 *       requests may upgrade: pure functions</td></tr>
 *   <tr><td>{@code AccessCheck}, {@code Users}</td><td>the application's access rules and
 *       authenticated users</td></tr>
 *   <tr><td>{@code WebSocketUpgrades}</td><td>recognizes upgrades, for handlers before the
 *       actors' routes</td></tr>
 *   <tr><td>{@code PendingUpgrades}</td><td>upgrades that wait for an access rule or for
 *       their actor</td></tr>
 *   <tr><td>{@code AwaitedAnswers}</td><td>requests and upgrades until the host has answered or
 *       the deadline has passed</td></tr>
 *   <tr><td>{@code ProtocolSwitch}</td><td>writes the 101 and hands the connection to a
 *       socket</td></tr>
 *   <tr><td>{@code HttpAnswers}</td><td>creates the gateway's own answers, and sends all
 *       answers</td></tr>
 *   <tr><td>{@code PlainRequests}</td><td>passes plain requests to actors that answer
 *       HTTP</td></tr>
 *   <tr><td>{@code ClientSocket}</td><td>one client's socket; only this class changes its
 *       {@code SocketState}</td></tr>
 *   <tr><td>{@code MessageAssembler}</td><td>joins the fragments of a message</td></tr>
 *   <tr><td>{@code DeflateTerms}</td><td>the negotiated terms of compression</td></tr>
 *   <tr><td>{@code Deflation}, {@code SocketDeflate}</td><td>compress and inflate, with one set of
 *       buffers for an event loop, or with a socket's own contexts if that was negotiated</td></tr>
 *   <tr><td>{@code HalfInput}, {@code HttpTimers}</td><td>bound how long a client may take to
 *       finish its input, and pause between requests</td></tr>
 *   <tr><td>{@code InboundMessages}</td><td>the numbered messages of a client, those that are not
 *       handled yet, and their credit</td></tr>
 *   <tr><td>{@code ClientMemory}</td><td>accounts for memory that is held for clients, and
 *       decides which client may hold more</td></tr>
 *   <tr><td>{@code ConnectionGroups}</td><td>the sockets of an actor</td></tr>
 *   <tr><td>{@code Admission}</td><td>limits how many clients may connect; {@code
 *       AddressRates} and {@code TokenBucket} limit how often</td></tr>
 *   <tr><td>{@code LivenessWheel}, {@code Heartbeats}</td><td>ping silent clients, and give
 *       them up</td></tr>
 *   <tr><td>{@code SocketWriter}, {@code WaitingMessages}</td><td>write to a socket; keep or drop
 *       messages while a client does not read</td></tr>
 *   <tr><td>{@code Progress}</td><td>tells slow clients from dead ones: a pure value</td></tr>
 *   <tr><td>{@code SocketVisits}</td><td>reports on many sockets, or closes all of
 *       them</td></tr>
 *   <tr><td>{@code HttpWatch}, {@code SocketWatch}</td><td>tell observers of requests, upgrades
 *       and sockets</td></tr>
 *   <tr><td>{@code LoopQueues}</td><td>brings work to event loops: one task for a loop, one
 *       flush for a socket</td></tr>
 *   <tr><td>{@code HttpGuard}</td><td>guards a connection while it carries HTTP, and keeps
 *       bytes that a client sends before it has read the 101</td></tr>
 * </table>
 *
 * <p><b>Promises.</b> The 101 leaves before the first frame. Each socket sends an actor's messages
 * in the order in which the host has released them. The host is told of the end of every accepted
 * connection once, after all messages of the connection. The memory that a client takes is bounded.
 * Every dropped message is counted in {@link dev.dormouse.server.gateway.limits.GatewayCounts}. An
 * actor that asks for the outcome of a message is told the outcome once.
 *
 * <p><b>When hosts come and go.</b> Whatever a host has not answered is kept where it arose, and is
 * sent again to the next owner of the actor: messages by their socket, in order; a close by {@code
 * UnansweredCloses}; upgrades, under another connection id, by {@code PendingUpgrades}; requests by
 * {@code PlainRequests}. {@code OwnerLinks} announces the sockets first. Where gateway and host are
 * one process, none of this is kept.
 *
 * <p><b>Threads.</b> A socket belongs to the event loop that accepted it. A release may come on any
 * thread, which determines the recipients; their event loops do the rest.
 */
@NullMarked
package dev.dormouse.server.gateway;

import org.jspecify.annotations.NullMarked;
