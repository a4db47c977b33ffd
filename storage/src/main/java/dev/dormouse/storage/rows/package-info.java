/**
 * The rows that a store keeps for actors, and the keys that they are stored under. Stored bytes
 * never change: golden-byte tests hold them.
 *
 * <p>Start at {@link dev.dormouse.storage.rows.Table}, which lists the kinds of rows. Each kind
 * that is not the user's own has a record, such as {@link dev.dormouse.storage.rows.ActorRow} and
 * {@link dev.dormouse.storage.rows.ConnectionRow}, that encodes and decodes it. {@link
 * dev.dormouse.storage.rows.RowKeys} makes stored keys, {@link dev.dormouse.storage.rows.RowSeal}
 * protects stored values by a checksum, and {@link dev.dormouse.storage.rows.DueIndex} finds alarms
 * by time; only the stores use these three.
 *
 * <p>All classes are immutable or pure functions, so any thread may use them.
 */
@NullMarked
package dev.dormouse.storage.rows;

import org.jspecify.annotations.NullMarked;
