package dev.dormouse.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.Call;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.Dormouse;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.UnsatisfiedDependencyException;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.context.ApplicationContextException;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Scope;
import org.springframework.stereotype.Component;

/** Runs the server in application contexts of Spring, without Spring Boot's web server. */
class ActorServerTest {
  private static final ServerOptions OPTIONS =
      ServerOptions.defaults().port(0).adminPort(0).durability(Durability.MEMORY);

  public record Add(int number) implements Call<Integer> {}

  /** Adds what the service says to what it is told. */
  @ActorRoute(path = "/sum/:key")
  static class Sum extends WebSocketActor<Void> {
    private final Offset offset;

    Sum(Offset offset) {
      this.offset = offset;
    }

    int onCall(Add call) {
      return call.number() + offset.number();
    }
  }

  /** The actor of a type with options; its bean is made without {@link ActorRoute}. */
  @Component
  @Scope("prototype")
  static class Own extends WebSocketActor<Void> {}

  static class WithOptions {
    // tag::options
    @Bean
    Dormouse description(ObjectProvider<Own> objects) {
      return Dormouse.server().actor("/o/:key", Own.class, objects::getObject, o -> o.name("o"));
    }
    // end::options
  }

  record Offset(int number) {}

  @ActorRoute(path = "/plain/:key")
  static class Plain extends WebSocketActor<Void> {}

  @ActorRoute(path = "/one/:key")
  @Scope("singleton")
  static class OneForAll extends WebSocketActor<Void> {}

  @ActorRoute(path = "/no-actor/:key")
  static class NoActor {}

  private static AnnotationConfigApplicationContext context(Class<?>... beans) {
    AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
    context.registerBean(ServerOptions.class, () -> OPTIONS);
    context.registerBean(MeterRegistry.class, () -> new SimpleMeterRegistry());
    for (Class<?> bean : beans) {
      context.register(bean);
    }
    context.register(DormouseAutoConfiguration.class, DormouseBoot3HealthAutoConfiguration.class);
    return context;
  }

  private static void assertStartFails(
      AnnotationConfigApplicationContext context, String... partsOfLine) {
    assertThatThrownBy(context::refresh)
        .rootCause()
        .satisfies(cause -> assertThat(cause.getMessage()).contains(partsOfLine))
        .isInstanceOf(IllegalArgumentException.class);
    context.close();
  }

  @Test
  void anActorHasItsServicesAndIsCalledThroughTheServer() throws Exception {
    try (AnnotationConfigApplicationContext context = context(Sum.class)) {
      context.registerBean(Offset.class, () -> new Offset(40));
      context.refresh();
      ActorServer server = context.getBean(ActorServer.class);

      assertThat(server.actor(Sum.class, "a").ask(new Add(2)).toCompletableFuture().get())
          .isEqualTo(42);
    }
  }

  @Test
  void aContextThatStopsAndStartsAgainHasTheSameActorTypesAndMeters() {
    try (AnnotationConfigApplicationContext context = context(Plain.class)) {
      context.refresh();
      ActorServer server = context.getBean(ActorServer.class);
      HealthIndicator health = context.getBean(HealthIndicator.class);
      Supplier<Gauge> meter =
          () -> context.getBean(MeterRegistry.class).find("dormouse.connections").gauge();
      assertThat(health.health().getStatus().getCode()).isEqualTo("UP");
      assertThat(meter.get().value()).isZero();

      context.stop();

      assertThat(health.health().getStatus().getCode()).isEqualTo("DOWN");
      assertThat(health.health().getDetails()).containsEntry("reason", "not running");
      assertThat(meter.get()).isNull();
      assertThatThrownBy(() -> server.actor(Plain.class, "a"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("does not run");

      context.start();

      assertThat(server.actor(Plain.class, "a").id().key()).isEqualTo("a");
      assertThat(meter.get().value()).isZero();
    }
  }

  @Test
  void anActorTypeWithOptionsIsPartOfADescriptionOfTheApplication() {
    try (AnnotationConfigApplicationContext context = context(Own.class, WithOptions.class)) {
      context.refresh();

      assertThat(context.getBean(ActorServer.class).actor(Own.class, "a").id().type())
          .isEqualTo("o");
    }
  }

  @Test
  void aMissingServiceStopsTheStart() {
    AnnotationConfigApplicationContext context = context(Sum.class);

    assertThatThrownBy(context::refresh)
        .hasCauseInstanceOf(UnsatisfiedDependencyException.class)
        .hasMessageContaining("actorServer");
    context.close();
  }

  @Test
  void beansThatCannotBeActorsStopTheStartWithALineThatSaysWhy() {
    assertStartFails(context(OneForAll.class), "OneForAll'", "is no prototype");
    assertStartFails(context(NoActor.class), "NoActor", "does not extend WebSocketActor");
    AnnotationConfigApplicationContext proxying = context(Plain.class);
    proxying.registerBean(Proxying.class);
    assertStartFails(proxying, "the actor Plain would be wrapped in a proxy");
  }

  @Test
  void theReasonIsAllThatSpringBootPrints() {
    ActorServerException reason = new ActorServerException("Netty 4.1.128 is too old", null);

    FailureAnalysis printed =
        new ActorServerFailureAnalyzer()
            .analyze(new ApplicationContextException("Failed to start bean", reason));

    assertThat(printed.getDescription()).isEqualTo("Dormouse: Netty 4.1.128 is too old");
    assertThat(printed.getAction()).isNull();
  }

  /** Wraps each actor in a proxy, as the post-processors of transactions do. */
  static final class Proxying implements BeanPostProcessor {
    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
      if (!(bean instanceof WebSocketActor<?>)) {
        return bean;
      }
      ProxyFactory proxies = new ProxyFactory(bean);
      proxies.setProxyTargetClass(true);
      return proxies.getProxy();
    }
  }
}
