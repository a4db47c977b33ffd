package dev.dormouse.server.admin.metrics;

import dev.dormouse.server.observe.DormouseObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Registers meters for the events that an observer hears. Any thread. */
final class EventMeters implements DormouseObserver {
  private static final Set<String> METHODS =
      Set.of(
          "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE");

  private static final Duration[] BOUNDS = {
    Duration.ofNanos(50_000),
    Duration.ofNanos(200_000),
    Duration.ofMillis(1),
    Duration.ofMillis(5),
    Duration.ofMillis(20),
    Duration.ofMillis(100),
    Duration.ofMillis(500),
    Duration.ofSeconds(2),
    Duration.ofSeconds(10)
  };

  /** Holds the meters of one kind of turn, so that a turn looks up its three labels once. */
  private record Turns(Timer queue, Timer run, Timer commit, DistributionSummary stored) {}

  private record Kind(String type, String event, TurnOutcome outcome) {}

  private final MeterRegistry registry;
  private final ConcurrentHashMap<Kind, Turns> turns = new ConcurrentHashMap<>();
  private final MeterProvider<Timer> requests;
  private final MeterProvider<Timer> handshakes;
  private final MeterProvider<Timer> lifetimes;
  private final MeterProvider<Timer> wakes;
  private final MeterProvider<Timer> lives;
  private final MeterProvider<Timer> calls;
  private final MeterProvider<Counter> resets;
  private final MeterProvider<Counter> limits;
  private final MeterProvider<Counter> refusals;
  private final MeterProvider<Counter> bytes;

  EventMeters(MeterRegistry registry) {
    this.registry = registry;
    this.requests =
        timer("http.server.request.duration", "HTTP requests that were answered, but not with 101");
    this.handshakes = timer("dormouse.upgrade.duration", "upgrades, by their end");
    this.lifetimes = timer("dormouse.connection.duration", "connections that are closed");
    this.wakes = timer("dormouse.actor.wake.duration", "wakes, by kind of event");
    this.lives = timer("dormouse.actor.awake.duration", "time that actors were in memory");
    this.calls = timer("dormouse.call.duration", "calls to actors, by outcome");
    this.resets =
        Counter.builder("dormouse.actor.resets")
            .description("actors dropped because of a failure")
            .withRegistry(registry);
    this.limits =
        Counter.builder("dormouse.limits.hit")
            .description("limits that were hit")
            .withRegistry(registry);
    this.refusals =
        Counter.builder("dormouse.messages.refused")
            .description("messages that actors refused, by code")
            .withRegistry(registry);
    this.bytes =
        Counter.builder("dormouse.connection.payload")
            .description("payloads of connections that are closed")
            .baseUnit("bytes")
            .withRegistry(registry);
  }

  private MeterProvider<Timer> timer(String name, String what) {
    return Timer.builder(name)
        .description(what)
        .serviceLevelObjectives(BOUNDS)
        .withRegistry(registry);
  }

  private static void record(MeterProvider<Timer> timers, long ns, String... labels) {
    timers.withTags(labels).record(ns, TimeUnit.NANOSECONDS);
  }

  @Override
  public void requestEnded(RequestEnded ended) {
    record(
        requests,
        ended.tookNs(),
        "http.request.method",
        METHODS.contains(ended.method()) ? ended.method() : "_OTHER",
        "http.response.status_code",
        ended.status() == 0 ? "none" : String.valueOf(ended.status()));
  }

  @Override
  public void upgradeAccepted(UpgradeAccepted accepted) {
    record(handshakes, accepted.tookNs(), "outcome", "accepted");
  }

  @Override
  public void upgradeRejected(UpgradeRejected rejected) {
    record(handshakes, rejected.tookNs(), "outcome", "rejected");
  }

  @Override
  public void connectionClosed(ConnectionClosed closed) {
    String type = closed.actor().type();
    record(
        lifetimes, closed.lastedNs(), "type", type, "cause", lower(closed.reason().cause().name()));
    bytes.withTags("type", type, "direction", "in").increment((double) closed.bytesIn());
    bytes.withTags("type", type, "direction", "out").increment((double) closed.bytesOut());
  }

  @Override
  public void actorActivated(ActorActivated woken) {
    record(wakes, woken.tookNs(), "type", woken.actor().type(), "reason", woken.reason());
  }

  @Override
  public void actorHibernated(ActorHibernated hibernated) {
    record(lives, hibernated.activeNs(), "type", hibernated.actor().type());
  }

  @Override
  public void actorReset(ActorReset reset) {
    resets.withTags("type", reset.actor().type()).increment();
  }

  @Override
  public void callEnded(CallEnded ended) {
    record(
        calls,
        ended.tookNs(),
        "type",
        ended.actor().type(),
        "kind",
        ended.isTell() ? "tell" : "ask",
        "outcome",
        ended.outcome());
  }

  @Override
  public void limitHit(LimitHit hit) {
    limits.withTags("limit", hit.limit(), "outcome", hit.outcome()).increment();
  }

  @Override
  public void messageRefused(MessageRefused refused) {
    refusals.withTags("type", refused.actor().type(), "code", refused.code()).increment();
  }

  @Override
  public void turnEnded(TurnEnded ended) {
    Turns meters =
        turns.computeIfAbsent(
            new Kind(ended.actor().type(), ended.event(), ended.outcome()), this::turns);
    meters.queue.record(ended.queuedNs(), TimeUnit.NANOSECONDS);
    meters.run.record(ended.ranNs(), TimeUnit.NANOSECONDS);
    if (ended.storedBytes() > 0) {
      meters.commit.record(ended.commitNs(), TimeUnit.NANOSECONDS);
      meters.stored.record((double) ended.storedBytes());
    }
  }

  private Turns turns(Kind kind) {
    Map<String, String> labels =
        Map.of("type", kind.type, "event", kind.event, "outcome", lower(kind.outcome.name()));
    return new Turns(
        turnTimer("queue", "time that events waited for their actor", labels),
        turnTimer("run", "time that handlers ran, with all they waited for", labels),
        turnTimer("commit", "time to commit turns that stored something", labels),
        DistributionSummary.builder("dormouse.turn.stored")
            .description("keys and values that turns wrote")
            .baseUnit("bytes")
            .tags(tags(labels))
            .register(registry));
  }

  private Timer turnTimer(String part, String what, Map<String, String> labels) {
    return Timer.builder("dormouse.turn." + part + ".duration")
        .description(what)
        .serviceLevelObjectives(BOUNDS)
        .tags(tags(labels))
        .register(registry);
  }

  private static String[] tags(Map<String, String> labels) {
    return labels.entrySet().stream()
        .flatMap(label -> java.util.stream.Stream.of(label.getKey(), label.getValue()))
        .toArray(String[]::new);
  }

  private static String lower(String name) {
    return name.toLowerCase(Locale.ROOT);
  }
}
