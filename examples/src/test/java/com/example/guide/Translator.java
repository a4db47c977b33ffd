package com.example.guide;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.WebSocketActor;
import java.util.concurrent.CompletionStage;

/** Asks another service about each message. */
public final class Translator extends WebSocketActor<Void> {
  /** The client of the other service. */
  public interface Service {
    CompletionStage<String> translate(String text);

    CompletionStage<Void> count(String text);
  }

  private final Service service;

  public Translator(Service service) {
    this.service = service;
  }

  // tag::wait
  @Override
  protected void onMessage(Connection<Void> from, String text) {
    waitFor(service.translate(text).thenAccept(from::send)); // the turn ends after the answer
    inBackground(service.count(text)); // the turn does not wait for this
  }
  // end::wait
}
