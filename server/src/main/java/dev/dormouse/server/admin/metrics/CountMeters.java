package dev.dormouse.server.admin.metrics;

import dev.dormouse.log.Log;
import dev.dormouse.server.cluster.ClusterStatus;
import dev.dormouse.server.gateway.limits.Refusal;
import dev.dormouse.server.gateway.limits.RequestLimit;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * Registers meters for the server's own counts, which read a {@link Snapshot}. A registry does not
 * keep this object from being collected: the caller must.
 */
final class CountMeters {
  private static final double NS_PER_SECOND = 1e9;

  private final MeterRegistry registry;

  private final Supplier<Snapshot> snapshots;
  private final List<Meter> meters = new ArrayList<>();

  CountMeters(MeterRegistry registry, Supplier<Snapshot> snapshots, boolean isInCluster) {
    this.registry = registry;
    this.snapshots = snapshots;
    connections();
    drops();
    cutOff();
    actors();
    handlers();
    edge();
    stalls();
    if (isInCluster) {
      cluster();
    }
  }

  /** Removes the meters from the registry. */
  void remove() {
    meters.forEach(registry::remove);
  }

  private void connections() {
    gauge("dormouse.connections", "sockets that are open, or closing", s -> s.gateway().sockets());
    gauge(
        "http.server.open_connections",
        "TCP connections that speak HTTP",
        s -> s.gateway().httpConnections());
    gauge(
        "http.server.active_requests",
        "HTTP requests that wait for their answer",
        Snapshot::activeRequests);
    gauge(
        "dormouse.upgrades.pending",
        "upgrades that wait for their actor",
        s -> s.gateway().upgrades());
    for (Refusal why : Refusal.values()) {
      counter(
          "dormouse.upgrades.refused",
          "upgrades that were not answered 101",
          s -> s.gateway().refused(why),
          "reason",
          why.name().toLowerCase(Locale.ROOT));
    }
    String messages = "whole messages, by direction";
    counter("dormouse.messages", messages, s -> s.gateway().messagesIn(), "direction", "in");
    counter("dormouse.messages", messages, s -> s.gateway().messagesOut(), "direction", "out");
    counter(
        "dormouse.auto_replies",
        "messages answered without their actor",
        s -> s.gateway().autoReplies());
    counter("dormouse.pings", "pings sent to silent clients", s -> s.gateway().pings());
    counter("dormouse.pongs", "pongs received", s -> s.gateway().pongs());
    gauge(
        "dormouse.outbound.held",
        "bytes that wait for clients to read them",
        "bytes",
        Snapshot::outboundBytes);
    gauge(
        "dormouse.deflate.contexts",
        "compressors and inflaters in native memory",
        s -> s.gateway().deflateContexts());
  }

  private void drops() {
    dropped("after_close", s -> s.gateway().droppedIn());
    dropped("connection_gone", s -> s.gateway().droppedOut());
    dropped("slow_client", s -> s.gateway().slowDropped());
    dropped("conflated", s -> s.gateway().conflated());
    closed("slow_client", s -> s.gateway().slowClosed());
    closed("too_many_messages", s -> s.gateway().hastyClosed());
    closed("unhandled_message", s -> s.gateway().unhandledClosed());
    closed("message_too_long", s -> s.gateway().oversizeClosed());
    closed("silent", s -> s.gateway().silentDropped());
    closed("overload", s -> s.gateway().overloadClosed());
    closed("host_lost", s -> s.gateway().hostlessClosed());
    counter(
        "dormouse.releases.stale",
        "outputs of turns that were refused, because their host owns the actor no longer",
        s -> s.gateway().staleReleases());
  }

  private void cutOff() {
    for (RequestLimit limit : RequestLimit.values()) {
      counter(
          "dormouse.requests.cut_off",
          "plain requests that were ended by a limit",
          s -> s.gateway().cutOff().getOrDefault(limit, 0L),
          "limit",
          limit.name().toLowerCase(Locale.ROOT));
    }
  }

  private void dropped(String reason, ToDoubleFunction<Snapshot> value) {
    counter("dormouse.messages.dropped", "messages not delivered", value, "reason", reason);
  }

  private void closed(String reason, ToDoubleFunction<Snapshot> value) {
    counter(
        "dormouse.connections.closed_by_limit",
        "connections that the server closed because a limit was hit",
        value,
        "reason",
        reason);
  }

