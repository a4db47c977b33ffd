/**
 * What a server counts and measures, for Prometheus: {@link
 * dev.dormouse.server.admin.metrics.ServerMetrics} gathers it, and is a page of the admin port.
 * Names follow OpenTelemetry's semantic conventions where there are any; others begin with {@code
 * dormouse}. Labels are types, kinds and reasons, never keys: their number is bounded.
 */
@NullMarked
package dev.dormouse.server.admin.metrics;

import org.jspecify.annotations.NullMarked;
