package dev.dormouse.server.gateway;

import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/**
 * A socket as a {@link LivenessWheel} sees it. The wheel's notes are fields of the socket itself,
 * since an object of its own would cost each idle socket as much again. The event loop only.
 */
abstract class WheelPeer extends ChannelInboundHandlerAdapter {
  /** The wheel it belongs to; null if peers are not pinged, and before the socket is open. */
  @Nullable LivenessWheel wheel;

  /** The tick in which something came from the client. */
  int heardTick;

  /** Where it waits to be looked at; null while it is on no wheel. The wheel's. */
  LivenessWheel.@Nullable Slot slot;

  /** Where it is in its slot. The slot's. */
  int placeInSlot;

  /** Something came from the client. */
  final void heard() {
    LivenessWheel on = wheel;
    if (on != null) {
      heardTick = on.now();
    }
  }

  /** Whether it would be noticed if the client sent something. */
  abstract boolean isRead();

  /** It was silent for an interval: asks for a sign of life. */
  abstract void ping();

  /** It was silent for two. It is off the wheel. */
  abstract void giveUp();
}
