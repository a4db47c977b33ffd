package dev.dormouse.server.admin.metrics;

import dev.dormouse.server.admin.AdminPage;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Time;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Answers {@code GET /metrics} on the admin port with the server's counts and measurements, in
 * Prometheus' text format.
 *
 * <p>Counts that the server keeps anyway cover the time since its start. Measurements that cost
 * time, those of durations and turns, begin with the first request for this page.
 */
public final class ServerMetrics implements AdminPage {
  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

  private final Vertx vertx;
  private final Observers observers;
  private final boolean isInCluster;
  private final RecentSnapshot snapshot;
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final DormouseObserver events;
  private final AtomicBoolean isListening = new AtomicBoolean();

  /** The meters for counts, of this page and of the application's registries. */
  private final Set<CountMeters> counts = ConcurrentHashMap.newKeySet();

  /**
   * Creates the metrics page of a server.
   *
   * @param look reads the server's counts; may take some milliseconds
   * @param isInCluster whether the server is a node of a cluster
   */
  public ServerMetrics(
      Vertx vertx, Observers observers, Supplier<Snapshot> look, Time time, boolean isInCluster) {
    this.vertx = vertx;
    this.observers = observers;
    this.isInCluster = isInCluster;
    this.snapshot = new RecentSnapshot(look, time);
    counts.add(new CountMeters(registry, snapshot, isInCluster));
    this.events = new EventMeters(registry);
    ProcessMeters.bind(registry);
  }

  /**
   * Registers the meters of this page with a registry of the application, except those of the JVM
   * and the process.
   *
   * @return removes the meters for counts, and ends the measurements
   */
  public Runnable registerWith(MeterRegistry registry) {
    CountMeters meters = new CountMeters(registry, snapshot, isInCluster);
    counts.add(meters);
    Runnable listening = observers.add(new EventMeters(registry));
    return () -> {
      listening.run();
      if (counts.remove(meters)) {
        meters.remove();
      }
    };
  }

  @Override
  public void mount(Router router) {
    router.get("/metrics").handler(this::show);
  }

  private void show(RoutingContext context) {
    if (isListening.compareAndSet(false, true)) {
      observers.add(events);
    }
    vertx
        .executeBlocking(this::text, false) // a queue is stuck once no thread could be made for it
        .onSuccess(text -> context.response().putHeader("Content-Type", TEXT).end(text))
        .onFailure(context::fail);
  }

  /** Returns the bytes of all files in a folder; approximate while files come and go. */
  public static long bytesIn(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.mapToLong(ServerMetrics::bytesOf).sum();
    } catch (IOException | UncheckedIOException goneMeanwhile) {
      return 0;
    }
  }

  private static long bytesOf(Path file) {
    try {
      return Files.isRegularFile(file) ? Files.size(file) : 0;
    } catch (IOException goneMeanwhile) {
      return 0;
    }
  }

  private String text() {
    snapshot.renew();
    return registry.scrape();
  }
}
