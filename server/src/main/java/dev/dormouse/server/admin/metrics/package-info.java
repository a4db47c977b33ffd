/**
 * The server's counts and measurements for Prometheus. {@link
 * dev.dormouse.server.admin.metrics.ServerMetrics} is the page of the admin port that gathers them.
 * Names follow OpenTelemetry's semantic conventions where there are any; others begin with {@code
 * dormouse}. Labels are types, kinds and reasons, never keys: their number is bounded.
 */
@NullMarked
package dev.dormouse.server.admin.metrics;

import org.jspecify.annotations.NullMarked;
