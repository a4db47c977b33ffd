/**
 * Tests of actors.
 *
 * <p>{@link dev.dormouse.testkit.TestActors} runs actors in memory, with time that the test moves.
 * It has the verbs that are hard to have with a real server: fall asleep now, crash now, let a week
 * pass, fail the next commit. {@link dev.dormouse.testkit.TestServer} starts the real server on a
 * free port, for what only a network has. Both hand out {@link dev.dormouse.testkit.TestClient}, so
 * a test can move from one to the other.
 *
 * <p>Start at {@link dev.dormouse.testkit.TestActors}.
 */
@NullMarked
package dev.dormouse.testkit;

import org.jspecify.annotations.NullMarked;
