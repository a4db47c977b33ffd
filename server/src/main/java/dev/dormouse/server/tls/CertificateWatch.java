package dev.dormouse.server.tls;

import dev.dormouse.log.Log;
import dev.dormouse.server.gateway.edge.ServerTls;
import dev.dormouse.server.protocol.Time;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Detects new certificate files and takes them into use without a restart. The watch compares
 * contents, so new files may be written over the old ones, renamed, or put behind swapped links, as
 * Kubernetes does.
 *
 * <p>New files that cannot be used change nothing. The fault is logged and counted once, at the
 * second look that finds it, since chain and key are written one after the other. Files that exist
 * and cannot be read now, for example because the process has no free file handles, say nothing
 * about the certificate; one line says that they cannot be read.
 *
 * <p>One thread at a time may use a watch.
 */
public final class CertificateWatch {
  private static final Logger log = Log.of(CertificateWatch.class);

  private final TlsFiles files;
  private final Time time;
  private final ServerTls tls;

  /** The contents at the last look. */
  private Contents seen;

  /** The fault of these contents; null if they are in use, or if the fault was logged. */
  private @Nullable String untold;

  /** True if it was logged that the files cannot be read, and they could not be read since. */
  private boolean isUnreadable;

  private CertificateWatch(TlsFiles files, Time time, Contents seen, ServerTls tls) {
    this.files = files;
    this.time = time;
    this.seen = seen;
    this.tls = tls;
  }

  /**
   * Reads the files and returns a watch over them.
   *
   * @throws IllegalArgumentException if the files cannot be used; the message names the file and
   *     the fault
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

  /** Returns the TLS settings that use the current certificate. */
  public ServerTls tls() {
    return tls;
  }

  /**
   * Reads the files, and takes a new certificate into use. To be called every few seconds.
   *
   * @return whether a new certificate was taken into use
   */
  public boolean look() {
    Contents now = Contents.read(files.paths());
    if (now.isPassing()) {
      if (!isUnreadable) {
        log.warn("{}; the certificate in use stays until the files can be read again", now.fault());
      }
      isUnreadable = true;
      return false;
    }
    isUnreadable = false;
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
