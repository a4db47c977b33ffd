/**
 * How the product logs and prints, so that no thread ever waits for whoever reads that.
 *
 * <p>The far end of a log is not ours: a pipe that nobody reads, or a disk that hangs, stops the
 * thread that writes to it. So the product takes its loggers from {@link dev.dormouse.log.Log},
 * which queues lines, and a server that owns its process has the standard streams queued, too, by
 * {@link dev.dormouse.log.StandardStreams}. Both queues are bounded: what does not fit is lost,
 * counted and reported.
 */
@NullMarked
package dev.dormouse.log;

import org.jspecify.annotations.NullMarked;
