package dev.dormouse.server.gateway.socket;

import dev.dormouse.log.Log;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Finds silent peers: a hashed wheel with {@value #TICKS_PER_INTERVAL} ticks for each ping
 * interval. All sockets of an event loop share one wheel, so that no socket needs a timer or a
 * lock.
 *
 * <p>A peer that was silent for one interval is pinged, and a peer that was silent for two
 * intervals is given up. A peer is looked at only when one of the two may be due. Input of a peer
 * costs one write of a number. Ticks are counted, not measured: while the process or its event loop
 * stands still, no peer grows silent. Input within a tick counts as input at its beginning, so a
 * peer may be given up to one tick early.
 *
 * <p>One thread at a time may use it.
 */
final class LivenessWheel {
  /** The number of ticks in a ping interval. */
  static final int TICKS_PER_INTERVAL = 30;

  private static final Logger log = Log.of(LivenessWheel.class);

  /**
   * A socket as the wheel sees it. The wheel's notes about a socket are fields of the socket
   * itself, because an object of their own would double the memory of an idle socket. Only the
   * event loop uses these fields.
   */
  abstract static class Peer extends ChannelInboundHandlerAdapter {
    /** The wheel of the event loop; null if peers are not pinged or the socket is not open yet. */
    @Nullable LivenessWheel wheel;

    /** The tick of the client's last input. */
    int heardTick;

    /** The slot in which the peer waits to be looked at; null while it is on no wheel. */
    @Nullable Slot slot;

    /** The index of the peer in its slot. */
    private int placeInSlot;

    /** Notes input of the client. */
    final void heard() {
      LivenessWheel on = wheel;
      if (on != null) {
        heardTick = on.now;
      }
    }

    /** Returns whether the server reads from the client, and would notice its input. */
    abstract boolean isRead();

    /** Asks the client for a sign of life, after it was silent for an interval. */
    abstract void ping();

    /** Gives the client up, after two silent intervals. The peer is off the wheel already. */
    abstract void giveUp();
  }

  /** The slots, one for each tick from now to the latest at which a peer can be due. */
  private final Slot[] slots = new Slot[TICKS_PER_INTERVAL + 1];

  private int now;
  private int size;

  /** The slot of this tick, with the peers that were not looked at yet. */
  private Slot due;

  LivenessWheel() {
    Arrays.setAll(slots, i -> new Slot());
    due = slots[0];
  }

  /** Returns the number of the current tick, which may overflow: only differences count. */
  int now() {
    return now;
  }

  /** Returns how many peers are on the wheel. */
  int size() {
    return size;
  }

  /** Adds a peer, whose last input counts as now. */
  void add(Peer peer) {
    peer.heardTick = now;
    slotIn(TICKS_PER_INTERVAL).add(peer);
    size++;
  }

  /** Removes a peer from the wheel, if it is there. */
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

  /**
   * Ends the current tick, after a look at the peers that it left over. The caller must call {@link
   * #look} afterwards.
   */
  void tick() {
    look(Integer.MAX_VALUE);
    now++;
    due = slotIn(0);
  }

  /**
   * Looks at peers of the current tick.
   *
   * @param peersMax the most peers to look at
   * @return whether there may be more peers to look at
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
      log.error("a silent client could not be pinged or disconnected", harmsNoOther);
    }
  }

  /**
   * The peers that are looked at in the same tick. Each peer knows its index, so that its removal
   * takes constant time.
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
