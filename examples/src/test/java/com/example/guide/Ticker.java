package com.example.guide;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.WebSocketActor;
import java.nio.ByteBuffer;

/** Sends prices on; a client that reads slowly gets the latest price of each share. */
public final class Ticker extends WebSocketActor<Void> {
  // tag::latest
  @Override
  protected void onMessage(Connection<Void> from, String price) { // such as "ACME 42.10"
    String share = price.split(" ")[0];
    connections().except(from).broadcastLatest(share, price);
  }

  // end::latest

  // tag::binary
  @Override
  protected void onMessage(Connection<Void> from, ByteBuffer bytes) {
    from.send(bytes); // the buffer is read-only, and is copied at once
  }
  // end::binary
}
