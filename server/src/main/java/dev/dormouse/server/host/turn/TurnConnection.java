package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.StoredValueException;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.CorruptRowException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The handle by which an actor uses a connection, with the state that one activation knows of it.
 * An activation has at most one handle of a connection. The connection's row is read, and the
 * attachment decoded, when an actor first needs them. The activation's monitor guards all fields.
 *
 * <p>Once either side has closed the connection, calls of the handle have no effect on the client
 * and do not throw. Until the turn of {@code onClose} is over, the attachment and the tags can
 * still be changed, for that handler to see; a change that would exceed a limit is ignored then.
 */
final class TurnConnection implements Connection<@Nullable Object> {
  /** The life of a connection. */
  enum Life {
    /** Both sides can send. */
    OPEN,
    /** One side has closed the connection; the turn of its {@code onClose} is not over. */
    CLOSING,
    /** The turn of {@code onClose} is over, or the connection is not stored. */
    GONE;

    /**
     * Returns the next state.
     *
     * @throws IllegalStateException if the next state may not follow this one
     */
    Life to(Life next) {
      if (next.compareTo(this) <= 0) {
        throw new IllegalStateException("a connection cannot go from " + this + " to " + next);
      }
      return next;
    }
  }

  /** How much of the stored connection the activation has read. */
  private enum Known {
    /** Nothing was read. */
    NOTHING,
    /** The row was read, or cannot be read; the attachment is not decoded. */
    ROW,
    /** The attachment is an object, which handlers may have changed in place. */
    OBJECT,
    /** The attachment is an object that cannot change, and was serialized when it was attached. */
    FIXED_OBJECT
  }

  private final Activation activation;
  private final ConnectionId id;
  private Life life;

  /** True if the tags or the attachment changed since the row was stored, or no row is stored. */
  private boolean isRowStale;

  private Known known = Known.NOTHING;

  /** The number of the turn that last touched the connection; 0 if none has. */
  private long touchedIn;

  /** The reason why the row cannot be read; null if it can, or if it will be written anew. */
  private @Nullable CorruptRowException fault;

  private long acceptedAtMs;

  /** The number of the last message that took effect; 0 if it is not kept. */
  private long sequence;

  /** The request for the upgrade; null if it is not known. */
  private ConnectionRow.@Nullable Request request;

  private Set<String> tags = Set.of();

  /** The close that the actor has sent; null if it has not, or if closes are not kept. */
  private ConnectionRow.@Nullable Closing closing;

  /** The attachment's bytes as stored, or as to be stored unless the object changes in place. */
  private byte @Nullable [] storedAttachment;

  private @Nullable Object attachment;

  /** Creates the handle of a stored connection, whose row is read when it is first needed. */
  TurnConnection(Activation activation, ConnectionId id, boolean isClosing) {
    this.activation = activation;
    this.id = id;
    this.life = isClosing ? Life.CLOSING : Life.OPEN;
  }

  /**
   * Creates the handle of a connection that is being accepted.
   *
   * @param serialized the attachment, serialized
   */
  TurnConnection(
      Activation activation,
      ConnectionId id,
      long acceptedAtMs,
      ConnectionRow.Request request,
      @Nullable Object attachment,
      byte @Nullable [] serialized,
      Set<String> tags) {
    this(activation, id, false);
    this.isRowStale = true;
    this.known = Known.ROW;
    this.acceptedAtMs = acceptedAtMs;
    this.request = request;
    this.tags = tags;
    adopt(attachment, serialized);
  }

  /** Keeps the attached object, and its bytes too if the object cannot change in place. */
  private void adopt(@Nullable Object attached, byte @Nullable [] serialized) {
    attachment = attached;
    boolean isFixed = attached == null || ImmutableClasses.contains(attached.getClass());
    known = isFixed ? Known.FIXED_OBJECT : Known.OBJECT;
    if (isFixed && !Arrays.equals(serialized, storedAttachment)) {
      storedAttachment = serialized;
      isRowStale = true;
    }
  }

