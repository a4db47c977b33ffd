package dev.dormouse.server.gateway.limits;

/**
 * The limits of plain requests. What happens to a request over the limit stands in brackets: the
 * status of its answer, or the close of its TCP connection.
 */
public enum RequestLimit {
  /** The head of a request did not come in time [408; closed if an earlier answer is due]. */
  HEAD_TIME("request-head-time"),
  /** The first line of a request is too long [414]. */
  LINE_BYTES("request-line-bytes"),
  /** The headers of a request are too long together [431]. */
  HEADER_BYTES("request-header-bytes"),
  /** A TCP connection had no request for too long [closed]. */
  IDLE("keep-alive-time"),
  /** An address has sent too many requests to actors, upgrades included, in a second [429]. */
  ADDRESS_RATE("requests-per-second-per-address"),
  /** The body of a request did not come in time [408]. */
  BODY_TIME("request-body-time"),
  /** The body of a request is too long [413]. */
  BODY_BYTES("request-body-bytes"),
  /** Requests and answers hold as much memory as they may [503, or closed]. */
  MEMORY("client-memory"),
  /** A client does not read its answer [closed]. */
  READING("answer-reading-time"),
  /** The actor did not answer a request in time [504]. */
  ANSWER_TIME("request-time"),
  /** The class of the actor has no {@code onRequest} [426, or 405 for other methods than GET]. */
  UNHANDLED("unhandled-request");

  private final String limit;

  RequestLimit(String limit) {
    this.limit = limit;
  }

  /** Returns the name of the limit that observers are told. */
  public String limit() {
    return limit;
  }
}
