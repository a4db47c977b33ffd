package dev.dormouse.sdk;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The options of an actor type. They are immutable: each method that takes a choice returns a
 * changed copy, and the method of the same name without a parameter returns the choice.
 *
 * <pre>{@code
 * .actor("/chat/:key", ChatRoom.class, ChatRoom::new, o -> o.stores(Line.class).failurePolicy(FailurePolicy.CLOSE))
 * }</pre>
 *
 * <p>A limit of an actor type holds for each of its actors. A constant that ends in {@code CEILING}
 * is the greatest value that the method of its name takes.
 */
public final class ActorOptions {

  /** The largest message that {@link #messageBytesMax(int)} allows: 32 MiB. */
  public static final int MESSAGE_BYTES_CEILING = 32 << 20;

  /** The largest attachment that {@link #attachmentBytesMax(int)} allows: 1 MiB. */
  public static final int ATTACHMENT_BYTES_CEILING = 1 << 20;

  /** The most bytes that {@link #outboundBytesMax(int)} lets wait for a client: 256 MiB. */
  public static final int OUTBOUND_BYTES_CEILING = 256 << 20;

  /** The most connections that {@link #connectionsMax(int)} allows: 131,072. */
  public static final int CONNECTIONS_CEILING = 131_072;

  /** The most tags that {@link #tagsMax(int)} allows: 100. */
  public static final int TAGS_CEILING = 100;

  /** The most alarms that {@link #alarmsMax(int)} allows: 16,384. */
  public static final int ALARMS_CEILING = 16_384;

  /** The most attempts that {@link #alarmAttemptsMax(int)} allows: 100. */
  public static final int ALARM_ATTEMPTS_CEILING = 100;

  /** The longest key that {@link #storageKeyBytesMax(int)} allows: 8 KiB. */
  public static final int STORAGE_KEY_BYTES_CEILING = 8 << 10;

  /** The largest value that {@link #storageValueBytesMax(int)} allows: 16 MiB. */
  public static final int STORAGE_VALUE_BYTES_CEILING = 16 << 20;

  /** The most bytes that {@link #turnBytesMax(int)} allows: 64 MiB. */
  public static final int TURN_BYTES_CEILING = 64 << 20;

  /** The most automatic replies that {@link #autoRepliesMax(int)} allows: 64. */
  public static final int AUTO_REPLIES_CEILING = 64;

  /** The longest request or reply that {@link #autoReplyBytesMax(int)} allows: 8 KiB. */
  public static final int AUTO_REPLY_BYTES_CEILING = 8 << 10;

  /** The longest text that {@link #heartbeat(String, String)} takes: 125 characters. */
  public static final int HEARTBEAT_CHARS_MAX = 125;

  /** The shortest time that {@link #idle(Duration)} allows: 10 ms. */
  public static final Duration IDLE_FLOOR = Duration.ofMillis(10);

  /** The longest time that {@link #idle(Duration)} allows: 24 h. */
  public static final Duration IDLE_CEILING = Duration.ofHours(24);

  /** The shortest time that {@link #turnLimit(Duration)} allows: 1 s. */
  public static final Duration TURN_FLOOR = Duration.ofSeconds(1);

  /** The longest time that {@link #turnLimit(Duration)} allows: 1 h. */
  public static final Duration TURN_CEILING = Duration.ofHours(1);

  /** The most events that {@link #mailboxMax(int)} lets wait for an actor: 65,536. */
  public static final int MAILBOX_CEILING = 65_536;

  /** The most attempts that {@link #activationAttemptsMax(int)} allows: 100. */
  public static final int ACTIVATION_ATTEMPTS_CEILING = 100;

  private final Values values;

