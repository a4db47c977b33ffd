/**
 * Runs actors: takes events from gateways, handles the events of each actor one at a time, and
 * commits what a turn wrote before any client hears of it. Begin with the comment at the head of
 * {@code ActorCell}; {@link dev.dormouse.server.host.ActorHost} is the entrance.
 *
 * <pre>
 *   ToHost ──► ActorHost ──► ActorCell ──► Activation + Turn ──► CommitPipeline ──► ActorStore
 *                            Mailbox       (the actor object)                           │ done
 *   Release ◄── Transport ◄── OutputGate ◄─────────────────────────────────────────────┘
 * </pre>
 *
 * <p>In a cluster, {@code Ownerships} is the door in front of {@code ActorHost}, and the way of
 * releases between {@code OutputGate} and {@code Transport}.
 *
 * <p>Calls between the packages go one way: from this package to {@code commit}, from there to
 * {@code turn}, and from there to {@code rows} and {@code alarm}. The package {@code owner} calls
 * none of them.
 *
 * <table>
 *   <caption>The parts</caption>
 *   <tr><td>{@code ActorCell}</td><td>handles the events of one actor; the one place where its life
 *       ({@code CellState}) changes</td></tr>
 *   <tr><td>{@code Mailbox}</td><td>holds the events that wait, up to a bound; the border between
 *       threads</td></tr>
 *   <tr><td>{@code Recovery}</td><td>decides what is tried again after a failure, and when ({@code
 *       RetryPolicy} and {@code Retry} are pure)</td></tr>
 *   <tr><td>{@code HostRounds}</td><td>looks at the actors in memory, part by part; {@code
 *       IdlePolicy} decides which hibernate</td></tr>
 *   <tr><td>{@code CommitPipeline}</td><td>hands a turn's writes to the store, and its
 *       records to {@code OutputGate}, which holds them until the writes are stored</td></tr>
 *   <tr><td>{@code Unanswered}</td><td>knows the messages and requests that are being handled, in
 *       case their gateway sends them again</td></tr>
 *   <tr><td>{@code Answers}</td><td>decides what the gateway is told about an event</td></tr>
 *   <tr><td>{@code Repeats}</td><td>decides which events need no turn, because they took effect
 *       before or their connection is gone; {@code RequestRows} keeps the answers of requests for
 *       that</td></tr>
 *   <tr><td>{@code TurnWatch}</td><td>tells observers of turns</td></tr>
 *   <tr><td>{@code Activation}</td><td>an actor object and the connections that it has touched;
 *       dropped as a whole when a turn fails</td></tr>
 *   <tr><td>{@code Turn}</td><td>collects what the handler of one event writes and sends, and
 *       decides which thread ends the turn; {@code TurnStorage}, {@code TurnAlarms}, {@code
 *       TurnConnections}, {@code TurnConnection}, {@code TurnUpgrade} and {@code TurnRequest}
 *       implement the interfaces of the SDK inside it</td></tr>
 *   <tr><td>{@code Questions}</td><td>keeps the questions of actors to gateways until the
 *       answers come</td></tr>
 *   <tr><td>{@code ActorRows}</td><td>reads the store, overlaid with writes that are not committed
 *       yet; {@code Quarantine} notes what cannot be read</td></tr>
 *   <tr><td>{@code AlarmClock}</td><td>finds the alarms that are due</td></tr>
 * </table>
 *
 * <table>
 *   <caption>Closes that do not take effect at once</caption>
 *   <tr><td>{@code ClosingConnections}</td><td>connections of one actor whose close is known and
 *       not handled yet: their messages are not handled any more</td></tr>
 *   <tr><td>{@code OwedCloses}</td><td>closes of one actor that could not be handled, because the
 *       actor cannot be activated</td></tr>
 *   <tr><td>{@code LostCloses}</td><td>closes of the host that were handled, and whose commit was
 *       lost</td></tr>
 *   <tr><td>{@code LeftoverCloses}</td><td>closes of stored connections that have no socket: an
 *       earlier process left them, their gateway did not announce them, or was given up</td></tr>
 * </table>
 *
 * <p><b>Threads.</b> The package makes none: handlers run on the executor that came with the actor
 * type, releases on the store's threads. Time is handed in; {@link
 * dev.dormouse.server.host.ActorHost#tick} and {@link
 * dev.dormouse.server.host.ActorHost#ringAlarms} are called from outside.
 */
@NullMarked
package dev.dormouse.server.host;

import org.jspecify.annotations.NullMarked;
