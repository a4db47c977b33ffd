/**
 * Traces by OpenTelemetry's API: {@link dev.dormouse.server.observe.tracing.Tracing} makes spans of
 * what an observer hears. Off unless an application hands in its {@code OpenTelemetry}.
 */
@NullMarked
package dev.dormouse.server.observe.tracing;

import org.jspecify.annotations.NullMarked;
