/**
 * From a handled turn to what leaves: the commits of one actor in order, the gate that holds
 * outputs until they are kept, and the answers to those who wait for an outcome. Begin with {@code
 * CommitPipeline}.
 *
 * <p>Threads: a pipeline belongs to its actor's cell; the store completes a commit on a thread of
 * its own.
 */
@NullMarked
package dev.dormouse.server.host.commit;

import org.jspecify.annotations.NullMarked;
