package dev.dormouse.storage;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The writes of one turn, which are kept together or not at all.
 *
 * @param actor the actor whose rows are written
 * @param epoch the number of the ownership under which the turn ran; an old number is fenced
 * @param chain the chain of commits that this turn builds on
 * @param cleared the spans that are removed before any of the writes takes effect
 * @param writes the writes in any order, at most one for each row
 */
public record TurnBatch(
    ActorId actor, long epoch, CommitChain chain, List<Clear> cleared, List<Write> writes) {

  /** Creates a batch that builds on no other and clears nothing. */
  public TurnBatch(ActorId actor, long epoch, List<Write> writes) {
    this(actor, epoch, new CommitChain(), List.of(), writes);
  }

  /**
   * The removal of all rows of a span, however many there are.
   *
   * @param table the table; not {@link Table#DUE}, whose rows do not lie by actor
   * @param span the keys, in either direction
   */
  public record Clear(Table table, KeySpan span) {}

  /**
   * The write or removal of a row.
   *
   * @param table the table
   * @param key the key within the actor's table
   * @param value the value; null removes the row
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  public record Write(Table table, byte[] key, byte @Nullable [] value) {}
}
