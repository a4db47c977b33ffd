package dev.dormouse.server.gateway.edge;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLException;

/**
 * TLS 1.3 and 1.2 with a certificate that may be replaced. New connections get the new certificate;
 * open connections continue with the old one. Only HTTP/1.1 is offered (ALPN, RFC 7301), because
 * WebSockets over HTTP/2 (RFC 8441) are not served. Any thread may use it.
 */
public final class ServerTls {
  private static final ApplicationProtocolConfig HTTP_1_1 =
      new ApplicationProtocolConfig(
          Protocol.ALPN,
          SelectorFailureBehavior.NO_ADVERTISE,
          SelectedListenerFailureBehavior.ACCEPT,
          ApplicationProtocolNames.HTTP_1_1);

  /** The ciphers with forward secrecy and authenticated encryption (RFC 9325, section 4.2). */
  private static final List<String> CIPHERS =
      List.of(
          "TLS_AES_128_GCM_SHA256",
          "TLS_AES_256_GCM_SHA384",
          "TLS_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

  /**
   * The JDK's property that forbids renegotiation, by which a client of TLS 1.2 could demand
   * handshakes for ever. The JDK reads it once.
   */
  private static final String NO_RENEGOTIATION = "jdk.tls.rejectClientInitiatedRenegotiation";

  static {
    if (System.getProperty(NO_RENEGOTIATION) == null) {
      System.setProperty(NO_RENEGOTIATION, "true");
    }
  }

  private final LongAdder replaced = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private volatile SslContext context;

  /**
   * Creates TLS with a certificate and its key.
   *
   * @throws IllegalArgumentException if certificate and key cannot be used for TLS
   */
  public ServerTls(KeyManagerFactory certificate) {
    context = contextOf(certificate);
  }

  private static SslContext contextOf(KeyManagerFactory certificate) {
    try {
      return SslContextBuilder.forServer(certificate)
          .sslProvider(SslProvider.JDK)
          .protocols("TLSv1.3", "TLSv1.2")
          .ciphers(CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
          .applicationProtocolConfig(HTTP_1_1)
          .build();
    } catch (SSLException e) {
      throw new IllegalArgumentException("it cannot be used for TLS: " + e.getMessage(), e);
    }
  }

  /**
   * Replaces the certificate for new connections.
   *
   * @throws IllegalArgumentException if the certificate cannot be used for TLS; then nothing
   *     changes
   */
  public void replace(KeyManagerFactory certificate) {
    context = contextOf(certificate);
    replaced.increment();
  }

  /** Counts a new certificate that could not be used. */
  public void refused() {
    refused.increment();
  }

  long replacedCount() {
    return replaced.sum();
  }

  long refusedCount() {
    return refused.sum();
  }

  /**
   * Creates the TLS handler of a new connection.
   *
   * @param handshake the longest time for the handshake, after which the connection is closed
   */
  SslHandler handler(ByteBufAllocator allocator, Duration handshake) {
    SslHandler handler = context.newHandler(allocator);
    handler.setHandshakeTimeoutMillis(handshake.toMillis());
    return handler;
  }
}
