package dev.dormouse.server.gateway;

import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.protocol.Time;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Opens gateways for the tests of a class. A gateway that a test opens is closed after the test.
 * One that is opened before the first test is closed after the last, and so is Vert.x, which all
 * tests of the class share.
 */
public final class GatewayExtension
    implements BeforeEachCallback, AfterEachCallback, AfterAllCallback {
  /** The Vert.x of the class whose tests run; null between the classes that inherit this object. */
  private @Nullable Vertx vertx;

  /** The gateways that are open, the newest first. */
  private final Deque<TestServer> open = new ArrayDeque<>();

  /** The number of gateways that were open when the current test began. */
  private int openBefore;

  /** Returns the Vert.x that the tests of the class share. */
  public Vertx vertx() {
    Vertx shared = vertx == null ? TestServer.vertx() : vertx;
    vertx = shared;
    return shared;
  }

  /** Opens a gateway with the default options. */
  public TestServer open() {
    return opened(new TestServer(vertx()));
  }

  /** Opens a gateway. */
  public TestServer open(GatewayOptions options) {
    return opened(new TestServer(vertx(), options));
  }

  /** Opens a gateway with a clock of the test's own. */
  public TestServer open(GatewayOptions options, Time time) {
    return opened(new TestServer(vertx(), options, time));
  }

  /** Opens a gateway whose actors move between hosts. */
  public TestServer open(GatewayOptions options, Time time, FakeHosts hosts) {
    return open(options, time, hosts, router -> {});
  }

  /** Opens a gateway whose actors move between hosts, behind routes of the test's own. */
  public TestServer open(
      GatewayOptions options, Time time, FakeHosts hosts, Consumer<Router> before) {
    return opened(new TestServer(vertx(), options, time, before, hosts));
  }

  /**
   * Opens a gateway behind routes of the test's own.
   *
   * @param before adds the routes
   */
  public TestServer open(GatewayOptions options, Consumer<Router> before) {
    return opened(new TestServer(vertx(), options, before));
  }

  private TestServer opened(TestServer server) {
    open.push(server);
    return server;
  }

  @Override
  public void beforeEach(ExtensionContext test) {
    openBefore = open.size();
  }

  @Override
  public void afterEach(ExtensionContext test) {
    close(openBefore);
  }

  @Override
  public void afterAll(ExtensionContext tests) {
    close(0);
    if (vertx != null) {
      TestServer.await(vertx.close());
      vertx = null;
    }
  }

  private void close(int left) {
    while (open.size() > left) {
      open.pop().close();
    }
  }
}
