package dev.dormouse.server.host;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import java.util.ArrayList;
import java.util.List;

/** An actor that cannot be activated as long as the test says so, and that notes its closes. */
class Frail extends Script {
  /** The number of activations that are still to fail. */
  int failures;

  /** The number of activations that were tried. */
  int attempts;

  /** A line for each close: the connection, how it ended, and how many connections were listed. */
  final List<String> closes = new ArrayList<>();

  void failForEver() {
    failures = Integer.MAX_VALUE;
  }

  @Override
  void onActivate(Actor self) {
    attempts++;
    if (failures > 0) {
      failures--;
      throw new IllegalStateException("not now");
    }
  }

  @Override
  void onMessage(Actor self, Connection<Object> from, String text) {
    from.send(text + " of " + self.all().count());
  }

  @Override
  HttpResponse onRequest(Actor self, HttpRequest request) {
    return HttpResponse.text(200, "fine");
  }

  @Override
  void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
    closes.add(gone.id() + " " + reason.code() + " " + reason.cause());
  }
}
