/**
 * Runs actors: {@link dev.dormouse.server.host.ActorHost} takes events, each actor's {@code
 * ActorCell} handles them one at a time, and what a turn did goes to the store before it goes out.
 *
 * <pre>
 *   ToHost ──► ActorHost ──► ActorCell ──► Activation + Turn ──► ActorStore.commit
 *                            Mailbox       (the actor object)          │ done
 *   Release ◄── Transport ◄── OutputGate ◄────────────────────────────┘
 * </pre>
 *
 * <table>
 *   <caption>The parts</caption>
 *   <tr><td>{@code ActorCell}</td><td>an actor's shell in memory; the one place where its life
 *       ({@code CellState}) changes</td></tr>
 *   <tr><td>{@code Mailbox}</td><td>events that wait, bounded; the border between threads</td></tr>
 *   <tr><td>{@code Activation}</td><td>an actor object and what it knows; dropped as a whole when a
 *       turn fails</td></tr>
 *   <tr><td>{@code Turn}</td><td>one event's writes and outbox, and who may end it</td></tr>
 *   <tr><td>{@code ActorRows}</td><td>the store, overlaid with writes that are not committed
 *       yet</td></tr>
 *   <tr><td>{@code OutputGate}</td><td>holds what turns say until they are kept</td></tr>
 *   <tr><td>{@code TurnWatch}</td><td>what observers are told of turns</td></tr>
 *   <tr><td>{@code Questions}</td><td>what actors asked gateways: what became of a message, when a
 *       client was last heard of</td></tr>
 *   <tr><td>{@code Recovery}</td><td>what is tried again after a failure, and when ({@code
 *       RetryPolicy}, {@code Retry}: pure); {@code OwedCloses}: closes that are still to take
 *       effect</td></tr>
 *   <tr><td>{@code LostCloses}</td><td>closes that a full disk could not keep, to be tried
 *       again</td></tr>
 *   <tr><td>{@code Quarantine}</td><td>what cannot be read: logged once, counted, left as it
 *       is</td></tr>
 *   <tr><td>{@code HostRounds}</td><td>looks at the actors in memory, part by part</td></tr>
 *   <tr><td>{@code IdlePolicy}</td><td>who is to hibernate: a pure function</td></tr>
 *   <tr><td>{@code LeftoverCloses}</td><td>connections of earlier runs, which are closed</td></tr>
 *   <tr><td>{@code BackgroundWork}</td><td>what no turn waits for, but a stop does</td></tr>
 *   <tr><td>{@code FailureLog}</td><td>tells failures, at a bounded rate</td></tr>
 * </table>
 *
 * <p><b>Threads.</b> The package makes none: handlers run on the executor that came with the actor
 * type, releases on the store's. Time is handed in; {@link dev.dormouse.server.host.ActorHost#tick}
 * is called from outside.
 */
@NullMarked
package dev.dormouse.server.host;

import org.jspecify.annotations.NullMarked;
