package dev.dormouse.storage;

import dev.dormouse.sdk.ActorId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The writes of one turn: all are kept, or none.
 *
 * @param actor whose rows they are
 * @param epoch the number of the ownership under which the turn ran; an old one is fenced
 * @param chain the turns on whose writes this one builds
 * @param cleared what is removed before any of the writes takes effect
 * @param writes in any order, at most one for a row
 */
public record TurnBatch(
    ActorId actor, long epoch, CommitChain chain, List<Clear> cleared, List<Write> writes) {

  /** Writes that build on no others, and clear nothing. */
  public TurnBatch(ActorId actor, long epoch, List<Write> writes) {
    this(actor, epoch, new CommitChain(), List.of(), writes);
  }

  /**
   * All rows of a span are removed, however many there are.
   *
   * @param table the table; not {@link Table#DUE}, whose rows do not lie by actor
   * @param span the keys; its direction does not matter
   */
  public record Clear(Table table, KeySpan span) {}

  /**
   * A row set or removed.
   *
   * @param table the table
   * @param key the key within the actor's table
   * @param value the value; null removes the row
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  public record Write(Table table, byte[] key, byte @Nullable [] value) {}
}
