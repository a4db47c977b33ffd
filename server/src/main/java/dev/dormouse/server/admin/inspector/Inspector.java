package dev.dormouse.server.admin.inspector;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.admin.inspector.Rpc.MalformedException;
import dev.dormouse.server.admin.inspector.Rpc.Request;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One inspector that is attached: answers what it asks, and has it told of what it enabled. On its
 * event loop.
 */
final class Inspector {
  /** What {@code Network.enable} may say, which changes nothing here. */
  private static final Set<String> NUMBERS_OF_ENABLE =
      Set.of("maxTotalBufferSize", "maxResourceBufferSize", "maxPostDataSize");

  private final InspectorParts parts;
  private final InspectorFilter filter;
  private final Outbox outbox;

  /** Null while {@code Network} is not enabled. */
  private @Nullable NetworkWatch network;

  private Runnable endNetwork = () -> {};
  private Runnable endActors = () -> {};

  /** Read by other threads. */
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

  /** It is gone: it is told of nothing any more. Idempotent. */
  void end() {
    disableNetwork();
    disableDormouse();
    outbox.close();
  }
}
