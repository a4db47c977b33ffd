package dev.dormouse.server.admin.inspector;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.admin.inspector.Rpc.MalformedException;
import dev.dormouse.server.admin.inspector.Rpc.Request;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Represents one attached inspector: answers its requests, and reports the events that it enabled.
 * Only for the thread of its event loop.
 */
final class Inspector {
  /** The parameters of {@code Network.enable}, which have no effect here. */
  private static final Set<String> NUMBERS_OF_ENABLE =
      Set.of("maxTotalBufferSize", "maxResourceBufferSize", "maxPostDataSize");

  private final InspectorParts parts;
  private final InspectorFilter filter;
  private final Outbox outbox;

  /** The watch over the domain {@code Network}; null while the domain is not enabled. */
  private @Nullable NetworkWatch network;

  private Runnable endNetwork = () -> {};
  private Runnable endActors = () -> {};

  /** Set while the domain {@code Dormouse} is enabled; other threads read it. */
  private volatile boolean isDormouseEnabled;

  Inspector(InspectorParts parts, InspectorFilter filter, Outbox outbox) {
    this.parts = parts;
    this.filter = filter;
    this.outbox = outbox;
  }

  /** Answers a message. */
  void ask(String text) {
    Request request;
    try {
      request = Rpc.request(text);
    } catch (MalformedException malformed) {
      outbox.add(malformed.answer());
      return;
    }
    try {
      answer(request);
    } catch (IllegalArgumentException badParameter) {
      String why = String.valueOf(badParameter.getMessage());
      outbox.add(Rpc.error(request, Rpc.INVALID_PARAMS, why));
    }
  }

  private void answer(Request request) {
    switch (request.method()) {
      case "Network.enable" -> {
        NUMBERS_OF_ENABLE.forEach(request::numberIfAny);
        answer(request, new JsonObject());
        enableNetwork();
      }
      case "Network.disable" -> {
        disableNetwork();
        answer(request, new JsonObject());
      }
      case "Dormouse.enable" -> {
        enableDormouse();
        answer(request, new JsonObject());
      }
      case "Dormouse.disable" -> {
        disableDormouse();
        answer(request, new JsonObject());
      }
      case "Dormouse.getActor" -> answer(request, actor(request));
      case "Browser.getVersion" -> answer(request, Targets.browserVersion());
      case "Schema.getDomains" -> answer(request, domains());
      default -> {
        JsonObject empty = EmptyAnswers.to(request.method());
        if (empty == null) {
          String why = "'" + request.method() + "' wasn't found";
          outbox.add(Rpc.error(request, Rpc.METHOD_NOT_FOUND, why));
        } else {
          answer(request, empty);
        }
      }
    }
  }

  private void answer(Request request, JsonObject result) {
    outbox.add(Rpc.result(request, result));
  }

  private JsonObject actor(Request request) {
    ActorId actor = new ActorId(request.string("type"), request.string("key"));
    if (!parts.host().hosts(actor.type())) {
      throw new IllegalArgumentException("there is no actor type " + actor.type());
    }
    return DormouseEvents.actor(parts.host().status(actor));
  }

  private static JsonObject domains() {
    JsonArray domains = new JsonArray();
    for (String name : new String[] {"Network", "Dormouse"}) {
      domains.add(new JsonObject().put("name", name).put("version", Targets.PROTOCOL_VERSION));
    }
    return new JsonObject().put("domains", domains);
  }

  private void enableNetwork() {
    if (network != null) {
      return;
    }
    NetworkWatch watch =
        new NetworkWatch(
            filter, outbox, parts.time(), parts.urls(), parts.redaction(), () -> isDormouseEnabled);
    network = watch;
    endNetwork = parts.observers().add(watch);
    parts
        .gateway()
        .visitOpen(filter::matches, NetworkWatch.FOUND_MAX, watch::found)
        .onComplete(
            visited -> {
              watch.foundAll(visited.succeeded() ? visited.result() : 0);
              if (network == watch) {
                outbox.whenEmpty(watch::announceNext);
              }
            });
  }

  private void disableNetwork() {
    endNetwork.run();
    if (network != null) {
      network.stop();
      network = null;
    }
    outbox.whenEmpty(() -> false);
  }

  private void enableDormouse() {
    if (!isDormouseEnabled) {
      isDormouseEnabled = true;
      endActors = parts.observers().add(new ActorWatch(filter, outbox, parts.time()));
    }
  }

  private void disableDormouse() {
    endActors.run();
    isDormouseEnabled = false;
  }

  /** Ends the reports to an inspector that is gone. A second call does nothing. */
  void end() {
    disableNetwork();
    disableDormouse();
    outbox.close();
  }
}
