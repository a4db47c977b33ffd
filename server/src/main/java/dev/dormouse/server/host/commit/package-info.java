/**
 * Commits turns and releases what they send: {@code CommitPipeline} hands an actor's turns to the
 * store in order, {@code OutputGate} holds their records until the store has kept the turns, and
 * {@code Answers} decides what the sender of an event is told. {@code AlarmOutcomes} and {@code
 * LostCloses} decide what follows for alarms and closes whose turn failed or was lost; {@code
 * TurnWatch} tells observers. Begin with {@code CommitPipeline}.
 *
 * <p><b>Threads.</b> A pipeline belongs to the thread that runs its cell. The store completes a
 * commit on a thread of its own, where the gate releases records.
 */
@NullMarked
package dev.dormouse.server.host.commit;

import org.jspecify.annotations.NullMarked;
