/**
 * Traces by OpenTelemetry's API: {@link dev.dormouse.server.tracing.Tracing} makes spans of what an
 * observer hears. Off unless an application hands in its {@code OpenTelemetry}.
 */
@NullMarked
package dev.dormouse.server.tracing;

import org.jspecify.annotations.NullMarked;