  /** The choices, which change only before they belong to options. */
  private static final class Values implements Cloneable {
    @Nullable String name;
    List<Class<?>> stores = List.of();
    Map<String, Class<?>> renamed = Map.of();
    Map<Class<?>, Function<StoredFields, ?>> migrates = Map.of();
    FailurePolicy failurePolicy = FailurePolicy.KEEP_OPEN;
    Threading threading = Threading.MAY_BLOCK;
    int messageBytesMax = 1 << 20;
    @Nullable Integer messagesPerSecondMax;
    int attachmentBytesMax = 16 << 10;
    List<String> subprotocols = List.of();
    Compression compression = Compression.OFF;
    OutboundPolicy outboundPolicy = OutboundPolicy.CLOSE;
    @Nullable Integer outboundBytesMax;
    int connectionsMax = Connections.CONNECTIONS_DEFAULT;
    int tagsMax = Connection.TAGS_DEFAULT;
    int alarmsMax = Alarms.ALARMS_DEFAULT;
    int alarmAttemptsMax = Alarms.ATTEMPTS_DEFAULT;
    int storageKeyBytesMax = Storage.KEY_BYTES_DEFAULT;
    int storageValueBytesMax = Storage.VALUE_BYTES_DEFAULT;
    int turnBytesMax = TURN_BYTES_CEILING;
    int autoRepliesMax = AutoReply.REPLIES_DEFAULT;
    int autoReplyBytesMax = AutoReply.BYTES_DEFAULT;
    Optional<AutoReply> heartbeat = Optional.of(AutoReply.HEARTBEAT_DEFAULT);
    @Nullable Duration idle;
    @Nullable Duration turnLimit;
    @Nullable Integer mailboxMax;
    @Nullable Integer activationAttemptsMax;
    @Nullable BiFunction<ActorId, RequestHead, Access> access;

