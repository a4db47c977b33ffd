package dev.dormouse.server.protocol;

import org.jspecify.annotations.Nullable;

/**
 * A record that a host hands to the transport for one gateway: a {@link Release} of an actor, or a
 * notice about a group of shards.
 *
 * <p>Each record hands itself to its own method of a {@link Receiver}, so that a new kind of record
 * does not compile until every receiver handles it.
 */
public sealed interface FromHost permits Release, FromHost.Notice {

  /** Handles each kind of record in a method of its own. */
  interface Receiver {
    void release(Release release);

    void attached(Attached attached);

    void notOwner(NotOwner notOwner);

    void unknown(Unknown unknown);
  }

  /** Calls the receiver's method for this kind of record. */
  void dispatch(Receiver receiver);

  /** A record about a group of shards. */
  sealed interface Notice extends FromHost {
    /** Returns the group. */
    int group();
  }

  /**
   * Says that the whole announcement of the gateway has come. The gateway need not wait for this
   * record before it sends.
   *
   * @param group the group
   * @param epoch the epoch of the host's ownership
   */
  record Attached(int group, long epoch) implements Notice {
    @Override
    public void dispatch(Receiver receiver) {
      receiver.attached(this);
    }
  }

  /**
   * Refuses an announcement of the gateway, or ends the attachment of the gateway: the host does
   * not own the group in that epoch, or owns it no longer. The gateway keeps what is unanswered,
   * and asks the {@link Placement} again. Each announcement is refused once at most, and other
   * records are not refused, so a notice is never about an earlier attachment.
   *
   * @param group the group
   * @param refused the epoch that the announcement carried, or that has ended
   * @param known the owner that the host knows of; null if the host knows none
   */
  record NotOwner(int group, long refused, @Nullable Owner known) implements Notice {
    @Override
    public void dispatch(Receiver receiver) {
      receiver.notOwner(this);
    }
  }

  /**
   * Names connections that the gateway announced and that are not stored. The gateway closes their
   * sockets with 1012, so that the clients connect again.
   *
   * @param group the group
   * @param epoch the epoch of the host's ownership
   * @param connections the ids, as {@link dev.dormouse.sdk.ConnectionId#value}
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  record Unknown(int group, long epoch, long[] connections) implements Notice {
    @Override
    public void dispatch(Receiver receiver) {
      receiver.unknown(this);
    }
  }
}
