package com.example.guide;

import dev.dormouse.sdk.Call;
import dev.dormouse.sdk.HttpAnswer;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.WebSocketActor;

/** A device that is rebooted by calls, and tells its building of it. */
public final class Device extends WebSocketActor<Void> {
  // tag::calls
  public record Reboot(boolean hard) implements Call<Boolean> {}

  public record Rebooted(String device) implements Call<Void> {}

  boolean onCall(Reboot call) {
    connections().broadcast(call.hard() ? "reboot hard" : "reboot");
    actor(Building.class, "main").tell(new Rebooted(id().key())); // leaves with this turn
    return !connections().isEmpty();
  }

  // end::calls

  /** Counts the devices that were rebooted. */
  public static final class Building extends WebSocketActor<Void> {
    // tag::building
    void onCall(Rebooted call) {
      int before = storage().get("reboots", Integer.class).orElse(0);
      storage().put("reboots", before + 1);
    }

    @Override
    protected HttpAnswer onRequest(HttpRequest request) {
      return HttpAnswer.later(
          actor(Device.class, "d1")
              .ask(new Reboot(false))
              .thenApply(online -> HttpResponse.text(200, online ? "rebooted" : "offline")));
    }
    // end::building
  }
}
