package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class VertxFactoryTest {

  @Test
  @EnabledOnOs(OS.LINUX)
  void usesTheNativeTransport(VertxTestContext context) {
    Vertx vertx = VertxFactory.create();
    assertThat(vertx.isNativeTransportEnabled()).isTrue();
    vertx.close().onComplete(context.succeedingThenComplete());
  }
}
