package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CallFailedException.Reason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.CallReply;
import dev.dormouse.server.protocol.CallRequest;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.rows.DueAlarm;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The subject of one turn: an entry of an actor's mailbox, or an event that the cell itself makes.
 *
 * <p>Each kind of event hands itself to its own method of a {@link Visitor}, so that a new kind
 * does not compile until every dispatch handles it.
 */
public sealed interface Event {

  /**
   * Computes something for each kind of event.
   *
   * @param <R> the result
   * @param <X> what the computation may throw
   */
  interface Visitor<R extends @Nullable Object, X extends Exception> {
    R client(Client client) throws X;

    R activate(Activate activate) throws X;

    R hibernate(Hibernate hibernate) throws X;

    R alarm(Alarm alarm) throws X;

    R difference(Difference difference) throws X;

    R call(Call call) throws X;
  }

  /** Calls the visitor's method for this kind of event. */
  <R extends @Nullable Object, X extends Exception> R accept(Visitor<R, X> visitor) throws X;

  /** Returns the kind of event as one word, for logs and observers. */
  String label();

  /** Returns the connection that the event is about; null if it is about none. */
  default @Nullable ConnectionId connection() {
    return null;
  }

  /** Returns whether the cell handles the event without an actor object. */
  default boolean needsNoObject() {
    return false;
  }

  /** Returns when the event came to the host; 0 if no observer listens, or the cell made it. */
  default long arrivedNs() {
    return 0;
  }

  /** Tells the bringer of the event that the host is done with it, whatever the result. */
  default void end() {}

  /** Describes the event for logs: its label, and its connection if it has one. */
  default String description() {
    ConnectionId about = connection();
    return about == null ? label() : label() + " of connection " + about;
  }

  /**
   * An event of a client, which a gateway has brought.
   *
   * @param event the record that the gateway sent
   * @param ended run when the host is done with the event
   * @param arrivedNs when the event came; 0 if no observer listens
   */
  record Client(ToHost.ClientEvent event, Runnable ended, long arrivedNs) implements Event {
    @SuppressWarnings("UnnecessaryLambda") // compared by identity
    private static final Runnable NOTHING = () -> {};

    @SuppressWarnings("UnnecessaryLambda") // compared by identity
    private static final Runnable NOBODY_WAITS = () -> {};

    /** Creates a close that the host itself hands to the actor again. */
    public static Client ofHost(ToHost.Closed closed) {
      return new Client(closed, NOBODY_WAITS);
    }

    public Client(ToHost.ClientEvent event) {
      this(event, 0);
    }

    public Client(ToHost.ClientEvent event, long arrivedNs) {
      this(event, NOTHING, arrivedNs);
    }

    public Client(ToHost.ClientEvent event, Runnable ended) {
      this(event, ended, 0);
    }

    /**
     * Returns whether the host itself has made the event, so that no gateway will send it again.
     */
    public boolean isOfHost() {
      return ended != NOTHING;
    }

    /** Returns the run of the node whose gateway has the client. */
    public long gateway() {
      ConnectionId about = event.connection();
      return about != null
          ? about.run()
          : event instanceof ToHost.Request request ? new ConnectionId(request.request()).run() : 0;
    }

    @Override
    public <R extends @Nullable Object, X extends Exception> R accept(Visitor<R, X> visitor)
        throws X {
      return visitor.client(this);
    }

    @Override
    public String label() {
      return event.label();
    }

    @Override
    public @Nullable ConnectionId connection() {
      return event.connection();
    }

    @Override
    public void end() {
      ended.run();
    }
  }

  /**
   * The making of an actor object, and its {@code onActivate}.
   *
   * @param reason the label of the event that the object is made for
   * @param beganNs when the making of the object began
   */
  record Activate(String reason, long beganNs) implements Event {

    /**
     * Returns the event that makes an actor object.
     *
     * @param first the first event that waits for the object; null if only an owed close does
     */
    public static Activate by(@Nullable Event first, long beganNs) {
      return new Activate(first == null ? "close" : first.label(), beganNs);
    }

    @Override
    public <R extends @Nullable Object, X extends Exception> R accept(Visitor<R, X> visitor)
        throws X {
      return visitor.activate(this);
    }

    @Override
    public String label() {
      return "activate";
    }
  }

  /**
   * A wish that the actor object be dropped.
   *
   * @param onlyIfIdle whether events that wait behind it cancel it
   * @param isReset whether the object is dropped without its {@code onHibernate}
   * @param dropped completes with true once the object is gone and all it did is in the store; with
   *     false if the wish was cancelled
   */
  record Hibernate(boolean onlyIfIdle, boolean isReset, CompletableFuture<Boolean> dropped)
      implements Event {

    @Override
    public <R extends @Nullable Object, X extends Exception> R accept(Visitor<R, X> visitor)
        throws X {
      return visitor.hibernate(this);
    }

    @Override
    public String label() {
      return "hibernate";
    }

    @Override
    public boolean needsNoObject() {
      return true;
    }
  }

  /**
   * The finding that a gateway has not heard of a change that is stored: of tags, of automatic
   * replies, or of a close. The cell tells the gateway what is stored, behind the turns so far.
   *
   * @param actor the actor
   * @param gateway the run of the gateway's node
   * @param connections the connections whose tags differ, or that the actor has closed
   * @param isAnsweredOtherwise whether the actor's automatic replies differ
   * @param untold run if the gateway could not be told, on any thread; must return at once
   * @param ended run when the cell is done with the event, once
   */
  record Difference(
      ActorId actor,
      long gateway,
      List<ConnectionId> connections,
      boolean isAnsweredOtherwise,
      Runnable untold,
      Runnable ended)
      implements Event {

    @Override
    public <R extends @Nullable Object, X extends Exception> R accept(Visitor<R, X> visitor)
        throws X {
      return visitor.difference(this);
    }

    @Override
    public String label() {
      return "difference";
    }

    @Override
    public boolean needsNoObject() {
      return true;
    }

    @Override
    public void end() {
      ended.run();
    }
  }

  /**
   * A call of another actor or of a caller outside.
   *
   * @param request the call
   * @param reply told once what became of the call
   * @param arrivedNs when the call came; 0 if no observer listens
   */
  record Call(CallRequest request, CallReply reply, long arrivedNs) implements Event {

    /** Fails the call at once, because it will not be handled. Any thread. */
    public void refuse(Reason reason, String why) {
      reply.failed(reason, why);
    }

    @Override
    public <R extends @Nullable Object, X extends Exception> R accept(Visitor<R, X> visitor)
        throws X {
      return visitor.call(this);
    }

    @Override
    public String label() {
      return "call";
    }

    @Override
    public String description() {
      return "call " + request.name();
    }
  }

  /**
   * An alarm that is due.
   *
   * @param due the alarm, and the time for which it was set when it was handed out
   * @param ended run when the alarm's turn is over, or it needs none; the commit may be on its way
   * @param arrivedNs when it was handed out; 0 if no observer listens
   */
  record Alarm(DueAlarm due, Runnable ended, long arrivedNs) implements Event {

    @Override
    public <R extends @Nullable Object, X extends Exception> R accept(Visitor<R, X> visitor)
        throws X {
      return visitor.alarm(this);
    }

    @Override
    public String label() {
      return "alarm";
    }

    @Override
    public void end() {
      ended.run();
    }
  }
}
