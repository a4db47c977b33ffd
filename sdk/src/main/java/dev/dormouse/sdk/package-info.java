/**
 * The interface that applications program against: actors that own WebSockets and sleep.
 *
 * <p>Start at {@link dev.dormouse.sdk.WebSocketActor}: subclass it, override the handlers you need,
 * register it with the server. Nothing in this package knows a server, a socket or a disk.
 *
 * <table>
 *   <caption>The map</caption>
 *   <tr><td>{@link dev.dormouse.sdk.WebSocketActor}</td><td>the handlers: one event at a time</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.Upgrade}</td><td>a client asks to connect: accept or reject</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.Access}, {@link dev.dormouse.sdk.User}</td>
 *       <td>the decision whether a client may reach an actor, and the identity of a client</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.Connection}, {@link dev.dormouse.sdk.Connections}</td>
 *       <td>one client, or many: attachment, tags, send, broadcast, close</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.Delivery}, {@link dev.dormouse.sdk.OutboundPolicy}</td>
 *       <td>the outcome of a message, and the treatment of a client that reads too slowly</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.Storage}, {@link dev.dormouse.sdk.KeyRange}</td>
 *       <td>the actor's durable, typed key-value view</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.Alarms}, {@link dev.dormouse.sdk.Alarm}</td>
 *       <td>events at a later time, which are durable and wake the actor</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.HttpRequest}, {@link dev.dormouse.sdk.HttpResponse}</td>
 *       <td>plain HTTP to an actor; a {@link dev.dormouse.sdk.ResponseException} is an answer that
 *       is thrown</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.Call}, {@link dev.dormouse.sdk.ActorRef}, {@link
 *       dev.dormouse.sdk.OutsideRef}</td>
 *       <td>calls to an actor, from another actor or from plain Java</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.ActorOptions}</td><td>the options of an actor type</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.StoredFields}</td>
 *       <td>an object of an earlier version of the application, to be migrated</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.spi}</td>
 *       <td>the seam for programs that run actors: the server, a test kit</td></tr>
 * </table>
 *
 * <p><b>A turn.</b> A turn is the handling of one event. Everything that a turn did (storage,
 * attachments, tags, alarms, messages) is committed together, and leaves the server only then. If
 * the handler throws, nothing of the turn is kept or sent.
 *
 * <p><b>Threads.</b> The handlers of an actor run one at a time. Everything that belongs to an
 * actor is used on the thread of its turn only; records and options are immutable and may be
 * shared.
 *
 * <p><b>Sleep.</b> An idle actor leaves memory while its connections stay open: it is
 * <i>hibernated</i>. The next event makes a new object of it, with every connection, tag,
 * attachment and stored value as they were. Only the fields of the object are gone.
 */
@NullMarked
package dev.dormouse.sdk;

import org.jspecify.annotations.NullMarked;
