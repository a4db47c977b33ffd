package dev.dormouse.server.admin.inspector;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Answers to what inspectors ask a browser about when they attach, and a server has none of: pages,
 * scripts, other targets. They say that there is nothing, which is true, so that the inspector goes
 * on. Pure functions.
 */
final class EmptyAnswers {
  /** Domains without events here, which may be enabled for all that. */
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

  /** Wishes about what never happens here. */
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

  /** What there is to answer; null if nothing is. */
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
