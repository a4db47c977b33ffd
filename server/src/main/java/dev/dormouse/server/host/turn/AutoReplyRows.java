package dev.dormouse.server.host.turn;

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
 * An actor's automatic replies: changed by its turns, kept in a row of their own, told to the
 * gateway. It must be told when they change, when it may not know the actor (with each connection
 * that is accepted, since it forgets them with the last one), and when a lost commit has left open
 * what is stored.
 *
 * <p>Belongs to the cell, and outlives an activation. Used by whoever runs the cell, under the
 * activation's monitor.
 */
public final class AutoReplyRows {
  private final ActorRows rows;

  /** As of the last turn that ended well; null if not read yet. */
  private @Nullable List<AutoReply> known;

  /** Whether there may be a row, as the open turn sees it. */
  private boolean mayBeStored = true;

  /** Whether the gateway may have been told what is not stored, or not told what is. */
  private boolean isInDoubt;

  /** Whether it was before the last news. */
  private boolean wasInDoubt;

  public AutoReplyRows(ActorRows rows) {
    this.rows = rows;
  }

  /**
   * An activation begins.
   *
   * @param mayBeStored what the actor's row says of it: if there is none, none is read
   */
  void begin(boolean mayBeStored) {
    this.mayBeStored = mayBeStored;
    if (!mayBeStored) {
      known = List.of();
    }
  }

  /** Whether there may be a row, as of the turn that is ending. */
  boolean mayBeStored() {
    return mayBeStored;
  }

  /** Adds a reply, or replaces the one to the same request. */
  void put(Turn open, AutoReply reply) {
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
    if (replies.size() > AutoReply.REPLIES_MAX) {
      throw new LimitExceededException(
          "the number of automatic replies", replies.size(), AutoReply.REPLIES_MAX);
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

  /** As the open turn sees them; none if they cannot be read. */
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

  /** What the gateway is to be told at the end of a turn that has not failed. */
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

  private static boolean isAccepting(Turn ended) {
    for (ToGateway said : ended.outbox()) {
      if (said instanceof ToGateway.Accepted) {
        return true;
      }
    }
    return false;
  }

  /** The turn that was to bring the last news failed after all: they are none. */
  public void discard() {
    known = null;
    isInDoubt |= wasInDoubt;
  }

  /** A commit was lost: what is stored must be read, and told, again. */
  public void forget() {
    known = null;
    isInDoubt = true;
  }
}
