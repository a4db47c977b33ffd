package dev.dormouse.server.gateway.limits;

/** Names the limits that cut a plain request off, whatever the request is for. */
public enum RequestLimit {
  /** Its head did not come in time: 408, or the TCP connection is closed if nothing of it came. */
  HEAD_TIME("request-head-time"),
  /** Its first line is too long: 414. */
  LINE_BYTES("request-line-bytes"),
  /** Its headers are too long: 431. */
  HEADER_BYTES("request-header-bytes"),
  /** Nothing was asked on its TCP connection for long, which is closed. */
  IDLE("keep-alive-time"),
  /** Its address has sent too many to actors, upgrades included, in a second: 429. */
  ADDRESS_RATE("requests-per-second-per-address"),
  /** Its body did not come in time: 408. */
  BODY_TIME("request-body-time"),
  /** Its body is too long: 413. */
  BODY_BYTES("request-body-bytes"),
  /** Requests and answers hold as much memory as they may: 503. */
  MEMORY("client-memory"),
  /** Its client does not read the answer: the TCP connection is closed. */
  READING("answer-reading-time"),
  /** The actor did not answer in time: 504. */
  ANSWER_TIME("request-time");

  private final String limit;

  RequestLimit(String limit) {
    this.limit = limit;
  }

  /** Returns the name of the limit that observers are told. */
  public String limit() {
    return limit;
  }
}
