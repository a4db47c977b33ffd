package dev.dormouse.server.observe;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hears what a server does. Every method does nothing unless it is overridden.
 *
 * <pre>{@code
 * server.observe(new DormouseObserver() {
 *   @Override public void connectionClosed(ConnectionClosed closed) {
 *     audit.add(closed.connection() + " ended with " + closed.reason().code());
 *   }
 * });
 * }</pre>
 *
 * <p><b>Threads.</b> A call comes on the thread that does what is told of: an event loop, a thread
 * of an actor, a thread of the store. It is to return at once and must not block; calls may come at
 * the same time on several threads. Of one connection, they come in the order in which it happened.
 *
 * <p><b>Errors.</b> What a method throws is logged, at most once a minute, and harms nothing.
 *
 * <p><b>Cost.</b> Nothing is made for an observer while there is none, nor for frames while none
 * {@linkplain #wantsFrames wants frames}.
 */
public interface DormouseObserver {

  /** How a turn ended. */
  enum TurnOutcome {
    /** It is kept, and what it said has left. */
    COMMITTED,
    /** The handler threw, took too long, or wrote what cannot be: nothing of it is kept or said. */
    FAILED,
    /** Its commit failed, or one that it built on: nothing of it was said. */
    LOST
  }

  /**
   * A request to upgrade has come; whatever handlers before the socket's route do is yet to come.
   *
   * @param connection the id that the connection will have, and that every later event of it has
   * @param head the request
   */
  record UpgradeStarted(ConnectionId connection, RequestHead head) {}

  /**
   * An HTTP request was answered, but not with 101; so an upgrade that was declined is told here,
   * too, and one that was accepted is not.
   *
   * @param method such as GET; whatever the client sent
   * @param status such as 200; 0 if the client was gone before there was an answer
   * @param tookNs from the end of its head to the end of its answer
   */
  record RequestEnded(String method, int status, long tookNs) {}

  /**
   * The 101 is written.
   *
   * @param connection the connection
   * @param actor the actor that accepted
   * @param user the subject of whom handlers before the route authenticated; empty if nobody was
   * @param headers all headers of the 101
   * @param tookNs since the upgrade started
   */
  record UpgradeAccepted(
      ConnectionId connection, ActorId actor, String user, List<Header> headers, long tookNs) {}

  /**
   * Another answer than 101 is written: by a handler before the route, by the gateway, or by the
   * actor.
   *
   * @param connection the connection that will not be
   * @param actor the actor; null if the request never came to its route
   * @param status such as 401; 101 if a handler before the route opened a WebSocket of its own
   * @param headers all headers of the answer
   * @param why the gateway's own reason, such as {@code NODE_FULL}; null if it is somebody else's
   * @param tookNs since the upgrade started
   */
  record UpgradeRejected(
      ConnectionId connection,
      @Nullable ActorId actor,
      int status,
      List<Header> headers,
      @Nullable String why,
      long tookNs) {}

  /**
   * The upgrade failed by an error: a handler threw, or the TCP connection could not be taken over.
   * If there still was an answer, {@link UpgradeRejected} comes instead of this.
   *
   * @param connection the connection that will not be
   * @param actor the actor; null if the request never came to its route
   * @param cause what happened
   */
  record UpgradeFailed(ConnectionId connection, @Nullable ActorId actor, Throwable cause) {}

  /**
   * The client was gone before there was an answer.
   *
   * @param connection the connection that will not be
   * @param actor the actor; null if the request never came to its route
   */
  record UpgradeAborted(ConnectionId connection, @Nullable ActorId actor) {}

  /** The payload of a frame, for as long as the call takes. */
  @FunctionalInterface
  interface FramePayload {
    /**
     * A copy of its first bytes.
     *
     * @param bytesMax how many at most
     */
    byte[] first(int bytesMax);
  }

  /**
   * A WebSocket frame came in, or is written.
   *
   * @param connection the connection
   * @param actor its actor
   * @param opcode of RFC 6455, section 5.2: 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10
   *     pong
   * @param isFinal whether it ends its message
   * @param bytes length of the payload, as it is on the wire
   * @param isAutomatic an automatic reply, or the request to it: the actor was not asked
   * @param payload its bytes, unmasked; as they are on the wire if they are compressed
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
   * The client broke the protocol or a limit, or its socket failed. {@link ConnectionClosed}
   * follows.
   *
   * @param connection the connection
   * @param actor its actor
   * @param error in words
   */
  record FrameError(ConnectionId connection, ActorId actor, String error) {}

  /**
   * A socket that was open is gone; exactly once of each.
   *
   * @param connection the connection
   * @param actor its actor
   * @param reason how it ended
   * @param lastedNs since the 101, to about 17 ms
   * @param bytesIn bytes of all payloads that came
   * @param bytesOut bytes of all payloads that were written
   */
  record ConnectionClosed(
      ConnectionId connection,
      ActorId actor,
      CloseReason reason,
      long lastedNs,
      long bytesIn,
      long bytesOut) {}

  /**
   * An actor object was made and its {@code onActivate} kept.
   *
   * @param actor the actor
   * @param reason the kind of event that needed it: {@code upgrade}, {@code message}, {@code
   *     close}, {@code error}, {@code request}, {@code alarm}
   * @param activation how often it has been activated, in its whole life
   * @param tookNs since the event was at hand
   */
  record ActorActivated(ActorId actor, String reason, long activation, long tookNs) {}

  /**
   * An actor has left memory, all it did being in the store.
   *
   * @param actor the actor
   * @param activeNs how long it was there
   */
  record ActorHibernated(ActorId actor, long activeNs) {}

  /**
   * An actor object was dropped because something failed; its sockets stay.
   *
   * @param actor the actor
   * @param cause in words
   */
  record ActorReset(ActorId actor, String cause) {}

  /**
   * A turn has ended, and with {@link TurnOutcome#COMMITTED} is kept.
   *
   * @param actor the actor
   * @param event {@code upgrade}, {@code message}, {@code close}, {@code error}, {@code request},
   *     {@code alarm}, {@code activate}, {@code hibernate}
   * @param connection whose event it was; null if of none
   * @param queuedNs how long the event waited for its actor
   * @param ranNs from the handler's begin to the end of all it waited for
   * @param commitNs from there until it was kept; 0 if it stored nothing, or failed
   * @param storedBytes keys and values that it wrote
   * @param outcome how it ended
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
   * A limit was hit.
   *
   * @param limit which, such as {@code messages-per-second}; {@code handler} if it was one of the
   *     SDK's that a handler went over, see {@link dev.dormouse.sdk.LimitExceededException}
   * @param outcome what was done, such as {@code close 1008} or {@code 503}
   * @param actor whose; null if of none
   * @param connection whose; null if of none
   */
  record LimitHit(
      String limit, String outcome, @Nullable ActorId actor, @Nullable ConnectionId connection) {}

  /** Whether {@link #frameIn} and {@link #frameOut} are to be called. Asked once. */
  default boolean wantsFrames() {
    return false;
  }

  /** An HTTP request was answered. */
  default void requestEnded(RequestEnded ended) {}

  /** A request to upgrade has come. One of the next four follows. */
  default void upgradeStarted(UpgradeStarted started) {}

  /** The connection is open. {@link #connectionClosed} follows, some day. */
  default void upgradeAccepted(UpgradeAccepted accepted) {}

  /** The upgrade was answered, but not with 101. */
  default void upgradeRejected(UpgradeRejected rejected) {}

  /** The upgrade failed without an answer. */
  default void upgradeFailed(UpgradeFailed failed) {}

  /** The client was gone before it was answered. */
  default void upgradeAborted(UpgradeAborted aborted) {}

  /** A frame came in. */
  default void frameIn(Frame frame) {}

  /** A frame is written. */
  default void frameOut(Frame frame) {}

  /** The client broke the protocol, or its socket failed. */
  default void frameError(FrameError error) {}

  /** A connection is gone. */
  default void connectionClosed(ConnectionClosed closed) {}

  /** An actor is in memory. */
  default void actorActivated(ActorActivated activated) {}

  /** An actor left memory. */
  default void actorHibernated(ActorHibernated hibernated) {}

  /** An actor object was dropped. */
  default void actorReset(ActorReset reset) {}

  /** A turn has ended. */
  default void turnEnded(TurnEnded ended) {}

  /** A limit was hit. */
  default void limitHit(LimitHit hit) {}
}
