/**
 * The product's logging and printing, which never makes a thread wait for a reader.
 *
 * <p>Nobody controls the far end of a log: a pipe that nobody reads, or a disk that hangs, stops
 * the thread that writes to it. So the product takes its loggers from {@link dev.dormouse.log.Log},
 * where a reader should begin, and a server that owns its process lets {@link
 * dev.dormouse.log.StandardStreams} queue the standard streams. Both put a {@code LossyQueue} in
 * front of the far end. The queue is bounded: lines that do not fit are lost, counted and reported.
 *
 * <p>{@link dev.dormouse.log.Printable} makes text fit for a log, and {@link
 * dev.dormouse.log.Counted} words numbers. Any thread may call every method. Each queue has one
 * daemon thread that writes: {@code dormouse-log}, {@code dormouse-stdout} and {@code
 * dormouse-stderr}.
 */
@NullMarked
package dev.dormouse.log;

import org.jspecify.annotations.NullMarked;
