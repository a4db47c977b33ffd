package com.example.guide;

import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.WebSocketActor;
import java.time.Duration;

/** Counts down, and sleeps between the numbers if they are far apart. */
public final class Countdown extends WebSocketActor<Void> {
  // tag::alarm
  @Override
  protected void onMessage(Connection<Void> from, String seconds) {
    alarms().after("done", Duration.ofSeconds(Long.parseLong(seconds)));
    from.send("started");
  }

  @Override
  protected void onAlarm(Alarm alarm) {
    connections().broadcast(alarm.name()); // the actor was woken for this, if it slept
  }
  // end::alarm
}
