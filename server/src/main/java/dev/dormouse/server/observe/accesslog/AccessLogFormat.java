package dev.dormouse.server.observe.accesslog;

/** How the lines of the access log are written, if at all. */
public enum AccessLogFormat {
  /** There is no access log. */
  OFF,
  /** Apache's "combined" format, with more fields of the form {@code name=value} at the end. */
  COMBINED,
  /** A JSON object in each line. */
  JSON
}
