package dev.dormouse.server.gateway.socket;

import dev.dormouse.log.Log;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Finds the peers that have gone silent: a hashed wheel of {@value #TICKS_PER_INTERVAL} ticks to
 * the ping interval, one for the sockets of an event loop, so that none needs a timer or a lock.
 *
 * <p>A peer that was not heard for one interval is pinged; one that was not heard for two is given
 * up. A peer is looked at when one of the two may be due, and otherwise costs nothing: being heard
 * of is one number written. A tick is counted, not measured: while the process stands still, or its
 * event loop does, no peer grows silent. What was heard within a tick counts as heard at its
 * beginning, so a peer is given up at most one tick before the two intervals are over.
 *
 * <p>One thread at a time.
 */
final class LivenessWheel {
  /** How many ticks a ping interval has. */
  static final int TICKS_PER_INTERVAL = 30;

  private static final Logger log = Log.of(LivenessWheel.class);

  /**
   * A socket as the wheel sees it. What the wheel notes about a socket are fields of the socket
   * itself, because an object of their own would cost each idle socket as much again. Its fields
   * are the event loop's only.
   */
  abstract static class Peer extends ChannelInboundHandlerAdapter {
    /** The wheel it belongs to; null if peers are not pinged, and before the socket is open. */
    @Nullable LivenessWheel wheel;

    /** The tick in which something came from the client last. */
    int heardTick;

    /** The slot in which it waits to be looked at; null while it is on no wheel. */
    @Nullable Slot slot;

    /** Its place in its slot. */
    private int placeInSlot;

    /** Notes that something came from the client. */
    final void heard() {
      LivenessWheel on = wheel;
      if (on != null) {
        heardTick = on.now;
      }
    }

    /** Returns whether the server would notice if the client sent something. */
    abstract boolean isRead();

    /** Asks the client for a sign of life, after it was silent for an interval. */
    abstract void ping();

    /** Gives the client up, after it was silent for two intervals. It is off the wheel by then. */
    abstract void giveUp();
  }

  /** A slot for each tick from now to the farthest at which anything can be due. */
  private final Slot[] slots = new Slot[TICKS_PER_INTERVAL + 1];

  private int now;
  private int size;

  /** The peers of this tick that were not looked at yet. */
  private Slot due;

  LivenessWheel() {
    Arrays.setAll(slots, i -> new Slot());
    due = slots[0];
  }

  /** Returns the number of the tick. It may overflow; only differences mean something. */
  int now() {
    return now;
  }

  /** Returns how many peers are on the wheel. */
  int size() {
    return size;
  }

  /** Adds a peer as one that was heard now. */
  void add(Peer peer) {
    peer.heardTick = now;
    slotIn(TICKS_PER_INTERVAL).add(peer);
    size++;
  }

  /** Takes a peer off the wheel, if it is there. */
  void remove(Peer peer) {
    Slot slot = peer.slot;
    if (slot != null) {
      slot.remove(peer);
      size--;
    }
  }

  private Slot slotIn(int ticks) {
    return slots[Math.floorMod(now + ticks, slots.length)];
  }

  /** Ends a tick. Peers that the tick left over are looked at first; {@link #look} must follow. */
  void tick() {
    look(Integer.MAX_VALUE);
    now++;
    due = slotIn(0);
  }

  /**
   * Looks at peers for which something may be due.
   *
   * @param peersMax how many at most
   * @return whether there may be more
   */
  boolean look(int peersMax) {
    for (int looked = 0; looked < peersMax; looked++) {
      Peer peer = due.last();
      if (peer == null) {
        return false;
      }
      due.remove(peer);
      size--;
      look(peer);
    }
    return true;
  }

  private void look(Peer peer) {
    if (!peer.isRead()) {
      peer.heardTick = now;
    }
    int silentTicks = now - peer.heardTick;
    boolean isOverdue = silentTicks >= TICKS_PER_INTERVAL;
    if (silentTicks < 2 * TICKS_PER_INTERVAL) {
      slotIn((isOverdue ? 2 : 1) * TICKS_PER_INTERVAL - silentTicks).add(peer);
      size++;
    }
    try {
      if (silentTicks >= 2 * TICKS_PER_INTERVAL) {
        peer.giveUp();
      } else if (isOverdue) {
        peer.ping();
      }
    } catch (RuntimeException harmsNoOther) {
      log.error("a peer could not be pinged or given up", harmsNoOther);
    }
  }

  /**
   * The peers that are looked at in the same tick; each knows its place, so that it leaves at once.
   */
  static final class Slot {
    private Peer[] members = {};
    private int size;

    private void add(Peer peer) {
      if (size == members.length) {
        members = Arrays.copyOf(members, Math.max(4, 2 * size));
      }
      members[size] = peer;
      peer.slot = this;
      peer.placeInSlot = size;
      size++;
    }

    private void remove(Peer peer) {
      Peer last = members[--size];
      members[peer.placeInSlot] = last;
      last.placeInSlot = peer.placeInSlot;
      Arrays.fill(members, size, size + 1, null);
      peer.slot = null;
      if (size == 0) {
        members = new Peer[0];
      }
    }

    private @Nullable Peer last() {
      return size == 0 ? null : members[size - 1];
    }
  }
}