  private void adopt(ConnectionRow row) {
    known = Known.ROW;
    acceptedAtMs = row.acceptedAtMs();
    sequence = row.sequence();
    request = row.request();
    tags = row.tags().isEmpty() ? Set.of() : new LinkedHashSet<>(row.tags());
    storedAttachment = row.attachment();
    closing = row.closing();
    if (closing != null) {
      markClosing();
      activation.noteClosing(id, closing);
    }
  }

  /** Takes a row that was read in a scan, unless this handle has read its row already. */
  void adoptIfUnread(byte[] row) {
    if (known == Known.NOTHING) {
      try {
        adopt(ConnectionRow.decode(row));
      } catch (CorruptRowException e) {
        known = Known.ROW;
        fault = e;
      }
    }
  }

  private void read() {
    if (known != Known.NOTHING || life == Life.GONE) {
      return;
    }
    activation.turn();
    load();
  }

  private void load() {
    try {
      ConnectionRow row = activation.connectionRow(id);
      if (row == null) {
        known = Known.OBJECT;
        life = life.to(Life.GONE);
      } else {
        adopt(row);
      }
    } catch (CorruptRowException e) {
      known = Known.ROW;
      fault = e;
    }
  }

  /**
   * Returns the state of the connection. Where closes are kept, a handle whose row was not read
   * reads it, since a former owner of the actor may have closed the connection.
   */
  private Life life() {
    if (life == Life.OPEN && activation.keepsCloses()) {
      read();
    }
    return life;
  }

  /** Throws a {@link StoredValueException} if the row cannot be read. */
  private void checkReadable(String part) {
    if (fault != null) {
      throw activation.unreadableRow(part, id, fault);
    }
  }

  @Override
  public ConnectionId id() {
    return id;
  }

  @Override
  public Instant acceptedAt() {
    synchronized (activation) {
      read();
      checkReadable("the time of acceptance");
      if (acceptedAtMs == 0) {
        throw new IllegalStateException(
            "connection " + id + " is gone, and the time of its acceptance was never read");
      }
      return Instant.ofEpochMilli(acceptedAtMs);
    }
  }

  @Override
  public String path() {
    return target().path();
  }

  @Override
  public Optional<String> query(String name) {
    ConnectionRow.Request target = target();
    return new RequestHead("GET", target.path(), target.query(), List.of(), target.remoteAddress())
        .query(name);
  }

  @Override
  public String remoteAddress() {
    return request().remoteAddress();
  }

  private ConnectionRow.Request request() {
    synchronized (activation) {
      read();
      checkReadable("the request for the upgrade");
      if (request == null) {
        throw new IllegalStateException(
            "the request for the upgrade of connection " + id + " is not stored");
      }
      return request;
    }
  }

  private ConnectionRow.Request target() {
    ConnectionRow.Request request = request();
    if (request.path().isEmpty()) {
      throw new IllegalStateException(
          ("path and query of connection %s took more than %s bytes and are not stored; onUpgrade can"
                  + " put parts of them into the attachment")
              .formatted(id, REQUEST_BYTES_MAX));
    }
    return request;
  }

  @Override
  public boolean isOpen() {
    synchronized (activation) {
      return life() == Life.OPEN;
    }
  }

  @Override
  @SuppressWarnings("NullAway") // the attachments' type admits null here
  public @Nullable Object attachment() {
    synchronized (activation) {
      if (life == Life.GONE) {
        decode();
        return activation.attached(id, attachment);
      }
      Turn turn = activation.turn();
      read();
      checkReadable("the attachment");
      decode();
      activation.touch(turn, this);
      return activation.attached(id, attachment);
    }
  }

  private void decode() {
    if (known == Known.NOTHING || known == Known.ROW) {
      attachment =
          storedAttachment == null ? null : activation.decodeAttachment(id, storedAttachment);
      known = Known.OBJECT;
    }
  }

