/**
 * What users write against: actors that own WebSockets and sleep.
 *
 * <p>Start at {@link dev.dormouse.sdk.WebSocketActor}: subclass it, override the handlers you need,
 * register it with the server. Nothing in this package knows a server, a socket or a disk.
 *
 * <table>
 *   <caption>The map</caption>
 *   <tr><td>{@link dev.dormouse.sdk.WebSocketActor}</td><td>the handlers: one event at a time</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.Upgrade}</td><td>a client asks to connect: accept or reject</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.Access}, {@link dev.dormouse.sdk.User}</td>
 *       <td>who may come to an actor at all; who a client is</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.Connection}, {@link dev.dormouse.sdk.Connections}</td>
 *       <td>one client, or many: attachment, tags, send, broadcast, close</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.Delivery}, {@link dev.dormouse.sdk.OutboundPolicy}</td>
 *       <td>what became of a message; what becomes of those that a client is too slow for</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.Storage}, {@link dev.dormouse.sdk.KeyRange}</td>
 *       <td>the actor's durable, typed key-value view</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.Alarms}, {@link dev.dormouse.sdk.Alarm}</td>
 *       <td>what is to happen later: durable, wakes the actor</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.HttpRequest}, {@link dev.dormouse.sdk.HttpResponse}</td>
 *       <td>plain HTTP to an actor; {@link dev.dormouse.sdk.ResponseException}: an answer that is
 *       thrown</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.ActorOptions}</td><td>what an actor type may choose</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.StoredFields}</td>
 *       <td>what an earlier version of the application stored, to be migrated</td></tr>
 *   <tr><td>{@link dev.dormouse.sdk.ActorContext}, {@link dev.dormouse.sdk.ActorInvoker}</td>
 *       <td>for whoever runs actors: the server, a test kit</td></tr>
 * </table>
 *
 * <p><b>A turn.</b> One event handled is a turn. Everything a turn did (storage, attachments, tags,
 * alarms, what it sent) is committed together, and leaves the server only then. If the handler
 * throws, nothing of the turn is kept or sent.
 *
 * <p><b>Sleep.</b> An idle actor leaves memory while its connections stay open: it is
 * <i>hibernated</i>. The next event makes a new object of it, with every connection, tag,
 * attachment and stored value as they were. Only the fields of the object are gone.
 */
@NullMarked
package dev.dormouse.sdk;

import org.jspecify.annotations.NullMarked;
