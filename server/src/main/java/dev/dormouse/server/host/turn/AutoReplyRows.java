package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.server.host.rows.ActorRows;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.storage.rows.AutoRepliesRow;
import dev.dormouse.storage.rows.CorruptRowException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An actor's automatic replies: turns change them, one row stores them, and the gateway is told of
 * them. The gateway must be told when the replies change; with each connection that is accepted,
 * since the gateway forgets the replies when the actor's last connection ends; and after a lost
 * commit, which leaves open what is stored.
 *
 * <p>An instance belongs to a cell and outlives its activations. It is used by the thread that runs
 * the cell, under the activation's monitor.
 */
public final class AutoReplyRows {
  private final ActorRows rows;
  private final ActorOptions options;

  /** The replies as of the last turn that succeeded; null if they were not read yet. */
  private @Nullable List<AutoReply> known;

  /** True if the open turn may see a row with replies. */
  private boolean mayBeStored = true;

  /** True if the gateway may know other replies than those that are stored. */
  private boolean isInDoubt;

  /** The value of {@code isInDoubt} before the last call of {@link #news}. */
  private boolean wasInDoubt;

  /** Creates the automatic replies of a new cell; the replies are read when they are needed. */
  public AutoReplyRows(ActorRows rows, ActorOptions options) {
    this.rows = rows;
    this.options = options;
  }

  /**
   * Notes that an activation begins.
   *
   * @param mayBeStored whether the actor's row says that there may be replies; if not, no row is
   *     read
   */
  void begin(boolean mayBeStored) {
    this.mayBeStored = mayBeStored;
    if (!mayBeStored) {
      known = List.of();
    }
  }

  /** Returns whether there may be a row with replies after the turn that is ending. */
  boolean mayBeStored() {
    return mayBeStored;
  }

  /** Adds a reply, or replaces the one to the same request. */
  void put(Turn open, AutoReply reply) {
    reply.checkLengths(options.autoReplyBytesMax());
    List<AutoReply> replies = new ArrayList<>(read());
    for (int i = 0; i < replies.size(); i++) {
      if (replies.get(i).request().equals(reply.request())) {
        if (!replies.set(i, reply).equals(reply)) {
          write(open, replies);
        }
        return;
      }
    }
    replies.add(reply);
    if (replies.size() > options.autoRepliesMax()) {
      throw new LimitExceededException(
          "the number of automatic replies", replies.size(), options.autoRepliesMax());
    }
    write(open, replies);
  }

  /** Removes the reply to a request, if there is one. */
  void remove(Turn open, String request) {
    List<AutoReply> replies = new ArrayList<>(read());
    if (replies.removeIf(reply -> reply.request().equals(request))) {
      write(open, replies);
    }
  }

  /** Returns the replies as the open turn sees them; none if they cannot be read. */
  private List<AutoReply> read() {
    mayBeStored = true;
    try {
      List<AutoReply> replies =
          AutoRepliesRow.decodeOrNone(rows.get(RowKey.AUTO_REPLIES)).replies();
      mayBeStored = !replies.isEmpty();
      return replies;
    } catch (CorruptRowException e) {
      rows.quarantine().value(rows.actor(), "automatic replies", e);
      return List.of();
    }
  }

  private static void write(Turn open, List<AutoReply> replies) {
    open.writes()
        .put(
            RowKey.AUTO_REPLIES,
            replies.isEmpty()
                ? Optional.empty()
                : Optional.of(new AutoRepliesRow(replies).encode()));
  }

  /**
   * Returns the record that tells the gateway the replies, if it needs one at the end of a turn.
   */
  List<ToGateway> news(Turn ended) {
    wasInDoubt = isInDoubt;
    boolean isChanged = ended.writes().containsKey(RowKey.AUTO_REPLIES);
    if (!isChanged && !isInDoubt && !isAccepting(ended)) {
      return List.of();
    }
    List<AutoReply> replies = known;
    if (isChanged || replies == null) {
      replies = read();
      known = replies;
    }
    boolean isNews = isChanged || isInDoubt || !replies.isEmpty();
    isInDoubt = false;
    return isNews ? List.of(new ToGateway.AutoReplies(replies)) : List.of();
  }

  /**
   * Returns the record that tells a gateway the replies that turns so far have stored. Must not be
   * called while a turn is open.
   *
   * @throws java.io.UncheckedIOException if the store cannot be read
   */
  public ToGateway told() {
    List<AutoReply> replies = known;
    return new ToGateway.AutoReplies(replies == null ? read() : replies);
  }

  private static boolean isAccepting(Turn ended) {
    for (ToGateway said : ended.outbox()) {
      if (said instanceof ToGateway.Accepted) {
        return true;
      }
    }
    return false;
  }

  /** Takes the last call of {@link #news} back, since the turn has failed after it. */
  public void discard() {
    known = null;
    isInDoubt |= wasInDoubt;
  }

  /** Has the replies read and told again, since a commit was lost. */
  public void forget() {
    known = null;
    isInDoubt = true;
  }
}