  @Override
  public void attach(@Nullable Object value) {
    synchronized (activation) {
      if (value == null) {
        activation.checkOptional(
            "null cannot be attached; attach a value, or close the connection");
      }
      if (life == Life.GONE) {
        return;
      }
      Turn turn = activation.turn();
      read();
      if (life != Life.OPEN) {
        attachment = value;
        known = Known.OBJECT;
      } else {
        byte[] serialized = activation.encodeAttachment(id, value);
        turn.reserve(serialized);
        adopt(value, serialized);
      }
      if (fault != null) {
        beginAnew();
      }
      activation.touch(turn, this);
    }
  }

  /** Replaces a row that cannot be read by one without tags, and tells the gateway so. */
  private void beginAnew() {
    fault = null;
    acceptedAtMs = activation.wallMs();
    isRowStale = true;
    if (life == Life.OPEN) {
      activation.turn().say(new ToGateway.Retagged(id, List.of()));
    }
  }

  @Override
  public Set<String> tags() {
    synchronized (activation) {
      read();
      checkReadable("the tags");
      return Collections.unmodifiableSet(new LinkedHashSet<>(tags));
    }
  }

  /** Returns whether the connection has all these tags; one with an unreadable row has none. */
  boolean isTagged(Set<String> wanted) {
    read();
    return tags.containsAll(wanted);
  }

  @Override
  public void tag(String... added) {
    synchronized (activation) {
      read();
      checkReadable("the tags");
      Set<String> more = new LinkedHashSet<>(tags);
      Collections.addAll(more, added);
      retag(more);
    }
  }

  @Override
  public void untag(String... removed) {
    synchronized (activation) {
      read();
      checkReadable("the tags");
      Set<String> fewer = new LinkedHashSet<>(tags);
      for (String tag : removed) {
        fewer.remove(tag);
      }
      retag(fewer);
    }
  }

  /** Returns the tags if the row was read, none if it cannot be read; null if it was not read. */
  @Nullable Set<String> tagsIfRead() {
    return known == Known.NOTHING ? null : tags;
  }

  private void retag(Set<String> changed) {
    if (life == Life.GONE || changed.equals(tags)) {
      return;
    }
    Turn turn = activation.turn();
    if (life == Life.CLOSING && excess(changed, activation.options().tagsMax()) != null) {
      return;
    }
    checkTags(changed, activation.options().tagsMax());
    activation.recount(tags, changed);
    tags = changed;
    isRowStale = true;
    activation.touch(turn, this);
    if (life == Life.OPEN) {
      turn.say(new ToGateway.Retagged(id, new ArrayList<>(tags)));
    }
  }

  /** Throws a {@link LimitExceededException} if there are too many tags, or one is too long. */
  static void checkTags(Set<String> tags, int tagsMax) {
    LimitExceededException excess = excess(tags, tagsMax);
    if (excess != null) {
      throw excess;
    }
  }

  private static @Nullable LimitExceededException excess(Set<String> tags, int tagsMax) {
    if (tags.size() > tagsMax) {
      return new LimitExceededException("the number of tags of a connection", tags.size(), tagsMax);
    }
    for (String tag : tags) {
      int bytes = RowKey.utf8("a tag", tag).length;
      if (bytes > TAG_BYTES_MAX) {
        return new LimitExceededException("a tag", bytes, TAG_BYTES_MAX, "bytes");
      }
    }
    return null;
  }

  @Override
  public Delivery send(String text) {
    return send(Payload.text(text), null);
  }

  @Override
  public Delivery send(ByteBuffer bytes) {
    return send(Payload.binary(bytes), null);
  }

  @Override
  public Delivery sendLatest(String key, String text) {
    return send(Payload.text(text), key);
  }

  @Override
  public Delivery sendLatest(String key, ByteBuffer bytes) {
    return send(Payload.binary(bytes), key);
  }

  private Delivery send(Payload payload, @Nullable String key) {
    synchronized (activation) {
      if (life() != Life.OPEN) {
        return SentMessage.TO_NOBODY;
      }
      if (key != null) {
        checkKey(key);
      }
      return activation.say(new ToGateway.Send(id, payload, key, 0), payload);
    }
  }

