package dev.dormouse.server.admin.inspector;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Answers questions that inspectors ask a browser when they attach, about pages, scripts and other
 * targets. A server has none of these; the answers say so, and the inspector continues. Pure
 * functions.
 */
final class EmptyAnswers {
  /** The domains without events here, which an inspector may enable all the same. */
  private static final Set<String> QUIET_DOMAINS =
      Set.of(
          "Accessibility",
          "Animation",
          "Audits",
          "Autofill",
          "CSS",
          "Console",
          "DOM",
          "Debugger",
          "FedCm",
          "HeapProfiler",
          "Inspector",
          "Log",
          "Media",
          "Overlay",
          "Page",
          "Performance",
          "PerformanceTimeline",
          "Preload",
          "Profiler",
          "Runtime",
          "Security",
          "ServiceWorker");

  /** The methods about things that never happen here. */
  private static final Set<String> QUIET_METHODS =
      Set.of(
          "Debugger.setAsyncCallStackDepth",
          "Debugger.setBlackboxPatterns",
          "Debugger.setPauseOnExceptions",
          "Log.startViolationsReport",
          "Log.stopViolationsReport",
          "Network.clearAcceptedEncodingsOverride",
          "Network.setAttachDebugStack",
          "Network.setCacheDisabled",
          "Page.setAdBlockingEnabled",
          "Page.setLifecycleEventsEnabled",
          "Runtime.addBinding",
          "Runtime.runIfWaitingForDebugger",
          "Runtime.setAsyncCallStackDepth",
          "Target.setAutoAttach",
          "Target.setDiscoverTargets",
          "Target.setRemoteLocations");

  private EmptyAnswers() {}

  /** Returns the answer to a method; null if this class has none. */
  static @Nullable JsonObject to(String method) {
    int dot = method.indexOf('.');
    String domain = dot < 0 ? "" : method.substring(0, dot);
    String command = method.substring(dot + 1);
    boolean isSwitch = command.equals("enable") || command.equals("disable");
    if ((isSwitch && QUIET_DOMAINS.contains(domain)) || QUIET_METHODS.contains(method)) {
      return new JsonObject();
    }
    return method.equals("Target.getTargets")
        ? new JsonObject().put("targetInfos", new JsonArray())
        : null;
  }
}
