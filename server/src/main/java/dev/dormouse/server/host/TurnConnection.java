package dev.dormouse.server.host;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.StoredValueException;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.ConnectionRow;
import dev.dormouse.storage.CorruptRowException;
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
  private final Activation activation;
  private final ConnectionId id;
  private boolean isClosing;
  private boolean isGone;

  /** Whether tags or what is attached changed, or it was never stored. */
  private boolean isRowStale;

  private boolean isRead;

  /** The number of the turn that touched it last; 0 if none has. */
  private long touchedIn;

  /** Why the row cannot be read; null if it can, or something was attached anew. */
  private @Nullable CorruptRowException fault;

  private long acceptedAtMs;
  private Set<String> tags = Set.of();

  /** What is stored of the attachment, or will be, unless the object has changed since. */
  private byte @Nullable [] storedAttachment;

  private boolean isDecoded;

  /** Whether the attachment was serialized when it was attached, and cannot have changed since. */
  private boolean isSerialized;

  private @Nullable Object attachment;

  /** One that is stored: its row is read when touched. */
  TurnConnection(Activation activation, ConnectionId id, boolean isClosing) {
    this.activation = activation;
    this.id = id;
    this.isClosing = isClosing;
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
    this.isRead = true;
    this.acceptedAtMs = acceptedAtMs;
    this.tags = tags;
    adopt(attachment, serialized);
  }

  /** Takes what was just attached and serialized, as far as that is worth keeping. */
  private void adopt(@Nullable Object attached, byte @Nullable [] serialized) {
    attachment = attached;
    isDecoded = true;
    isSerialized = attached == null || ImmutableClasses.contains(attached.getClass());
    if (isSerialized && !Arrays.equals(serialized, storedAttachment)) {
      storedAttachment = serialized;
      isRowStale = true;
    }
  }

  private void adopt(ConnectionRow row) {
    isRead = true;
    acceptedAtMs = row.acceptedAtMs();
    tags = row.tags().isEmpty() ? Set.of() : new LinkedHashSet<>(row.tags());
    storedAttachment = row.attachment();
  }

  /** Takes a row that was read with others. */
  void adoptIfUnread(byte[] row) {
    if (!isRead) {
      try {
        adopt(ConnectionRow.decode(row));
      } catch (CorruptRowException e) {
        isRead = true;
        fault = e;
      }
    }
  }

  private void read() {
    if (isRead || isGone) {
      return;
    }
    activation.turn();
    try {
      ConnectionRow row = activation.connectionRow(id);
      if (row == null) {
        isRead = true;
        isDecoded = true;
        isGone = true;
      } else {
        adopt(row);
      }
    } catch (CorruptRowException e) {
      isRead = true;
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
      return !isClosing && !isGone;
    }
  }

  @Override
  @SuppressWarnings("NullAway") // the attachments' type admits null here
  public @Nullable Object attachment() {
    synchronized (activation) {
      if (isGone) {
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
    if (!isDecoded) {
      attachment =
          storedAttachment == null ? null : activation.decodeAttachment(id, storedAttachment);
      isDecoded = true;
    }
  }

  @Override
  public void attach(@Nullable Object value) {
    synchronized (activation) {
      if (isGone) {
        return;
      }
      Turn turn = activation.turn();
      read();
      if (isClosing || isGone) {
        attachment = value;
        isDecoded = true;
        isSerialized = false;
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
    if (!isClosing) {
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
    if (isGone || changed.equals(tags)) {
      return;
    }
    Turn turn = activation.turn();
    if (isClosing && excess(changed) != null) {
      return;
    }
    checkTags(changed);
    tags = changed;
    isRowStale = true;
    activation.touch(turn, this);
    if (!isClosing) {
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
      if (isClosing || isGone) {
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
      return isClosing || isGone
          ? CompletableFuture.completedStage(Optional.empty())
          : activation.askSeen(id);
    }
  }

  @Override
  public void close(int code, String reason) {
    synchronized (activation) {
      if (isClosing || isGone) {
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
      isClosing = true;
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
      isClosing = true;
    }
  }

  /** The turn of its close is over. */
  void markGone() {
    isGone = true;
  }

  /**
   * The row to store, now that the turn which touched it is through; null if it is stored as it is.
   * An attachment that may have been changed in place is serialized again.
   *
   * @throws RuntimeException if it cannot be stored any more
   */
  @Nullable ConnectionRow changedRow() {
    if (isGone || fault != null) {
      return null;
    }
    byte[] bytes = isDecoded && !isSerialized ? encoded() : storedAttachment;
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
      if (isClosing) {
        return storedAttachment;
      }
      throw unstorable;
    }
  }
}