    Values copy() {
      try {
        return (Values) clone();
      } catch (CloneNotSupportedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private ActorOptions(Values values) {
    this.values = values;
  }

  private ActorOptions with(Consumer<Values> change) {
    Values changed = values.copy();
    change.accept(changed);
    return new ActorOptions(changed);
  }

  /**
   * Returns the default options: messages of 1 MiB at any rate, attachments of 16 KiB, handlers
   * that may block, connections that stay open on failure, slow clients that are closed, no
   * compression, and access for every client.
   */
  public static ActorOptions defaults() {
    return new ActorOptions(new Values());
  }

  /** Names the type; stored data is found by this name, so it must not change. */
  public ActorOptions name(String name) {
    return with(v -> v.name = name);
  }

  /**
   * Returns the type's name in ids, logs and stored keys. If null, the name is made of the path's
   * fixed parts: {@code /bench/echo/:key} gives {@code bench-echo}.
   */
  public @Nullable String name() {
    return values.name;
  }

  /**
   * Names classes of stored values. A class that is not named cannot be stored, nor made from
   * stored bytes. The attachment's type need not be named, nor its type arguments. Nor need what
   * named classes are made of: the types of components and fields, their type arguments, elements
   * of arrays, and the permitted subclasses of sealed types. So what remains to be named are
   * classes that only {@link Storage} gets, and the implementations of interfaces that are not
   * sealed.
   *
   * <p>A stored class is a record, an enum, or a class with a constructor without parameters, whose
   * fields are stored except transient ones. If a class cannot be stored, the server does not
   * start.
   */
  public ActorOptions stores(Class<?>... classes) {
    List<Class<?>> more = new ArrayList<>(values.stores);
    more.addAll(List.of(classes));
    return with(v -> v.stores = List.copyOf(more));
  }

  /** Returns the classes of attachments and stored values, besides the attachment class itself. */
  public List<Class<?>> stores() {
    return values.stores;
  }

  /**
   * Says that a stored class had another name: what was stored under it is read as this class, as
   * if it had always been called so. The class counts as named.
   *
   * @param olderName the binary name, such as {@code com.example.ChatRoom$User}; one class may have
   *     had several
   * @param now the class of today
   */
  public ActorOptions renamed(String olderName, Class<?> now) {
    Map<String, Class<?>> more = new HashMap<>(values.renamed);
    more.put(olderName, now);
    return with(v -> v.renamed = Map.copyOf(more));
  }

  /** Returns the stored classes of today by the names that they had. */
  public Map<String, Class<?>> renamed() {
    return values.renamed;
  }

  /**
   * Chooses the function that makes objects of a class from what an earlier version of the
   * application stored. The class counts as named.
   *
   * <p>Without a migration, components and fields may come, go and change places: one that was not
   * stored is null, 0 or false (a field is as the constructor leaves it), one that is gone is
   * passed over. A value of another type is refused. With a migration, none of that is done:
   * whenever a stored object of the class has other fields than the class has today, or a value
   * that is not of today's type, or that its constructor refuses, the migration is called with what
   * was stored, whatever version that is of, and makes the object. It is called, too, where an
   * attachment or stored value of the class is wanted and one of another class is found, and for a
   * constant that an enum has no more. What it makes is stored when the value is next stored.
   *
   * <p>It cannot be told from stored bytes that the meaning of a field has changed: then change its
   * name, too.
   *
   * @param to the class of today: a record, a class or an enum
   * @param migration makes the object; it may be called from several threads at once, and must use
   *     nothing but what it is given; what it throws makes the value unreadable
   */
  public <T> ActorOptions migrates(Class<T> to, Function<StoredFields, ? extends T> migration) {
    Map<Class<?>, Function<StoredFields, ?>> more = new HashMap<>(values.migrates);
    more.put(to, migration);
    return with(v -> v.migrates = Map.copyOf(more));
  }

  /** Returns the functions that make objects from earlier stored forms, by today's classes. */
  public Map<Class<?>, Function<StoredFields, ?>> migrates() {
    return values.migrates;
  }

  /** Chooses the treatment of a connection whose message made its handler throw. */
  public ActorOptions failurePolicy(FailurePolicy policy) {
    return with(v -> v.failurePolicy = policy);
  }

  /** Returns the treatment of a connection whose message made its handler throw. */
  public FailurePolicy failurePolicy() {
    return values.failurePolicy;
  }

  /** Chooses the threads on which the handlers run. */
  public ActorOptions threading(Threading threading) {
    return with(v -> v.threading = threading);
  }

  /** Returns the threads on which the handlers run. */
  public Threading threading() {
    return values.threading;
  }

  /**
   * Limits the size of messages that clients may send. A larger one closes the connection with
   * 1009.
   *
   * @param bytes 1 to 32 MiB
   * @throws IllegalArgumentException if the number is out of range
   */
  public ActorOptions messageBytesMax(int bytes) {
    checkRange("messageBytesMax", bytes, MESSAGE_BYTES_CEILING);
    return with(v -> v.messageBytesMax = bytes);
  }

  /** Returns the size of the largest message that a client may send, in bytes. */
  public int messageBytesMax() {
    return values.messageBytesMax;
  }

  /**
   * Limits the number of messages that a client may send in a second, or at once. Further messages
   * close the connection with 1008.
   *
   * <p>By default a client may send any number.
   *
   * @param messages at least 1
   * @throws IllegalArgumentException if the number is out of range
   */
  public ActorOptions messagesPerSecondMax(int messages) {
    checkRange("messagesPerSecondMax", messages, Integer.MAX_VALUE);
    return with(v -> v.messagesPerSecondMax = messages);
  }

  /** Returns the number of messages that a client may send in a second; empty for any number. */
  public OptionalInt messagesPerSecondMax() {
    return optional(values.messagesPerSecondMax);
  }

  /**
   * Limits the size of attachments, as serialized. A larger one fails the turn.
   *
   * @param bytes 1 to 1 MiB
   * @throws IllegalArgumentException if the number is out of range
   */
  public ActorOptions attachmentBytesMax(int bytes) {
    checkRange("attachmentBytesMax", bytes, ATTACHMENT_BYTES_CEILING);
    return with(v -> v.attachmentBytesMax = bytes);
  }

  /** Returns the size of the largest attachment, in bytes as serialized. */
  public int attachmentBytesMax() {
    return values.attachmentBytesMax;
  }

  /**
   * Names the subprotocols that the actors speak (RFC 6455, section 1.9). A client gets the first
   * of its own list that is among them, or none, and is told which; so is the actor, by {@link
   * Upgrade#subprotocol()}.
   *
   * @param names compared as they are, such as {@code graphql-transport-ws}
   * @throws IllegalArgumentException if one has characters that a header's token cannot
   */
  public ActorOptions subprotocols(String... names) {
    List<String> checked = List.of(names);
    checked.forEach(ActorOptions::checkToken);
    return with(v -> v.subprotocols = checked);
  }

  /** Returns the subprotocols that clients may choose from. */
  public List<String> subprotocols() {
    return values.subprotocols;
  }

  /** Chooses the compression of messages for clients that offer it; none by default. */
  public ActorOptions compression(Compression compression) {
    return with(v -> v.compression = compression);
  }

  /** Returns the compression of messages for clients that offer it. */
  public Compression compression() {
    return values.compression;
  }

  /**
   * Chooses the treatment of a client that reads too slowly. By default its connection is closed
   * with 1013.
   */
  public ActorOptions outboundPolicy(OutboundPolicy policy) {
    return with(v -> v.outboundPolicy = policy);
  }

  /** Returns the treatment of a client that reads too slowly. */
  public OutboundPolicy outboundPolicy() {
    return values.outboundPolicy;
  }

  /**
   * Limits what may wait for one client that does not take it: the bytes of all frames that the
   * operating system has not taken, and 96 for each; over it comes {@link #outboundPolicy()}. While
   * the client goes on taking what waits (256 bytes a second, on average over 30 s), 64 MiB more
   * may: so a long message, or all that one turn sends, reaches whoever reads. Each broadcast
   * counts for each of its recipients, though they share it.
   *
   * <p>By default the server's own limit holds, which is 1 MiB.
   *
   * @param bytes 1 to 256 MiB
   * @throws IllegalArgumentException if the number is out of range
   */
  public ActorOptions outboundBytesMax(int bytes) {
    checkRange("outboundBytesMax", bytes, OUTBOUND_BYTES_CEILING);
    return with(v -> v.outboundBytesMax = bytes);
  }

  /** Returns the number of bytes that may wait for one client; empty for the server's limit. */
  public OptionalInt outboundBytesMax() {
    return optional(values.outboundBytesMax);
  }

  /**
   * Chooses the time without events after which an actor hibernates. By default the server's own
   * time holds, which is 10 s ({@code --idle}).
   *
   * @param idle 10 ms to 24 h
   * @throws IllegalArgumentException if the time is out of range
   */
  public ActorOptions idle(Duration idle) {
    checkRange("idle", idle, IDLE_FLOOR, IDLE_CEILING);
    return with(v -> v.idle = idle);
  }

  /**
   * Returns the time without events after which an actor hibernates; empty for the server's own
   * time.
   */
  public Optional<Duration> idle() {
    return Optional.ofNullable(values.idle);
  }

  /**
   * Limits how long a turn may last, what it waits for included. A longer one is abandoned, and its
   * actor is reset; the sockets stay. By default the server's own limit holds, which is 30 s. A
   * longer limit does not prolong the time that an upgrade (10 s) or a plain request (30 s) waits
   * for its answer.
   *
   * @param limit 1 s to 1 h
   * @throws IllegalArgumentException if the time is out of range
   */
  public ActorOptions turnLimit(Duration limit) {
    checkRange("turnLimit", limit, TURN_FLOOR, TURN_CEILING);
    return with(v -> v.turnLimit = limit);
  }

  /** Returns how long a turn may last; empty for the server's own limit. */
  public Optional<Duration> turnLimit() {
    return Optional.ofNullable(values.turnLimit);
  }

  /**
   * Limits the number of events that wait for one actor. Over it the server stops reading the
   * actor's sockets, and answers upgrades and requests 503. By default the server's own limit
   * holds, which is 1,024.
   *
   * @param events 1 to 65,536
   * @throws IllegalArgumentException if the number is out of range
   */
  public ActorOptions mailboxMax(int events) {
    checkRange("mailboxMax", events, MAILBOX_CEILING);
    return with(v -> v.mailboxMax = events);
  }

  /** Returns the number of events that may wait for an actor; empty for the server's own limit. */
  public OptionalInt mailboxMax() {
    return optional(values.mailboxMax);
  }

  /**
   * Limits the number of attempts to activate an actor for an event, or to read the store in its
   * turn. After the last one the event is given up: a message closes its connection with 1011, and
   * upgrades and requests are answered 503. By default the server's own limit holds, which is 6.
   *
   * @param attempts 1 to 100
   * @throws IllegalArgumentException if the number is out of range
   */
  public ActorOptions activationAttemptsMax(int attempts) {
    checkRange("activationAttemptsMax", attempts, ACTIVATION_ATTEMPTS_CEILING);
    return with(v -> v.activationAttemptsMax = attempts);
  }

  /** Returns the number of attempts to activate an actor; empty for the server's own limit. */
  public OptionalInt activationAttemptsMax() {
    return optional(values.activationAttemptsMax);
  }

  /**
   * Limits the number of connections of an actor. Further upgrades are answered 503.
   *
   * <p>The default is 32,768.
   *
   * @param number 1 to 131,072
   * @throws IllegalArgumentException if the number is out of range
   */
  public ActorOptions connectionsMax(int number) {
    checkRange("connectionsMax", number, CONNECTIONS_CEILING);
    return with(v -> v.connectionsMax = number);
  }

  /** Returns the number of connections that an actor may have. */
  public int connectionsMax() {
    return values.connectionsMax;
  }

  /**
   * Limits the number of tags of a connection. A change over the limit fails with a {@link
   * LimitExceededException}.
   *
   * <p>The default is 10.
   *
   * @param number 1 to 100
   * @throws IllegalArgumentException if the number is out of range
   */
  public ActorOptions tagsMax(int number) {
    checkRange("tagsMax", number, TAGS_CEILING);
    return with(v -> v.tagsMax = number);
  }

  /** Returns the number of tags that a connection may have. */
  public int tagsMax() {
    return values.tagsMax;
  }

  /**
   * Limits the number of alarms that an actor may have set. One more fails with a {@link
   * LimitExceededException}. Alarms that were set under a higher limit stay.
   *
   * <p>The default is 1,024.
   *
   * @param number 1 to 16,384
   * @throws IllegalArgumentException if the number is out of range
   */
  public ActorOptions alarmsMax(int number) {
    checkRange("alarmsMax", number, ALARMS_CEILING);
    return with(v -> v.alarmsMax = number);
  }

  /** Returns the number of alarms that an actor may have set. */
  public int alarmsMax() {
    return values.alarmsMax;
  }

  /**
   * Limits the number of attempts to handle an alarm. After the last one the alarm is given up,
   * which is logged and counted.
   *
   * <p>The default is 7.
   *
   * @param number 1 to 100
   * @throws IllegalArgumentException if the number is out of range
   */
  public ActorOptions alarmAttemptsMax(int number) {
    checkRange("alarmAttemptsMax", number, ALARM_ATTEMPTS_CEILING);
    return with(v -> v.alarmAttemptsMax = number);
  }

  /** Returns the number of attempts to handle an alarm. */
  public int alarmAttemptsMax() {
    return values.alarmAttemptsMax;
  }

  /**
   * Limits the size of storage keys. A longer key fails with a {@link LimitExceededException}, so a
   * limit that is lowered makes the values of longer keys unreachable by their keys.
   *
   * <p>The default is 2 KiB.
   *
   * @param bytes 1 to 8 KiB
   * @throws IllegalArgumentException if the number is out of range
   */
  public ActorOptions storageKeyBytesMax(int bytes) {
    checkRange("storageKeyBytesMax", bytes, STORAGE_KEY_BYTES_CEILING);
    return with(v -> v.storageKeyBytesMax = bytes);
  }

  /** Returns the size of the longest storage key, in bytes of UTF-8. */
  public int storageKeyBytesMax() {
    return values.storageKeyBytesMax;
  }

  /**
   * Limits the size of a stored value, as serialized. A larger one fails with a {@link
   * LimitExceededException}. Values that were stored under a higher limit can be read.
   *
   * <p>The default is 2 MiB.
   *
   * @param bytes 1 to 16 MiB
   * @throws IllegalArgumentException if the number is out of range
   */
  public ActorOptions storageValueBytesMax(int bytes) {
    checkRange("storageValueBytesMax", bytes, STORAGE_VALUE_BYTES_CEILING);
    return with(v -> v.storageValueBytesMax = bytes);
  }

  /** Returns the size of the largest stored value, in bytes as serialized. */
  public int storageValueBytesMax() {
    return values.storageValueBytesMax;
  }

  /**
   * Limits what one turn may send and store in all. What is over the limit fails with a {@link
   * LimitExceededException}. The default is the ceiling.
   *
   * @param bytes 1 to 64 MiB
   * @throws IllegalArgumentException if the number is out of range
   */
  public ActorOptions turnBytesMax(int bytes) {
    checkRange("turnBytesMax", bytes, TURN_BYTES_CEILING);
    return with(v -> v.turnBytesMax = bytes);
  }

  /** Returns the number of bytes that one turn may send and store. */
  public int turnBytesMax() {
    return values.turnBytesMax;
  }

  /**
   * Limits the number of automatic replies of an actor. One more fails with a {@link
   * LimitExceededException}.
   *
   * <p>The default is 16.
   *
   * @param number 1 to 64
   * @throws IllegalArgumentException if the number is out of range
   */
  public ActorOptions autoRepliesMax(int number) {
    checkRange("autoRepliesMax", number, AUTO_REPLIES_CEILING);
    return with(v -> v.autoRepliesMax = number);
  }

  /** Returns the number of automatic replies that an actor may have. */
  public int autoRepliesMax() {
    return values.autoRepliesMax;
  }

  /**
   * Limits the size of the request and of the reply of an automatic reply. A longer one fails with
   * a {@link LimitExceededException}.
   *
   * <p>The default is 2 KiB.
   *
   * @param bytes 1 to 8 KiB
   * @throws IllegalArgumentException if the number is out of range
   */
  public ActorOptions autoReplyBytesMax(int bytes) {
    checkRange("autoReplyBytesMax", bytes, AUTO_REPLY_BYTES_CEILING);
    return with(v -> v.autoReplyBytesMax = bytes);
  }

  /** Returns the size of the longest request or reply of an automatic reply, in bytes of UTF-8. */
  public int autoReplyBytesMax() {
    return values.autoReplyBytesMax;
  }

  /**
   * Chooses the heartbeat of the clients: a text message that the server answers at once, so that a
   * client notices a dead network. The actor is not woken and hears nothing of it, and nothing is
   * stored. An automatic reply of the actor to the same text comes first. A heartbeat counts for
   * {@link #messagesPerSecondMax}.
   *
   * <p>The default is {@link AutoReply#HEARTBEAT_DEFAULT}, which Dormouse's client for JavaScript
   * sends. A page that uses another client may need another text.
   *
   * @param request the whole message that is answered, 1 to 125 printable characters of ASCII
   * @param reply the answer, 1 to 125 printable characters of ASCII
   * @throws IllegalArgumentException if one of them is too long, empty or not of such characters
   */
  public ActorOptions heartbeat(String request, String reply) {
    checkHeartbeat("request", request);
    checkHeartbeat("reply", reply);
    return with(v -> v.heartbeat = Optional.of(new AutoReply(request, reply)));
  }

  /** Passes every text to the actor, unless the actor itself has an automatic reply to it. */
  public ActorOptions noHeartbeat() {
    return with(v -> v.heartbeat = Optional.empty());
  }

  /** Returns the heartbeat of the clients; empty if there is none. */
  public Optional<AutoReply> heartbeat() {
    return values.heartbeat;
  }

  /**
   * Chooses the rule that decides who may reach the actors, by upgrade or by plain request. The
   * rule is asked before an actor hears of either, and without waking the actor. A denied request
   * costs no turn and no activation.
   *
   * <p>The rule is called on an event loop, for several clients at the same time, and must not
   * block; what takes longer is {@link Access#later}. A rule that throws, or a stage that fails, is
   * answered 500, or as a {@link ResponseException} says. One that takes longer than a handshake
   * may (10 s) is answered 503; what it decides then is ignored. So it is if the client has gone.
   *
   * @param rule decides by the actor that is asked for, and the request with its {@linkplain
   *     RequestHead#user user}
   */
  public ActorOptions access(BiFunction<ActorId, RequestHead, Access> rule) {
    return with(v -> v.access = rule);
  }

  /** Returns the rule that decides who may reach the actors; null if everybody may. */
  public @Nullable BiFunction<ActorId, RequestHead, Access> access() {
    return values.access;
  }

  private static void checkHeartbeat(String what, String text) {
    if (text.isEmpty()
        || text.length() > HEARTBEAT_CHARS_MAX
        || !text.chars().allMatch(c -> c >= ' ' && c <= '~')) {
      throw new IllegalArgumentException(
          "the "
              + what
              + " of a heartbeat has 1 to "
              + HEARTBEAT_CHARS_MAX
              + " printable characters of ASCII, which '"
              + text
              + "' has not");
    }
  }

  private static void checkToken(String subprotocol) {
    if (!Header.isToken(subprotocol)) {
      throw new IllegalArgumentException("subprotocol '" + subprotocol + "' is not a token");
    }
  }

  private static void checkRange(String what, int value, int max) {
    if (value < 1 || value > max) {
      throw new IllegalArgumentException(
          max == Integer.MAX_VALUE
              ? what + " " + value + " is not 1 or more"
              : what + " " + value + " is not 1 to " + max);
    }
  }

  private static void checkRange(String what, Duration value, Duration min, Duration max) {
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw new IllegalArgumentException(
          "%s %s ms is not %s ms to %s h"
              .formatted(what, value.toMillis(), min.toMillis(), max.toHours()));
    }
  }

  private static OptionalInt optional(@Nullable Integer chosen) {
    return chosen == null ? OptionalInt.empty() : OptionalInt.of(chosen);
  }
}
