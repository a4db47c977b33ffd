package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.observe.accesslog.AccessLog;
import dev.dormouse.server.observe.accesslog.AccessLogFormat;
import dev.dormouse.server.options.ServerOptions;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.auth.User;
import io.vertx.ext.auth.authentication.Credentials;
import io.vertx.ext.auth.authentication.UsernamePasswordCredentials;
import io.vertx.ext.web.handler.BasicAuthHandler;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Checks the lines that a running server writes into its access log. */
class AccessLogLinesTest {
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> arrived = new LinkedBlockingQueue<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger(AccessLog.LOGGER);
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          lines.add(event.getFormattedMessage());
        }
      };

  @BeforeEach
  void listen() {
    appender.start();
    logger.addAppender(appender);
    logger.setAdditive(false);
    logger.setLevel(Level.INFO);
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(appender);
    logger.setAdditive(true);
    logger.setLevel(null);
  }

  private DormouseServer open(AccessLogFormat format) {
    return Desk.open(
        ServerOptions.defaults().accessLog(format),
        options -> options,
        (router, self) -> {
          router.route("/closed/*").handler(request -> request.fail(403));
          router
              .route("/desk/guarded")
              .handler(
                  BasicAuthHandler.create(
                      given -> Future.succeededFuture(User.fromName(nameOf(given)))));
          router.route("/slow").handler(request -> arrived.add(request.request().path()));
        });
  }

  private static String nameOf(Credentials given) {
    return ((UsernamePasswordCredentials) given).getUsername();
  }

  private JsonObject next() throws InterruptedException {
    String line = lines.poll(30, TimeUnit.SECONDS);
    assertThat(line).isNotNull();
    return new JsonObject(line);
  }

  @Test
  @DisplayName("C11 N9 plain requests, and upgrades that are declined, have one line each")
  void plainRequestsAndUpgradesThatAreDeclinedHaveOneLineEach() throws Exception {
    try (DormouseServer server = open(AccessLogFormat.JSON)) {
      Desk.get(server, "/desk/one?token=s3cret", "User-Agent: a\"b");
      JsonObject plain = next();
      assertThat(plain.getString("event")).isEqualTo("request");
      assertThat(plain.getString("client")).isEqualTo("127.0.0.1");
      assertThat(plain.getString("path")).isEqualTo("/desk/one");
      assertThat(plain.getInteger("status")).isEqualTo(200);
      assertThat(plain.getInteger("bytesOut")).isEqualTo("hello nobody".length());
      assertThat(plain.getString("agent")).isEqualTo("a\"b");
      assertThat(plain.encode()).doesNotContain("s3cret");
      for (String path : new String[] {"/closed/one", "/nowhere", "/desk/%00"}) {
        int status = Desk.upgrade(server, path).status();
        JsonObject declined = next();
        assertThat(declined.getString("event")).isEqualTo("request");
        assertThat(declined.getString("path")).isEqualTo(path);
        assertThat(declined.getInteger("status")).isEqualTo(status).isBetween(400, 404);
      }
      assertThat(Desk.get(server, "/%zz").status()).isEqualTo(400);
      assertThat(next().getInteger("status")).isEqualTo(400);
      try (RawClient client = new RawClient(server.port())) {
        client.send("GET /slow HTTP/1.1\r\nHost: dormouse.test\r\n\r\n");
        assertThat(arrived.poll(30, TimeUnit.SECONDS)).isEqualTo("/slow");
        client.reset();
      }
      JsonObject gone = next();
      assertThat(gone.getString("path")).isEqualTo("/slow");
      assertThat(gone.getInteger("status")).isNull();
    }
    assertThat(lines).isEmpty();
  }

  @Test
  @DisplayName("C11 N9 a connection has one line at its 101 and one at its close, and no other")
  void aConnectionHasOneLineAtIts101AndOneAtItsCloseAndNoOther() throws Exception {
    try (DormouseServer server = open(AccessLogFormat.JSON)) {
      try (RawClient client = new RawClient(server.port())) {
        client.open("/desk/one?token=s3cret", "User-Agent: raw");
        JsonObject upgrade = next();
        assertThat(upgrade.getString("event")).isEqualTo("upgrade");
        assertThat(upgrade.getInteger("status")).isEqualTo(101);
        assertThat(upgrade.getString("client")).isEqualTo("127.0.0.1");
        assertThat(upgrade.getString("path")).isEqualTo("/desk/one");
        assertThat(upgrade.getString("agent")).isEqualTo("raw");
        assertThat(upgrade.getLong("tookUs")).isPositive();
        assertThat(upgrade.encode()).doesNotContain("s3cret");
        String welcome = client.readText();
        String answer = client.text("hi").readText();
        client.send(RawClient.closeFrame(4000, "bye")).awaitEnd();
        JsonObject close = next();
        assertThat(close.getString("event")).isEqualTo("close");
        assertThat(close.getInteger("code")).isEqualTo(4000);
        assertThat(close.getString("cause")).isEqualTo("CLIENT");
        assertThat(close.getString("path")).isEqualTo("/desk/one");
        assertThat(close.getString("connection")).isEqualTo(upgrade.getString("connection"));
        assertThat(close.getLong("bytesIn")).isGreaterThanOrEqualTo("hi".length());
        assertThat(close.getLong("bytesOut"))
            .isGreaterThanOrEqualTo(welcome.length() + answer.length());
        assertThat(close.getLong("tookUs")).isPositive();
      }
      assertThat(Desk.get(server, "/nowhere").status()).isEqualTo(404);
      assertThat(next().getInteger("status")).isEqualTo(404);
    }
    assertThat(lines).isEmpty();
  }

  @Test
  @DisplayName(
      "C11 who was authenticated is in both lines of a connection, as in that of a request")
  void whoWasAuthenticatedIsInBothLinesOfAConnectionAsInThatOfARequest() throws Exception {
    try (DormouseServer server = open(AccessLogFormat.JSON)) {
      String ada = "Authorization: Basic YWRhOnNlY3JldA==";
      assertThat(Desk.get(server, "/desk/guarded", ada).status()).isEqualTo(200);
      assertThat(next().getString("user")).isEqualTo("ada");
      assertThat(Desk.upgrade(server, "/desk/guarded", ada).status()).isEqualTo(101);
      for (String event : new String[] {"upgrade", "close"}) {
        JsonObject line = next();
        assertThat(line.getString("event")).isEqualTo(event);
        assertThat(line.getString("user")).isEqualTo("ada");
      }
    }
    assertThat(lines).isEmpty();
  }

  @Test
  @DisplayName("there is no access log if it is off")
  void thereIsNoAccessLogUnlessItIsWanted() {
    try (DormouseServer server = open(AccessLogFormat.OFF)) {
      assertThat(Desk.get(server, "/desk/one").status()).isEqualTo(200);
      assertThat(Desk.upgrade(server, "/desk/one").status()).isEqualTo(101);
    }
    assertThat(lines).isEmpty();
  }
}