  private void actors() {
    gauge("dormouse.actors.awake", "actors in memory", Snapshot::awakeActors);
    gauge(
        "dormouse.actors.asleep",
        "actors with sockets here that are not in memory",
        Snapshot::asleepActors);
    gauge(
        "dormouse.closes.owed",
        "connections that ended without their onClose having taken effect",
        Snapshot::owedCloses);
    counter("dormouse.events.given_up", "events that were given up", Snapshot::eventsGivenUp);
    counter(
        "dormouse.releases.dropped",
        "outputs of turns for gateways that did not announce their sockets in time",
        Snapshot::releasesDropped);
    counter(
        "dormouse.events.refused",
        "events of actors that cannot be read",
        s -> s.host().refusedEvents());
    unreadable("actor", s -> s.host().unreadableActors());
    unreadable("connection", s -> s.host().unreadableConnections());
    unreadable("attachment", s -> s.host().unreadableAttachments());
    unreadable("value", s -> s.host().unreadableValues());
    counter(
        "dormouse.leftovers.unclosed",
        "connections of a dead process whose actor cannot be read",
        s -> s.host().unclosedLeftovers());
    gauge("dormouse.alarms.under_way", "alarms not settled yet", s -> s.alarms().underWay());
    alarms("rung", s -> s.alarms().rung());
    alarms("failed", s -> s.alarms().failed());
    alarms("given_up", s -> s.alarms().givenUp());
    gauge(
        "dormouse.alarms.overdue",
        "alarms that have been due for more than 10 s, of which at most 1,000 are counted",
        Snapshot::overdueAlarms);
    gauge(
        "dormouse.alarms.unhosted_types",
        "actor types with due alarms that are not registered",
        s -> s.alarms().unhosted());
    counter("dormouse.store.commits", "commits that are done", s -> s.commits().commits());
    counter(
        "dormouse.store.writes",
        "writes of the engine in which commits were kept, each of a group",
        s -> s.commits().writes());
    gauge("dormouse.store.size", "size of the data folder", "bytes", Snapshot::storeBytes);
  }

  private void unreadable(String what, ToDoubleFunction<Snapshot> value) {
    counter("dormouse.unreadable", "stored data that cannot be read, by kind", value, "what", what);
  }

  private void alarms(String outcome, ToDoubleFunction<Snapshot> value) {
    counter("dormouse.alarms", "alarms, by outcome", value, "outcome", outcome);
  }

  private void handlers() {
    gauge(
        "dormouse.handlers.oldest_waiting",
        "time that the oldest event of a handler that may block has waited for a thread",
        "seconds",
        s -> s.oldestWaitingNs() / 1e9);
    counter(
        "dormouse.handlers.threads_refused",
        "threads for handlers that could not be made",
        Snapshot::refusedThreads);
  }

  private void stalls() {
    for (String part : List.of("event_loop", "acceptor", "store", "alarms", "rounds")) {
      meters.add(
          Gauge.builder(
                  "dormouse.stalled",
                  this,
                  self -> self.read(s -> s.stillNs().getOrDefault(part, 0L) / NS_PER_SECOND))
              .description("time for which a part with work to do has made no progress")
              .baseUnit("seconds")
              .tag("part", part)
              .register(registry));
    }
  }

  private void edge() {
    counter(
        "dormouse.tls.failed", "TLS handshakes that failed", s -> s.gateway().edge().tlsFailed());
    counter(
        "dormouse.proxy_headers.refused",
        "connections refused for their PROXY header",
        s -> s.gateway().edge().proxyHeadersRefused());
    String certificates = "new certificate files, by outcome";
    counter(
        "dormouse.certificates",
        certificates,
        s -> s.gateway().edge().certificatesReplaced(),
        "outcome",
        "used");
    counter(
        "dormouse.certificates",
        certificates,
        s -> s.gateway().edge().certificatesRefused(),
        "outcome",
        "refused");
    counter(
        "dormouse.observer.failures",
        "exceptions that observers threw",
        Snapshot::observerFailures);
    counter(
        "dormouse.log.lines.lost",
        "log lines and prints that were lost, because the log was read too slowly",
        unused -> Log.lost());
  }

  private void cluster() {
    gauge(
        "dormouse.cluster.nodes_up",
        "nodes of the cluster that are up, as this node knows",
        ofCluster(ClusterStatus::nodesUp));
    gauge(
        "dormouse.cluster.groups_led",
        "groups of shards that this node leads",
        ofCluster(status -> status.led().size()));
    gauge(
        "dormouse.cluster.groups_leaderless",
        "groups of shards of which this node knows no leader",
        ofCluster(ClusterStatus::leaderless));
    gauge(
        "dormouse.cluster.lag",
        "entries that a node is behind in a group that this node leads, the most of all groups",
        ofCluster(ClusterStatus::lag));
    counter(
        "dormouse.cluster.takeovers",
        "changes of the owner's epoch that this node has seen, of all groups",
        ofCluster(ClusterStatus::takeovers));
  }

  private static ToDoubleFunction<Snapshot> ofCluster(ToDoubleFunction<ClusterStatus> value) {
    return snapshot -> {
      ClusterStatus status = snapshot.cluster();
      return status == null ? 0 : value.applyAsDouble(status);
    };
  }

  private void gauge(String name, String what, ToDoubleFunction<Snapshot> value) {
    meters.add(
        Gauge.builder(name, this, self -> self.read(value)).description(what).register(registry));
  }

  private void gauge(String name, String what, String unit, ToDoubleFunction<Snapshot> value) {
    meters.add(
        Gauge.builder(name, this, self -> self.read(value))
            .description(what)
            .baseUnit(unit)
            .register(registry));
  }

  private void counter(
      String name, String what, ToDoubleFunction<Snapshot> value, String... labels) {
    meters.add(
        FunctionCounter.builder(name, this, self -> self.read(value))
            .description(what)
            .tags(labels)
            .register(registry));
  }

  private double read(ToDoubleFunction<Snapshot> value) {
    return value.applyAsDouble(snapshots.get());
  }
}
