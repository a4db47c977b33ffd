/**
 * Traces by OpenTelemetry's API: {@link dev.dormouse.server.observe.tracing.Tracing} turns events
 * that an observer hears into spans. Tracing is off unless an application hands in its {@code
 * OpenTelemetry}.
 */
@NullMarked
package dev.dormouse.server.observe.tracing;

import org.jspecify.annotations.NullMarked;
