package dev.dormouse.server.observe.accesslog;

/** Lists the formats of the access log's lines. */
public enum AccessLogFormat {
  /** No access log is written. */
  OFF,
  /** Each line is in Apache's "combined" format, with more fields {@code name=value} at the end. */
  COMBINED,
  /** Each line is a JSON object. */
  JSON
}
