package dev.dormouse.server.admin.metrics;

import dev.dormouse.server.admin.AdminPage;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.Observers;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
  private final Supplier<Snapshot> look;
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final CountMeters counts;
  private final DormouseObserver events;
  private final AtomicBoolean isListening = new AtomicBoolean();

  /**
   * Creates the metrics page of a server.
   *
   * @param look reads the server's counts; may take some milliseconds
   * @param isInCluster whether the server is a node of a cluster
   */
  public ServerMetrics(
      Vertx vertx, Observers observers, Supplier<Snapshot> look, boolean isInCluster) {
    this.vertx = vertx;
    this.observers = observers;
    this.look = look;
    this.counts = new CountMeters(registry, isInCluster);
    this.events = new EventMeters(registry);
    ProcessMeters.bind(registry);
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
    counts.take(look.get());
    return registry.scrape();
  }
}