  /** Returns the key of a message; throws a {@link LimitExceededException} if it is too long. */
  static String checkKey(String key) {
    int bytes = RowKey.utf8("a key", key).length;
    if (bytes > KEY_BYTES_MAX) {
      throw new LimitExceededException("the key of a message", bytes, KEY_BYTES_MAX, "bytes");
    }
    return key;
  }

  @Override
  public CompletionStage<Optional<Instant>> lastSeen() {
    synchronized (activation) {
      return life() != Life.OPEN
          ? CompletableFuture.completedStage(Optional.empty())
          : activation.askSeen(id);
    }
  }

  @Override
  public void close(int code, String reason) {
    synchronized (activation) {
      if (life() != Life.OPEN) {
        return;
      }
      Turn turn = activation.turn();
      try {
        CloseReason.checkSendable(code, reason);
      } catch (RuntimeException notSendable) {
        if (hasFailedIn(turn)) {
          return; // the connection has failed: onClose follows, and no close frame can be sent
        }
        throw notSendable;
      }
      turn.say(new ToGateway.Close(id, code, reason));
      life = life.to(Life.CLOSING);
      if (activation.keepsCloses()) {
        closing = new ConnectionRow.Closing(code, reason);
        isRowStale = true;
        activation.touch(turn, this);
      }
    }
  }

  private boolean hasFailedIn(Turn turn) {
    return turn.work() instanceof Event.Client client
        && client.event() instanceof ToHost.Failed failed
        && failed.connection().equals(id);
  }

  /**
   * Notes that a turn touches the connection.
   *
   * @return whether the turn touches it for the first time
   */
  boolean touch(long turn) {
    boolean isFirst = touchedIn != turn;
    touchedIn = turn;
    return isFirst;
  }

  /**
   * Notes that the client is gone, so that nothing can be sent to it. Attachment and tags can still
   * be read.
   */
  void markClosing() {
    synchronized (activation) {
      if (life == Life.OPEN) {
        life = life.to(Life.CLOSING);
      }
    }
  }

  /** Notes that the turn of the connection's close is over. */
  void markGone() {
    if (life != Life.GONE) {
      life = life.to(Life.GONE);
    }
  }

  /**
   * Returns the row to store at the end of a turn that touched the connection; null if the stored
   * row is still right. An attachment that handlers may have changed in place is serialized again.
   *
   * @throws RuntimeException if the attachment cannot be serialized, or has become too large
   */
  @Nullable ConnectionRow changedRow() {
    if (life == Life.GONE || fault != null) {
      return null;
    }
    byte[] bytes = known == Known.OBJECT ? encoded() : storedAttachment;
    if (!isRowStale && Arrays.equals(bytes, storedAttachment)) {
      return null;
    }
    storedAttachment = bytes;
    isRowStale = false;
    return row(bytes);
  }

  /**
   * Returns the number of the connection's last message that took effect, as far as numbers are
   * kept; {@link Activation#NOT_STORED} or {@link Activation#UNREADABLE} if there is no such row.
   * Needs no turn.
   */
  long lastSequence() {
    if (known == Known.NOTHING && life != Life.GONE) {
      load();
    }
    if (life == Life.GONE) {
      return Activation.NOT_STORED;
    }
    return fault == null ? sequence : Activation.UNREADABLE;
  }

  /**
   * Returns the row with the number of a message whose turn ends, as of the last {@link
   * #changedRow}; null if the row cannot be read.
   */
  @Nullable ConnectionRow rowAfter(long message) {
    if (lastSequence() < 0) {
      return null;
    }
    sequence = message;
    return row(storedAttachment);
  }

  private ConnectionRow row(byte @Nullable [] bytes) {
    return new ConnectionRow(acceptedAtMs, sequence, List.copyOf(tags), request, closing, bytes);
  }

  private byte @Nullable [] encoded() {
    try {
      return activation.encodeAttachment(id, attachment);
    } catch (StoredValueException | LimitExceededException unstorable) {
      if (life != Life.OPEN) {
        return storedAttachment;
      }
      throw unstorable;
    }
  }
}
