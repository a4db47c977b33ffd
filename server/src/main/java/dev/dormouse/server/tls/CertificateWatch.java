package dev.dormouse.server.tls;

import dev.dormouse.log.Log;
import dev.dormouse.server.gateway.edge.ServerTls;
import dev.dormouse.server.protocol.Time;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Takes new certificate files into use. The contents are compared, so it does not matter how they
 * come: written over, renamed, or behind links that are swapped, as Kubernetes does.
 *
 * <p>New files that cannot be used change nothing. That is logged and counted once, and not at the
 * first look: of chain and key, one is written after the other.
 *
 * <p>To be used by one thread at a time.
 */
public final class CertificateWatch {
  private static final Logger log = Log.of(CertificateWatch.class);

  private final TlsFiles files;
  private final Time time;
  private final ServerTls tls;

  /** What was there at the last look. */
  private Contents seen;

  /** Why that cannot be used; null if it is in use, or if it was told. */
  private @Nullable String untold;

  private CertificateWatch(TlsFiles files, Time time, Contents seen, ServerTls tls) {
    this.files = files;
    this.time = time;
    this.seen = seen;
    this.tls = tls;
  }

  /**
   * Reads the files.
   *
   * @throws IllegalArgumentException if they cannot be used; the message names the file and says
   *     why
   */
  public static CertificateWatch open(TlsFiles files, Time time) {
    Contents contents = Contents.read(files.paths());
    Certificate certificate = Certificate.of(files, contents);
    ServerTls tls = new ServerTls(certificate.keys());
    warn(certificate, time);
    return new CertificateWatch(files, time, contents, tls);
  }

  private static void warn(Certificate certificate, Time time) {
    certificate.warnings(time.instant()).forEach(log::warn);
  }

  /** What uses the certificate. */
  public ServerTls tls() {
    return tls;
  }

  /**
   * Looks whether there is a new certificate. To be called every few seconds; reads the files.
   *
   * @return whether one was taken into use
   */
  public boolean look() {
    Contents now = Contents.read(files.paths());
    if (!now.equals(seen)) {
      seen = now;
      untold = replace(now);
      return untold == null;
    }
    if (untold != null) {
      log.warn("the new certificate cannot be used, the old one stays: {}", untold);
      tls.refused();
      untold = null;
    }
    return false;
  }

  private @Nullable String replace(Contents contents) {
    try {
      Certificate certificate = Certificate.of(files, contents);
      tls.replace(certificate.keys());
      log.info("new connections get a new certificate: {}", certificate);
      warn(certificate, time);
      return null;
    } catch (RuntimeException e) {
      return e instanceof IllegalArgumentException ? String.valueOf(e.getMessage()) : e.toString();
    }
  }
}
