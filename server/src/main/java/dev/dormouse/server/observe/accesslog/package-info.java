/**
 * The access log: a line for each request that is answered, and two for each connection. {@link
 * dev.dormouse.server.observe.accesslog.AccessLog} hears of connections as an observer, and of
 * plain requests as the first handler of the router. {@code AccessLine} is the content of a line,
 * and {@link dev.dormouse.server.observe.accesslog.AccessLogFormat} is its format.
 */
@NullMarked
package dev.dormouse.server.observe.accesslog;

import org.jspecify.annotations.NullMarked;
