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
 * Knows how a socket ends: what began the end, what the client answered, and what the host is told.
 * It is made when the end begins; an open socket has none. Only the socket's event loop may use it.
 */
final class Closing {
  /** The reason that a client is told which reads too slowly. */
  static final CloseReason TOO_SLOW =
      new CloseReason(CloseCodes.TRY_AGAIN_LATER, "reads too slowly", Cause.VIOLATION);

  /** The reason that began the end, with the code that was sent or received. */
  private final CloseReason begun;

  /** The failure that the host is told before the close; null if nothing failed. */
  private final @Nullable String failure;

  private @Nullable CloseReason outcome;
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

  /** Begins the end of a connection of which nothing more will be heard. */
  static Closing lost(Cause cause, @Nullable String failure) {
    return certain(CloseReason.abnormal(cause), failure);
  }

  /**
   * Returns what a client's close frame says (RFC 6455, section 5.5.1).
   *
   * @throws ViolationException if its code may not be sent
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
   * The client answered with a close frame of its own: its code and text are told (RFC 6455,
   * section 7.1.5), unless a violation says more. An answer that only repeats the code leaves the
   * text as it was sent.
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

  /** Returns what the host is told of a failure of the network, in place of the engine's words. */
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
   * No answer can come any more. An actor's close is then abnormal (1006); the server's own ends
   * are told as they were sent.
   *
   * @return how the connection ended
   */
  CloseReason unanswered() {
    if (outcome == null) {
      outcome = begun.cause() == Cause.ACTOR ? CloseReason.abnormal(Cause.ACTOR) : begun;
    }
    return outcome;
  }

  /** Returns how the connection ended; null while that is open. */
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

  /** Returns whether the client may take what it was sent before, however long that takes. */
  boolean isPatient() {
    return begun.cause() != Cause.VIOLATION;
  }

  /** Waits for this deadline, and no longer for an earlier one. */
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

  /** Returns true the first time it is called. */
  boolean report() {
    boolean isFirst = !isReported;
    isReported = true;
    return isFirst;
  }
}
