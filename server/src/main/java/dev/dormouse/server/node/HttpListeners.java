package dev.dormouse.server.node;

import dev.dormouse.log.Log;
import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.observe.accesslog.AccessLog;
import dev.dormouse.server.options.NetworkTransport;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.options.ServerStartException;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.transport.Transport;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Opens the HTTP listeners for clients: one on each event loop, all on the same port. */
public final class HttpListeners {
  private static final Logger log = Log.of(HttpListeners.class);

  /**
   * The port number with which Vert.x chooses a free port; listeners with the same negative number
   * share the port.
   */
  private static final int ANY_SHARED_PORT = -1;

  private static final String NETTY_FOLDER = "io.netty.native.workdir";
  private static final Duration OPENING_LIMIT = Duration.ofSeconds(30);

  private final ServerOptions options;
  private final Vertx vertx;
  private final WebSocketGateway gateway;

  /** The access log; null if there is none. */
  private final @Nullable AccessLog accessLog;

  /** The port of the listeners; zero until it is known. */
  private volatile int port;

  /** Creates a set of listeners that are not open yet. */
  HttpListeners(
      ServerOptions options, Vertx vertx, WebSocketGateway gateway, @Nullable AccessLog accessLog) {
    this.options = options;
    this.vertx = vertx;
    this.gateway = gateway;
    this.accessLog = accessLog;
    this.port = options.port();
  }

  /**
   * Creates the Vert.x instance with the event loops of the listeners. Logs a warning if the
   * network runs without epoll, although nothing else was asked for, on a system that should have
   * it.
   *
   * @param scratch the folder in which Vert.x keeps files from the class path and Netty its native
   *     library; if the library cannot be loaded from there, Netty uses the JVM's temporary folder
   * @throws ServerStartException if the transport that the options name does not work here
   */
  static Vertx vertx(ServerOptions options, Path scratch) {
    if (System.getProperty(NETTY_FOLDER) == null && mayBeLoadedFrom(scratch)) {
      System.setProperty(NETTY_FOLDER, scratch.toString());
    }
    return Vertx.builder()
        .with(
            new VertxOptions()
                .setFileSystemOptions(
                    new FileSystemOptions()
                        .setFileCacheDirAsExactPath(true)
                        .setFileCacheDir(scratch.resolve("vertx-cache").toString()))
                .setEventLoopPoolSize(eventLoops(options)))
        .withTransport(transport(options.transport()))
        .build();
  }

  private static Transport transport(NetworkTransport asked) {
    return switch (asked) {
      case IO_URING -> checked(Transport.IO_URING, "io_uring");
      case EPOLL -> checked(Transport.EPOLL, "epoll");
      case NIO -> Transport.NIO;
      case AUTO -> ofThisSystem();
    };
  }

  private static Transport checked(@Nullable Transport asked, String name) {
    if (asked == null || !asked.available()) {
      throw new ServerStartException(
          "the transport %s does not work here: %s; choose another one with --transport, or auto"
              .formatted(
                  name,
                  asked == null
                      ? "its classes are not on the class path"
                      : innermost(asked.unavailabilityCause())),
          null);
    }
    return asked;
  }

  private static Transport ofThisSystem() {
    if (Transport.EPOLL != null && Transport.EPOLL.available()) {
      return Transport.EPOLL;
    }
    if (System.getProperty("os.name").equals("Linux")) {
      log.warn(
          "the network runs without epoll, which is slower: Netty's library cannot be loaded ({});"
              + " it needs a folder that is writable and not mounted noexec: name one with"
              + " java -Djava.io.tmpdir=FOLDER",
          Transport.EPOLL == null
              ? "no classes"
              : innermost(Transport.EPOLL.unavailabilityCause()));
    }
    return Transport.NIO;
  }

  /** Returns the name of the transport that the event loops use, as the option has it. */
  public String transport() {
    io.vertx.core.spi.transport.Transport used = ((VertxInternal) vertx).transport();
    return Stream.of(Transport.IO_URING, Transport.EPOLL, Transport.NIO)
        .filter(known -> known != null && known.implementation() == used)
        .findFirst()
        .orElseThrow()
        .name();
  }

  /**
   * Returns whether files of a folder may be loaded as code, which a file system mounted noexec
   * forbids.
   */
  private static boolean mayBeLoadedFrom(Path folder) {
    Path probe = folder.resolve("probe");
    try {
      boolean isExecutable =
          Files.createFile(probe).toFile().setExecutable(true) && Files.isExecutable(probe);
      Files.delete(probe);
      return isExecutable;
    } catch (IOException e) {
      return false;
    }
  }

  private static @Nullable String innermost(@Nullable Throwable failure) {
    Throwable cause = failure;
    while (cause != null && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause == null ? null : cause.getMessage();
  }

  /** Returns the number of event loops. */
  static int eventLoops(ServerOptions options) {
    return options.eventLoops().orElse(VertxOptions.DEFAULT_EVENT_LOOP_POOL_SIZE);
  }

  /**
   * Opens the listeners, which take new sockets in turn.
   *
   * @throws ServerStartException if the port cannot be opened
   */
  void open(Router router) {
    for (int i = 0; i < eventLoops(options); i++) {
      port = openOne(router).actualPort();
    }
  }

  private HttpServer openOne(Router router) {
    ContextInternal eventLoop = ((VertxInternal) vertx).createEventLoopContext();
    Promise<HttpServer> listening = eventLoop.promise();
    eventLoop.runOnContext(
        started ->
            vertx
                .createHttpServer(gateway.httpOptions().setAcceptBacklog(8192))
                .connectionHandler(gateway::meet)
                .requestHandler(inFrontOf(router))
                .listen(options.port() == 0 ? ANY_SHARED_PORT : options.port(), options.host())
                .onComplete(listening));
    return await(listening.future(), "--port " + options.port() + " on " + options.host());
  }

  private Handler<HttpServerRequest> inFrontOf(Router router) {
    Handler<HttpServerRequest> handler = gateway.inFrontOf(router);
    return accessLog == null ? handler : accessLog.inFrontOf(handler);
  }

  /**
   * Waits until a port is open.
   *
   * @param option the option that sets the port, for the message
   * @throws ServerStartException if the port cannot be opened
   */
  static <T> T await(Future<T> future, String option) {
    try {
      return future
          .toCompletionStage()
          .toCompletableFuture()
          .get(OPENING_LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new ServerStartException("cannot listen (%s): %s".formatted(option, e.getCause()), e);
    } catch (TimeoutException e) {
      throw new ServerStartException(
          "cannot listen (%s): the port did not open in time".formatted(option), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServerStartException("interrupted while starting", e);
    }
  }

  /** Returns the port of the listeners; zero if a free one was asked for and is not chosen yet. */
  public int port() {
    return port;
  }
}
