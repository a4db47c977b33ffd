package dev.dormouse.server.observe;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hears what a server does. Each method has an empty default body.
 *
 * <pre>{@code
 * server.observe(new DormouseObserver() {
 *   @Override public void connectionClosed(ConnectionClosed closed) {
 *     audit.add(closed.connection() + " ended with " + closed.reason().code());
 *   }
 * });
 * }</pre>
 *
 * <p><b>Threads.</b> The thread on which an event happens makes the call: an event loop, a thread
 * of an actor, or a thread of the store. A method must return at once and must not block. Calls may
 * come at the same time on several threads; the events of one connection come in their order.
 *
 * <p><b>Errors.</b> An exception of a method is logged, at most once a minute, and has no other
 * effect.
 *
 * <p><b>Cost.</b> No event object is made while there is no observer, and none for a frame while no
 * observer {@linkplain #wantsFrames wants frames}.
 */
public interface DormouseObserver {

  /** Tells how a turn ended. */
  enum TurnOutcome {
    /** The turn is stored, and its messages have left. */
    COMMITTED,
    /** The handler threw, took too long, or wrote an invalid value: nothing is stored or sent. */
    FAILED,
    /** The commit of the turn, or of a turn that it built on, failed: nothing was sent. */
    LOST
  }

  /**
   * Reports that a request to upgrade has come, before any handler ahead of the socket's route
   * runs.
   *
   * @param connection the id of the connection to be, which all its later events have
   * @param head the request
   */
  record UpgradeStarted(ConnectionId connection, RequestHead head) {}

  /**
   * Reports that an HTTP request was answered with another status than 101. Declined upgrades are
   * included, accepted ones are not.
   *
   * @param method the request's method as the client sent it, such as GET
   * @param status the answer's status, such as 200; 0 if the client was gone before there was an
   *     answer
   * @param tookNs nanoseconds from the end of the request's head to the end of its answer
   */
  record RequestEnded(String method, int status, long tookNs) {}

  /**
   * Reports that an upgrade was accepted and the 101 is written.
   *
   * @param connection the connection
   * @param actor the actor that accepted
   * @param user the subject that handlers before the route authenticated; empty if there is none
   * @param headers all headers of the 101
   * @param tookNs nanoseconds since the upgrade started
   */
  record UpgradeAccepted(
      ConnectionId connection, ActorId actor, String user, List<Header> headers, long tookNs) {}

  /**
   * Reports that an upgrade got another answer than the server's 101, from a handler before the
   * route, the gateway, or the actor.
   *
   * @param connection the id of the connection that does not come about
   * @param actor the actor; null if the request never came to its route
   * @param status the answer's status, such as 401; 101 if a handler before the route opened a
   *     WebSocket of its own
   * @param headers all headers of the answer
   * @param why the gateway's own reason, such as {@code NODE_FULL}; null if the gateway did not
   *     decline
   * @param tookNs nanoseconds since the upgrade started
   */
  record UpgradeRejected(
      ConnectionId connection,
      @Nullable ActorId actor,
      int status,
      List<Header> headers,
      @Nullable String why,
      long tookNs) {}

  /**
   * Reports that an upgrade failed by an error without an answer: a handler threw, or the TCP
   * connection could not be taken over. If there was still an answer, {@link UpgradeRejected} comes
   * instead.
   *
   * @param connection the id of the connection that does not come about
   * @param actor the actor; null if the request never came to its route
   * @param cause the error
   */
  record UpgradeFailed(ConnectionId connection, @Nullable ActorId actor, Throwable cause) {}

  /**
   * Reports that the client of an upgrade was gone before there was an answer.
   *
   * @param connection the id of the connection that does not come about
   * @param actor the actor; null if the request never came to its route
   */
  record UpgradeAborted(ConnectionId connection, @Nullable ActorId actor) {}

  /** Gives access to the payload of a frame; valid only during the observer's call. */
  @FunctionalInterface
  interface FramePayload {
    /**
     * Returns a copy of the payload's first bytes.
     *
     * @param bytesMax the most bytes of the copy
     */
    byte[] first(int bytesMax);
  }

  /**
   * Reports a WebSocket frame that came in or is written.
   *
   * @param connection the connection
   * @param actor the connection's actor
   * @param opcode the opcode of RFC 6455, section 5.2: 0 continuation, 1 text, 2 binary, 8 close, 9
   *     ping, 10 pong
   * @param isFinal whether the frame ends its message
   * @param bytes the payload's length on the wire
   * @param isAutomatic whether the frame is an automatic reply or the request for one, which the
   *     actor does not see
   * @param payload the payload's bytes, unmasked; compressed if they are compressed on the wire
   */
  record Frame(
      ConnectionId connection,
      ActorId actor,
      int opcode,
      boolean isFinal,
      int bytes,
      boolean isAutomatic,
      FramePayload payload) {}

  /**
   * Reports that the client broke the protocol or a limit, or that its socket failed. {@link
   * ConnectionClosed} follows.
   *
   * @param connection the connection
   * @param actor the connection's actor
   * @param error the error, in words
   */
  record FrameError(ConnectionId connection, ActorId actor, String error) {}

  /**
   * Reports that an open socket is gone; each socket is reported exactly once.
   *
   * @param connection the connection
   * @param actor the connection's actor
   * @param reason how the connection ended
   * @param lastedNs nanoseconds since the 101, exact to about 17 ms
   * @param bytesIn the bytes of all payloads that came in
   * @param bytesOut the bytes of all payloads that were written
   */
  record ConnectionClosed(
      ConnectionId connection,
      ActorId actor,
      CloseReason reason,
      long lastedNs,
      long bytesIn,
      long bytesOut) {}

  /**
   * Reports that an actor object was made and its {@code onActivate} is stored.
   *
   * @param actor the actor
   * @param reason the kind of event that woke the actor: {@code upgrade}, {@code message}, {@code
   *     close}, {@code error}, {@code request}, {@code alarm}, {@code call}
   * @param activation the number of this activation, counted over the actor's whole life
   * @param tookNs nanoseconds since the event was ready to be handled
   */
  record ActorActivated(ActorId actor, String reason, long activation, long tookNs) {}

  /**
   * Reports that an actor has left memory, with all it did in the store.
   *
   * @param actor the actor
   * @param activeNs how long the actor was in memory, in nanoseconds
   */
  record ActorHibernated(ActorId actor, long activeNs) {}

  /**
   * Reports that an actor object was dropped without {@code onHibernate}; its sockets stay open.
   *
   * @param actor the actor
   * @param cause the failure, or the reason of the reset, in words
   * @param isFailure whether something failed; false if the actor reset itself, or was reset on
   *     request while no turn was open
   */
  record ActorReset(ActorId actor, String cause, boolean isFailure) {}

  /**
   * Reports that a turn has ended; one with {@link TurnOutcome#COMMITTED} is stored.
   *
   * @param actor the actor
   * @param event the kind of event: {@code upgrade}, {@code message}, {@code close}, {@code error},
   *     {@code request}, {@code alarm}, {@code call}, {@code activate}, {@code hibernate}
   * @param connection the connection of the event; null if it has none
   * @param queuedNs nanoseconds that the event waited for its actor
   * @param ranNs nanoseconds from the start of the handler to the end of all it waited for
   * @param commitNs nanoseconds from there until the turn was stored; 0 if it stored nothing, or
   *     failed
   * @param storedBytes the bytes of keys and values that the turn wrote
   * @param outcome how the turn ended
   */
  record TurnEnded(
      ActorId actor,
      String event,
      @Nullable ConnectionId connection,
      long queuedNs,
      long ranNs,
      long commitNs,
      long storedBytes,
      TurnOutcome outcome) {}

  /**
   * Reports what became of a call to an actor; each call is reported once.
   *
   * @param actor the actor that was called
   * @param call the simple name of the call's class
   * @param isTell whether the call was told, so that its answer is dropped
   * @param outcome {@code answered}; {@code given-up} if an actor told the call and its handler
   *     failed too often; or the {@link dev.dormouse.sdk.CallFailedException.Reason} in lower case
   *     with hyphens, such as {@code handler-failed}
   * @param tookNs nanoseconds since the call was made
   */
  record CallEnded(ActorId actor, String call, boolean isTell, String outcome, long tookNs) {}

  /**
   * Reports that a limit was hit, or that a client broke a protocol.
   *
   * @param limit the limit's name, such as {@code messages-per-second}; {@code handler} for a limit
   *     of the SDK that a handler exceeded, see {@link dev.dormouse.sdk.LimitExceededException};
   *     {@code websocket-protocol}, {@code tls-handshake} or {@code proxy-header} for a protocol
   * @param outcome the consequence, such as {@code close 1008} or {@code 503}
   * @param actor the actor; null if there is none
   * @param connection the connection; null if there is none
   */
  record LimitHit(
      String limit, String outcome, @Nullable ActorId actor, @Nullable ConnectionId connection) {}

  /**
   * Reports that an actor refused a message, because it could not be read or because the actor
   * chose to; see {@link dev.dormouse.sdk.MessageActor}. The connection stays open.
   *
   * @param actor the actor
   * @param connection the connection of the sender
   * @param code the short name of the reason, such as {@code unknown_type}
   */
  record MessageRefused(ActorId actor, ConnectionId connection, String code) {}

  /**
   * Returns whether {@link #frameIn} and {@link #frameOut} are to be called; asked once, when the
   * observer is added.
   */
  default boolean wantsFrames() {
    return false;
  }

  /** Hears that an HTTP request was answered. */
  default void requestEnded(RequestEnded ended) {}

  /** Hears that a request to upgrade has come; exactly one of the next four methods follows. */
  default void upgradeStarted(UpgradeStarted started) {}

  /** Hears that a connection is open; {@link #connectionClosed} follows when it ends. */
  default void upgradeAccepted(UpgradeAccepted accepted) {}

  /** Hears that an upgrade got another answer than the server's 101. */
  default void upgradeRejected(UpgradeRejected rejected) {}

  /** Hears that an upgrade failed without an answer. */
  default void upgradeFailed(UpgradeFailed failed) {}

  /** Hears that the client of an upgrade was gone before there was an answer. */
  default void upgradeAborted(UpgradeAborted aborted) {}

  /** Hears of a frame that came in. */
  default void frameIn(Frame frame) {}

  /** Hears of a frame that is written. */
  default void frameOut(Frame frame) {}

  /** Hears that a client broke the protocol or a limit, or that its socket failed. */
  default void frameError(FrameError error) {}

  /** Hears that a connection is gone. */
  default void connectionClosed(ConnectionClosed closed) {}

  /** Hears that an actor is in memory. */
  default void actorActivated(ActorActivated activated) {}

  /** Hears that an actor has left memory. */
  default void actorHibernated(ActorHibernated hibernated) {}

  /** Hears that an actor object was dropped after a failure, or was reset. */
  default void actorReset(ActorReset reset) {}

  /** Hears that a turn has ended. */
  default void turnEnded(TurnEnded ended) {}

  /** Hears what became of a call to an actor. */
  default void callEnded(CallEnded ended) {}

  /** Hears that an actor refused a message. */
  default void messageRefused(MessageRefused refused) {}

  /** Hears that a limit was hit. */
  default void limitHit(LimitHit hit) {}
}
