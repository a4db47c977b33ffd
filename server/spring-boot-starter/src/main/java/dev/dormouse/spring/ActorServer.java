package dev.dormouse.spring;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.OutsideRef;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.Dormouse;
import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.options.ServerStartException;
import dev.dormouse.storage.StoreOpenException;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Runs the actors' server for as long as the application context runs, on a port of its own. Beans
 * call actors through {@link #actor}.
 *
 * <p>The server starts before the application's web server and stops after it, so that controllers
 * always find it. The stop is that of {@link DormouseServer#close}: each client gets a close frame,
 * and handlers still have all beans. Any thread.
 */
public final class ActorServer implements SmartLifecycle {
  /** The phase of the server in the life of the context, which is below that of web servers. */
  public static final int PHASE = DEFAULT_PHASE - 4096;

  private static final Logger log = Log.of(ActorServer.class);

  private final ConfigurableListableBeanFactory beans;
  private final Dormouse description;
  private final ServerOptions options;
  private final ObjectProvider<MeterRegistry> registries;

  /** True once the description has the actor types of the beans. Only the lifecycle uses it. */
  private boolean isComplete;

  /** The running server; null before the start and after the stop. */
  private volatile @Nullable DormouseServer server;

  /** Removes the server's meters from the application's registry. */
  private volatile Runnable unmetered = () -> {};

  ActorServer(
      ConfigurableListableBeanFactory beans,
      Dormouse description,
      ServerOptions options,
      ObjectProvider<MeterRegistry> registries) {
    this.beans = beans;
    this.description = description;
    this.options = options;
    this.registries = registries;
  }

  /**
   * Returns a reference to an actor, by which a controller, a scheduled method or a listener calls
   * it. The reference may be kept until the context stops.
   *
   * @throws IllegalStateException if the server does not run
   * @throws IllegalArgumentException if the server has no actor type of this class or more than
   *     one, or the key cannot be one
   */
  public <T extends WebSocketActor<?>> OutsideRef<T> actor(Class<T> type, String key) {
    return server().actor(type, key);
  }

  /**
   * Returns the running server, which has the port, counts, backups and more.
   *
   * @throws IllegalStateException if the server does not run
   */
  public DormouseServer server() {
    DormouseServer running = server;
    if (running == null) {
      throw new IllegalStateException(
          "the actors' server does not run: it starts once all beans are made, and stops with the"
              + " application context");
    }
    return running;
  }

  /** Returns why the server is not ready for clients; empty if it is ready. */
  public Optional<String> whyNotReady() {
    DormouseServer running = server;
    return running == null ? Optional.of("not running") : running.whyNotReady();
  }

  @Override
  public void start() {
    DormouseServer opened;
    try {
      if (!isComplete) {
        addActors();
        isComplete = true;
      }
      opened = description.open(options);
    } catch (StoreOpenException | ServerStartException | IllegalArgumentException e) {
      throw new ActorServerException(String.valueOf(e.getMessage()), e);
    }
    registries.ifAvailable(registry -> unmetered = opened.meters(registry));
    server = opened;
    log.info(
        "the actors' server listens on port {} of {}; its dashboard is at {}",
        opened.port(),
        options.host(),
        opened.adminUrl());
  }

  @Override
  public void stop() {
    DormouseServer running = server;
    if (running != null) {
      running.close();
      server = null;
      unmetered.run();
    }
  }

  @Override
  public boolean isRunning() {
    return server != null;
  }

  @Override
  public int getPhase() {
    return PHASE;
  }

  private void addActors() {
    for (String name : beans.getBeanNamesForAnnotation(ActorRoute.class)) {
      ActorRoute route = beans.findAnnotationOnBean(name, ActorRoute.class);
      Class<?> type = beans.getType(name);
      if (route != null && type != null) {
        add(name, route.path(), actorClass(name, type));
      }
    }
  }

  @SuppressWarnings("unchecked") // the wildcard of a class that extends WebSocketActor
  private Class<? extends WebSocketActor<?>> actorClass(String name, Class<?> type) {
    if (!WebSocketActor.class.isAssignableFrom(type)) {
      throw new IllegalArgumentException(
          "%s has @ActorRoute and does not extend WebSocketActor".formatted(type.getName()));
    }
    if (!beans.isPrototype(name)) {
      throw new IllegalArgumentException(
          "bean '%s' has @ActorRoute and is no prototype; remove its @Scope, since an actor needs a"
                  .formatted(name)
              + " new object each time it wakes");
    }
    return (Class<? extends WebSocketActor<?>>) type;
  }

  private <T extends WebSocketActor<?>> void add(String name, String path, Class<T> type) {
    if (AopUtils.isAopProxy(beans.getBean(name, type))) {
      throw new IllegalArgumentException(
          "the actor %s would be wrapped in a proxy, as @Transactional and @Async do; put the"
                  .formatted(type.getSimpleName())
              + " annotation on a service that the actor uses");
    }
    description.actor(path, type, () -> beans.getBean(name, type));
  }
}
