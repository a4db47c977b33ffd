package dev.dormouse.server.host.commit;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.rows.ActorRows;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.host.turn.Activation;
import dev.dormouse.server.host.turn.ClosingConnections;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.RequestRow;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides which events of an actor need no turn, because the store tells that they took effect
 * before or that their connection is gone.
 *
 * <p>A gateway that has lost its host sends again what is unanswered, perhaps to another host. A
 * message took effect if the row of its connection has its number or a later one, an error if that
 * row says so, a request if there is a row with its answer, and a close if its connection has no
 * row. A message whose connection the actor has closed has no effect, even if a former owner of the
 * actor closed it and the gateway has not heard of that; it is answered with the close. Where
 * gateway and host are one process nothing comes twice but closes, so only closes are looked at
 * there.
 */
public final class Repeats {

  /**
   * An event that needs no turn.
   *
   * @param records what its gateway is told behind the turns so far
   * @param consequence a close that is to be handled behind the event; null if there is none
   */
  public record Vain(List<ToGateway> records, ToHost.@Nullable Closed consequence) {
    private Vain(List<ToGateway> records) {
      this(records, null);
    }
  }

  private final ActorRows rows;
  private final ClosingConnections closing;
  private final boolean mayRepeat;

  /**
   * Creates the decisions for an actor.
   *
   * @param closing knows the connections that the actor has closed, as far as their rows were read
   * @param mayRepeat whether gateway and host may lose each other
   */
  public Repeats(ActorRows rows, ClosingConnections closing, boolean mayRepeat) {
    this.rows = rows;
    this.closing = closing;
    this.mayRepeat = mayRepeat;
  }

  /**
   * Returns what becomes of an event that needs no turn; null if the event needs one.
   *
   * @param current the actor object
   * @throws java.io.UncheckedIOException if the store cannot be read
   */
  @SuppressWarnings("NullAway") // the visitor's result type admits null here
  public @Nullable Vain look(Event.Client client, Activation current) {
    if (!mayRepeat && !(client.event() instanceof ToHost.Closed)) {
      return null;
    }
    return client
        .event()
        .accept(
            new ToHost.ClientEvent.Visitor<@Nullable Vain, RuntimeException>() {
              @Override
              public @Nullable Vain open(ToHost.Open open) {
                return look(open);
              }

              @Override
              public @Nullable Vain message(ToHost.Message message) {
                long last = current.lastSequence(message.connection()); // reads the row
                ToGateway.Close close = closing.closeOf(message.connection());
                return close == null
                    ? look(message, last)
                    : new Vain(Answers.closed(message, close));
              }

              @Override
              public @Nullable Vain failed(ToHost.Failed failed) {
                boolean isStored = rows.has(failed.connection());
                boolean isRepeat =
                    mayRepeat && current.lastSequence(failed.connection()) == ConnectionRow.FAILED;
                return isStored && !isRepeat ? null : new Vain(List.of());
              }

              @Override
              public @Nullable Vain closed(ToHost.Closed closed) {
                boolean isStored = rows.has(closed.connection());
                return isStored ? null : new Vain(mayRepeat ? Answers.ended(closed) : List.of());
              }

              @Override
              public @Nullable Vain request(ToHost.Request request) {
                return request.isRepeat() ? look(request) : null;
              }
            });
  }

  /**
   * Looks at an upgrade. No gateway asks twice under one id, so such an upgrade has slipped through
   * the link. The headers of the first answer are not stored, so the upgrade cannot be accepted
   * again as it was; the client is asked to come again. The connection of the first upgrade is
   * closed on both sides, because either its socket was never opened, or it is in doubt which of
   * the two answers the gateway has followed.
   */
  private @Nullable Vain look(ToHost.Open open) {
    ConnectionId connection = open.connection();
    return rows.has(connection)
        ? new Vain(
            Answers.askedTwice(open),
            new ToHost.Closed(
                open.actor(), connection, CloseReason.abnormal(CloseReason.Cause.CONNECTION_LOST)))
        : null;
  }

  private static @Nullable Vain look(ToHost.Message message, long last) {
    if (last == Activation.NOT_STORED) {
      return new Vain(List.of(new ToGateway.Ended(message.connection())));
    }
    if (!message.isRepeat() || (last != Activation.UNREADABLE && message.sequence() > last)) {
      return null;
    }
    return new Vain(
        last == Activation.UNREADABLE ? Answers.inDoubt(message) : Answers.repeated(message));
  }

  private @Nullable Vain look(ToHost.Request request) {
    RequestRow known;
    try {
      byte[] row = rows.get(RowKey.request(request.request()));
      if (row == null) {
        return null;
      }
      known = RequestRow.decode(row);
    } catch (CorruptRowException e) {
      known = null; // the request took effect, and its answer is lost
    }
    return new Vain(Answers.repeated(request, known == null ? null : known.answer()));
  }
}
