package dev.dormouse.server;

import dev.dormouse.server.tls.CertificateWatch;
import dev.dormouse.server.tls.TlsFiles;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServerOptions;
import org.jspecify.annotations.Nullable;

/** How the server listens for clients, in the words of Vert.x. */
final class Listening {
  /** To Vert.x, a negative port is a free one that all listeners with this number share. */
  private static final int ANY_SHARED_PORT = -1;

  /** The longest request line, in bytes [414]. */
  private static final int REQUEST_LINE_BYTES_MAX = 4 << 10;

  /** The most of all headers together, in bytes [431]. */
  private static final int HEADERS_BYTES_MAX = 8 << 10;

  private Listening() {}

  /** The port to listen on, the same for all listeners. */
  static int port(ServerOptions options) {
    return options.port() == 0 ? ANY_SHARED_PORT : options.port();
  }

  static int eventLoops(ServerOptions options) {
    return options.eventLoops() == 0
        ? VertxOptions.DEFAULT_EVENT_LOOP_POOL_SIZE
        : options.eventLoops();
  }

  /** What clients are shown; null without TLS. */
  static @Nullable CertificateWatch certificate(ServerOptions options) {
    TlsFiles tls = options.tls();
    return tls == null ? null : CertificateWatch.open(tls, options.time());
  }

  static HttpServerOptions http() {
    return new HttpServerOptions()
        .setHttp2ClearTextEnabled(false)
        .setMaxInitialLineLength(REQUEST_LINE_BYTES_MAX)
        .setMaxHeaderSize(HEADERS_BYTES_MAX)
        .setPerMessageWebSocketCompressionSupported(false)
        .setPerFrameWebSocketCompressionSupported(false)
        .setAcceptBacklog(8192)
        .setTcpNoDelay(true);
  }
}
