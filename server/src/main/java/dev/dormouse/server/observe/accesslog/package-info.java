/**
 * The access log: a line for each request that is answered, and two for each connection. {@link
 * dev.dormouse.server.observe.accesslog.AccessLog} hears of connections as an observer and of plain
 * requests as a handler before all others; {@code AccessLine} is what a line says, {@link
 * dev.dormouse.server.observe.accesslog.AccessLogFormat} how.
 */
@NullMarked
package dev.dormouse.server.observe.accesslog;

import org.jspecify.annotations.NullMarked;
