package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery;
import dev.dormouse.sdk.LimitExceededException;
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
 * A connection as one activation knows it: the handle that the actor holds, and its state. There is
 * one of a connection in an activation. The row is read, and the attachment decoded, when first
 * touched. All fields are guarded by the activation's monitor.
 *
 * <p>Once the connection is closed, by either side, the handle is inert: nothing that is done with
 * it reaches the client, and nothing throws. Until its {@code onClose} is through, attachment and
 * tags can still be changed for that handler to see; what would break a limit is ignored then.
 */
final class TurnConnection implements Connection<@Nullable Object> {
  /** The life of a connection. */
  enum Life {
    /** The actor can send to it. */
    OPEN,
    /** One side has closed it; its {@code onClose} is not through. */
    CLOSING,
    /** Its {@code onClose} is through, or it is not stored. */
    GONE;

    /**
     * Returns the next state.
     *
     * @throws IllegalStateException if it may not follow this one
     */
    Life to(Life next) {
      if (next.compareTo(this) <= 0) {
        throw new IllegalStateException("a connection cannot go from " + this + " to " + next);
      }
      return next;
    }
  }

  /** What the activation knows of the stored connection. */
  private enum Known {
    /** Nothing was read. */
    NOTHING,
    /** The row was read, or cannot be; the attachment is not decoded. */
    ROW,
    /** The attachment is an object, which may have been changed since. */
    OBJECT,
    /** The attachment is an object that cannot change, and was serialized when it was attached. */
    FIXED_OBJECT
  }

  private final Activation activation;
  private final ConnectionId id;
  private Life life;

  /** Whether tags or what is attached changed, or it was never stored. */
  private boolean isRowStale;

  private Known known = Known.NOTHING;

  /** The number of the turn that touched it last; 0 if none has. */
  private long touchedIn;

  /** Why the row cannot be read; null if it can, or something was attached anew. */
  private @Nullable CorruptRowException fault;

  private long acceptedAtMs;
  private Set<String> tags = Set.of();

  /** What is stored of the attachment, or will be, unless the object has changed since. */
  private byte @Nullable [] storedAttachment;

  private @Nullable Object attachment;

  /** One that is stored: its row is read when touched. */
  TurnConnection(Activation activation, ConnectionId id, boolean isClosing) {
    this.activation = activation;
    this.id = id;
    this.life = isClosing ? Life.CLOSING : Life.OPEN;
  }

  /**
   * One that is being accepted.
   *
   * @param serialized the attachment, serialized
   */
  TurnConnection(
      Activation activation,
      ConnectionId id,
      long acceptedAtMs,
      @Nullable Object attachment,
      byte @Nullable [] serialized,
      Set<String> tags) {
    this(activation, id, false);
    this.isRowStale = true;
    this.known = Known.ROW;
    this.acceptedAtMs = acceptedAtMs;
    this.tags = tags;
    adopt(attachment, serialized);
  }

  /** Takes what was just attached and serialized, as far as that is worth keeping. */
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
    tags = row.tags().isEmpty() ? Set.of() : new LinkedHashSet<>(row.tags());
    storedAttachment = row.attachment();
  }

  /** Takes a row that was read with others. */
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

  /** Throws if the row cannot be read. */
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
  public boolean isOpen() {
    synchronized (activation) {
      return life == Life.OPEN;
    }
  }

  @Override
  @SuppressWarnings("NullAway") // the attachments' type admits null here
  public @Nullable Object attachment() {
    synchronized (activation) {
      if (life == Life.GONE) {
        decode();
        return attachment;
      }
      Turn turn = activation.turn();
      read();
      checkReadable("the attachment");
      decode();
      activation.touch(turn, this);
      return attachment;
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

  /** A row that cannot be read is written anew: without tags, which the gateway must know. */
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

  /** Whether it has all of these; one whose row cannot be read has none. */
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

  private void retag(Set<String> changed) {
    if (life == Life.GONE || changed.equals(tags)) {
      return;
    }
    Turn turn = activation.turn();
    if (life == Life.CLOSING && excess(changed) != null) {
      return;
    }
    checkTags(changed);
    tags = changed;
    isRowStale = true;
    activation.touch(turn, this);
    if (life == Life.OPEN) {
      turn.say(new ToGateway.Retagged(id, new ArrayList<>(tags)));
    }
  }

  /** Throws if there are too many, or one is too long. */
  static void checkTags(Set<String> tags) {
    LimitExceededException excess = excess(tags);
    if (excess != null) {
      throw excess;
    }
  }

  private static @Nullable LimitExceededException excess(Set<String> tags) {
    if (tags.size() > TAGS_MAX) {
      return new LimitExceededException(
          "the number of tags of a connection", tags.size(), TAGS_MAX);
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
      if (life != Life.OPEN) {
        return SentMessage.TO_NOBODY;
      }
      if (key != null) {
        checkKey(key);
      }
      return activation.say(new ToGateway.Send(id, payload, key, 0), payload);
    }
  }

  /** The key of a message, if it is not too long. */
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
      return life != Life.OPEN
          ? CompletableFuture.completedStage(Optional.empty())
          : activation.askSeen(id);
    }
  }

  @Override
  public void close(int code, String reason) {
    synchronized (activation) {
      if (life != Life.OPEN) {
        return;
      }
      Turn turn = activation.turn();
      try {
        CloseReason.checkSendable(code, reason);
      } catch (RuntimeException notSendable) {
        if (hasFailedIn(turn)) {
          return; // onClose follows, and nothing can be sent any more
        }
        throw notSendable;
      }
      turn.say(new ToGateway.Close(id, code, reason));
      life = life.to(Life.CLOSING);
    }
  }

  private boolean hasFailedIn(Turn turn) {
    return turn.work() instanceof Event.Client client
        && client.event() instanceof ToHost.Failed failed
        && failed.connection().equals(id);
  }

  /**
   * A turn touches it.
   *
   * @return whether it is the first time in this turn
   */
  boolean touch(long turn) {
    boolean isFirst = touchedIn != turn;
    touchedIn = turn;
    return isFirst;
  }

  /** The client is gone: from here on nothing can be sent. The handle still tells what it knew. */
  void markClosing() {
    synchronized (activation) {
      if (life == Life.OPEN) {
        life = life.to(Life.CLOSING);
      }
    }
  }

  /** The turn of its close is over. */
  void markGone() {
    if (life != Life.GONE) {
      life = life.to(Life.GONE);
    }
  }

  /**
   * The row to store, now that the turn which touched it is through; null if it is stored as it is.
   * An attachment that may have been changed in place is serialized again.
   *
   * @throws RuntimeException if it cannot be stored any more
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
    return new ConnectionRow(acceptedAtMs, List.copyOf(tags), bytes);
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
