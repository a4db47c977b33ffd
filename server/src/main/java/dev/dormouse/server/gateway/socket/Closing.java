package dev.dormouse.server.gateway.socket;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.server.gateway.wire.CloseCodes;
import dev.dormouse.server.gateway.wire.ViolationException;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The end of a socket: the reason that began it, the client's answer, and the outcome that the host
 * is told. It is created when the end begins; an open socket has none. Only the socket's event loop
 * may use it.
 */
final class Closing {
  /** The close of a client that reads too slowly. */
  static final CloseReason TOO_SLOW =
      new CloseReason(CloseCodes.TRY_AGAIN_LATER, "reads too slowly", Cause.VIOLATION);

  /** The close of a client whose actor has had no host for too long. */
  static final CloseReason HOST_NOT_FOUND =
      new CloseReason(
          CloseCodes.RESTART, "no server for this address was found in time", Cause.HOST_LOST);

  /** The close of a client whose connection the actor's host does not have. */
  static final CloseReason NOT_KNOWN =
      new CloseReason(CloseCodes.RESTART, "the connection was lost in a move", Cause.HOST_LOST);

  /** The reason that began the end, with the code that was sent or received. */
  private final CloseReason begun;

  /** The failure that the host is told before the close; null if nothing failed. */
  private final @Nullable String failure;

  /** The way in which the connection ended; null while the client may still answer. */
  private @Nullable CloseReason outcome;

  /** The timer of the next step; null if no step waits for a time. */
  private @Nullable Future<?> deadline;

  private boolean isReported;

  private Closing(CloseReason begun, @Nullable String failure, @Nullable CloseReason outcome) {
    this.begun = begun;
    this.failure = failure;
    this.outcome = outcome;
  }

  /** Begins an end whose outcome depends on the client's answer. */
  static Closing begun(CloseReason begun) {
    return new Closing(begun, null, null);
  }

  /** Begins the end of a client that broke the protocol or a limit. */
  static Closing violated(int code, String words) {
    String text = words.substring(0, Math.min(words.length(), CloseReason.REASON_BYTES_MAX));
    return certain(new CloseReason(code, text, Cause.VIOLATION), words);
  }

  /** Begins an end whose outcome is certain. */
  static Closing certain(CloseReason outcome, @Nullable String failure) {
    return new Closing(outcome, failure, outcome);
  }

  /** Begins the end of a connection that is lost. */
  static Closing lost(Cause cause, @Nullable String failure) {
    return certain(CloseReason.abnormal(cause), failure);
  }

  /**
   * Returns the code and the text of a client's close frame (RFC 6455, section 5.5.1).
   *
   * @throws ViolationException if the code may not be sent
   */
  static CloseReason reasonOf(CloseWebSocketFrame frame) {
    ByteBuf payload = frame.content();
    if (!payload.isReadable()) {
      return new CloseReason(CloseCodes.NO_CODE, "", Cause.CLIENT);
    }
    int code = payload.getUnsignedShort(payload.readerIndex());
    if (!CloseReason.mayBeSent(code)) {
      throw new ViolationException(CloseCodes.PROTOCOL_ERROR, "close code " + code);
    }
    String text = frame.reasonText();
    return new CloseReason(code, text == null ? "" : text, Cause.CLIENT);
  }

  /**
   * Notes the close frame with which the client answered. Its code and text become the outcome (RFC
   * 6455, section 7.1.5), unless a violation began the end. If the answer only repeats the code,
   * the outcome keeps the server's text.
   */
  void answered(CloseReason answer) {
    if (outcome == null) {
      boolean isEcho = answer.code() == begun.code() && answer.reason().isEmpty();
      outcome =
          isEcho || begun.cause() == Cause.VIOLATION
              ? begun
              : new CloseReason(answer.code(), answer.reason(), begun.cause());
    }
  }

  /** Returns the words in which the host is told of a failure of the network. */
  static String wordsOf(Throwable failure) {
    String words = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
    if (failure instanceof SSLException) {
      return "the encryption of the connection failed";
    } else if (words.contains("timed out")) {
      return "the connection timed out";
    } else if (failure instanceof IOException) {
      return "the connection was reset";
    }
    return "the socket failed";
  }

  /**
   * Settles the outcome of an end to which no answer can come any more, and returns it. An actor's
   * close is then abnormal (1006); a close of the server itself counts as it was sent.
   */
  CloseReason unanswered() {
    if (outcome == null) {
      outcome = begun.cause() == Cause.ACTOR ? CloseReason.abnormal(Cause.ACTOR) : begun;
    }
    return outcome;
  }

  /** Returns the way in which the connection ended; null while the client may still answer. */
  @Nullable CloseReason outcome() {
    return outcome;
  }

  @Nullable String failure() {
    return failure;
  }

  /** Returns the reason that began the end. */
  CloseReason begun() {
    return begun;
  }

  /** Returns whether the client may read earlier messages to their end, even if it is slow. */
  boolean isPatient() {
    return begun.cause() != Cause.VIOLATION;
  }

  /** Sets the deadline, and cancels an earlier one. */
  void waitFor(Future<?> deadline) {
    stopWaiting();
    this.deadline = deadline;
  }

  void stopWaiting() {
    if (deadline != null) {
      deadline.cancel(false);
      deadline = null;
    }
  }

  /** Returns true at the first call only: the end is to be reported now. */
  boolean report() {
    boolean isFirst = !isReported;
    isReported = true;
    return isFirst;
  }
}
