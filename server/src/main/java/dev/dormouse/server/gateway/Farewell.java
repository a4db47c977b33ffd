package dev.dormouse.server.gateway;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/**
 * Spreads a goodbye to many sockets over a while, in no order, so that they do not all come back,
 * here or elsewhere, in the same moment. Up to {@value #AT_ONCE} hear it at once.
 */
final class Farewell {
  private static final int AT_ONCE = 100;
  private static final long SLICE_MS = 10;

  private final Iterator<ClientSocket> rest;
  private final int sliceSize;

  private Farewell(List<ClientSocket> sockets, long spreadMs) {
    this.rest = sockets.iterator();
    long slices = Math.max(1, spreadMs / SLICE_MS);
    this.sliceSize = (int) Math.max(AT_ONCE, (sockets.size() + slices - 1) / slices);
  }

  /**
   * Says goodbye to each socket once.
   *
   * @param spread how long it may take
   * @param goodbye is given a slice of the sockets at a time
   */
  static void say(
      Vertx vertx,
      Collection<ClientSocket> sockets,
      Duration spread,
      Consumer<List<ClientSocket>> goodbye) {
    List<ClientSocket> shuffled = new ArrayList<>(sockets);
    Collections.shuffle(shuffled);
    Farewell farewell = new Farewell(shuffled, spread.toMillis());
    farewell.nextSlice(goodbye);
    if (farewell.rest.hasNext()) {
      vertx.setPeriodic(
          SLICE_MS,
          timer -> {
            farewell.nextSlice(goodbye);
            if (!farewell.rest.hasNext()) {
              vertx.cancelTimer(timer);
            }
          });
    }
  }

  private void nextSlice(Consumer<List<ClientSocket>> goodbye) {
    List<ClientSocket> slice = new ArrayList<>(sliceSize);
    while (rest.hasNext() && slice.size() < sliceSize) {
      slice.add(rest.next());
    }
    goodbye.accept(slice);
  }
}
