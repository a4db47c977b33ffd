/**
 * The files of a server's certificate: {@link dev.dormouse.server.tls.TlsFiles} names them, {@link
 * dev.dormouse.server.tls.CertificateWatch} reads them at the start and when they change.
 *
 * <pre>
 *   files ──► Contents ──► Certificate ──► CertificateWatch ──► gateway.edge.ServerTls
 *             (bytes)      (checked)       (if usable)
 * </pre>
 */
@NullMarked
package dev.dormouse.server.tls;

import org.jspecify.annotations.NullMarked;
