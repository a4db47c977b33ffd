package com.example.guide;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;

/** The actor on the page for those who come from PartyServer. */
// tag::party
public final class Party extends WebSocketActor<Integer> {
  @Override
  protected void onUpgrade(Upgrade<Integer> upgrade) {
    upgrade.accept(0).send("welcome to " + id().key());
  }

  @Override
  protected void onMessage(Connection<Integer> sender, String message) {
    sender.attach(sender.attachment() + 1);
    connections().except(sender).broadcast(message);
  }

  @Override
  protected HttpResponse onRequest(HttpRequest request) {
    return HttpResponse.text(200, connections().count() + " here");
  }
}
// end::party
