package dev.dormouse.server.admin.dashboard;

import dev.dormouse.server.admin.AdminPage;
import dev.dormouse.server.admin.StoreReads;
import dev.dormouse.server.cluster.ClusterStatus;
import dev.dormouse.server.cluster.ClusterView;
import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.gateway.limits.GatewayCounts;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.StoreFolder;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@code GET /api/node} with the state of the node, now and during the last {@value
 * NodeHistory#SAMPLES_MAX} seconds: a list of numbers for each series, the oldest first. Upgrades,
 * turns and commit times are measured only while there is an {@link Audience}; they are null
 * before. The state of the cluster is null on a server that is alone.
 */
final class NodePage implements AdminPage {
  private final ActorHost host;
  private final StoreFolder folder;
  private final WebSocketGateway gateway;
  private final StoreReads reads;
  private final Time time;
  private final RecentWakes wakes;
  private final NodeHistory history;
  private final @Nullable ClusterView cluster;
  private final LiveHeap heap = new LiveHeap();
  private final long startedNs;

  NodePage(
      ActorHost host,
      StoreFolder folder,
      WebSocketGateway gateway,
      StoreReads reads,
      Time time,
      RecentWakes wakes,
      NodeHistory history,
      @Nullable ClusterView cluster) {
    this.host = host;
    this.folder = folder;
    this.gateway = gateway;
    this.reads = reads;
    this.time = time;
    this.wakes = wakes;
    this.history = history;
    this.cluster = cluster;
    this.startedNs = time.nowNs();
  }

  @Override
  public void mount(Router router) {
    router.get("/api/node").handler(context -> reads.answer(context, asked -> this::json));
  }

  /** Takes a sample; to be called once a {@link NodeHistory#STEP}, by one thread at a time. */
  void sample(boolean isMetered) {
    GatewayCounts counts = gateway.counts();
    heap.look(counts.sockets(), host.activeActors());
    history.sample(counts, host.activeActors(), used().getUsed(), isMetered);
  }

  private static MemoryUsage used() {
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
  }

  private JsonObject json() {
    GatewayCounts counts = gateway.counts();
    JsonArray types = new JsonArray();
    host.activeByType()
        .forEach(
            (type, active) -> types.add(new JsonObject().put("type", type).put("awake", active)));
    return new JsonObject()
        .put("at", ActorJson.at(time.wallMs()))
        .put("upMs", TimeUnit.NANOSECONDS.toMillis(time.nowNs() - startedNs))
        .put("durability", folder.durability().name().toLowerCase(Locale.ROOT))
        .put("java", Runtime.version().feature())
        .put("pid", ProcessHandle.current().pid())
        .put("sockets", counts.sockets())
        .put("httpConnections", counts.httpConnections())
        .put("pendingUpgrades", counts.upgrades())
        .put("awake", host.activeActors())
        .put("asleep", gateway.countActors(actor -> !host.isActive(actor)))
        .put("failing", wakes.failing().size())
        .put("owedCloses", host.owedCloses())
        .put("types", types)
        .put("cluster", cluster == null ? null : json(cluster.status()))
        .put("heap", heap())
        .put("totals", totals(counts))
        .put("history", history());
  }

  private static JsonObject json(ClusterStatus status) {
    return new JsonObject()
        .put("node", status.node())
        .put("nodes", status.nodes().size())
        .put("nodesUp", status.nodesUp())
        .put("groups", status.groups().size())
        .put("groupsLed", status.led().size())
        .put("groupsLeaderless", status.leaderless())
        .put("lag", status.lag())
        .put("takeovers", status.takeovers())
        .put("missing", new JsonArray(status.missing()));
  }

  private JsonObject heap() {
    MemoryUsage used = used();
    return new JsonObject()
        .put("usedBytes", used.getUsed())
        .put("maxBytes", used.getMax())
        .put("afterGcBytes", known(heap.afterBytes()))
        .put("baselineBytes", known(heap.baselineBytes()))
        .put("baselineSockets", known(heap.baselineSockets()))
        .put("perSocketBytes", known(heap.perSocketBytes()))
        .put("perSocketFrom", LiveHeap.SOCKETS_MIN);
  }

  private static @Nullable Long known(long bytes) {
    return bytes < 0 ? null : bytes;
  }

  private static JsonObject whatHappened(Map<? extends Enum<?>, Long> counts) {
    JsonObject happened = new JsonObject();
    counts.forEach(
        (why, number) -> {
          if (number > 0) {
            happened.put(why.name().toLowerCase(Locale.ROOT), number);
          }
        });
    return happened;
  }

  private JsonObject totals(GatewayCounts counts) {
    return new JsonObject()
        .put("messagesIn", counts.messagesIn())
        .put("messagesOut", counts.messagesOut())
        .put("refused", whatHappened(counts.refusals()))
        .put("cutOff", whatHappened(counts.cutOff()))
        .put("slowClosed", counts.slowClosed())
        .put("hastyClosed", counts.hastyClosed())
        .put("unhandledClosed", counts.unhandledClosed())
        .put("oversizeClosed", counts.oversizeClosed())
        .put("overloadClosed", counts.overloadClosed())
        .put("silentDropped", counts.silentDropped())
        .put("slowDropped", counts.slowDropped())
        .put("unreadableActors", host.counts().unreadableActors())
        .put("eventsGivenUp", host.eventsGivenUp())
        .put("alarmsRung", host.alarmCounts().rung());
  }

  private JsonObject history() {
    List<NodeHistory.Sample> samples = history.samples();
    return new JsonObject()
        .put("stepMs", NodeHistory.STEP.toMillis())
        .put("samplesMax", NodeHistory.SAMPLES_MAX)
        .put("sockets", series(samples, NodeHistory.Sample::sockets))
        .put("awake", series(samples, NodeHistory.Sample::awake))
        .put("heapBytes", series(samples, NodeHistory.Sample::heapBytes))
        .put("upgrades", metered(samples, NodeHistory.Metered::upgradesRate))
        .put("messagesIn", series(samples, NodeHistory.Sample::messagesInRate))
        .put("messagesOut", series(samples, NodeHistory.Sample::messagesOutRate))
        .put("wakes", series(samples, NodeHistory.Sample::wakesRate))
        .put("turns", metered(samples, NodeHistory.Metered::turnsRate))
        .put("commitMedianMs", metered(samples, metered -> metered.commits().medianMs()))
        .put("commitTailMs", metered(samples, metered -> metered.commits().tailMs()));
  }

  private static JsonArray series(
      List<NodeHistory.Sample> samples, ToDoubleFunction<NodeHistory.Sample> value) {
    JsonArray series = new JsonArray();
    samples.forEach(sample -> series.add(rounded(value.applyAsDouble(sample))));
    return series;
  }

  private static JsonArray metered(
      List<NodeHistory.Sample> samples, ToDoubleFunction<NodeHistory.Metered> value) {
    JsonArray series = new JsonArray();
    for (NodeHistory.Sample sample : samples) {
      NodeHistory.Metered metered = sample.metered();
      series.add(metered == null ? null : rounded(value.applyAsDouble(metered)));
    }
    return series;
  }

  private static double rounded(double number) {
    return Math.round(number * 1e3) / 1e3;
  }
}
