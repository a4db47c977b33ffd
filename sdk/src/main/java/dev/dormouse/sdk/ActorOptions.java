package dev.dormouse.sdk;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The options of an actor type. They are immutable: each method that takes a choice returns a
 * changed copy, and the method of the same name without a parameter returns the choice.
 *
 * <pre>{@code
 * .actor("/chat/:key", ChatRoom.class, ChatRoom::new, o -> o.stores(Line.class).failurePolicy(FailurePolicy.CLOSE))
 * }</pre>
 */
public final class ActorOptions {

  /** The largest message that {@link #messageBytesMax(int)} allows: 32 MiB. */
  public static final int MESSAGE_BYTES_CEILING = 32 << 20;

  /** The largest attachment that {@link #attachmentBytesMax(int)} allows: 1 MiB. */
  public static final int ATTACHMENT_BYTES_CEILING = 1 << 20;

  /** The most bytes that {@link #outboundBytesMax(int)} lets wait for a client: 256 MiB. */
  public static final int OUTBOUND_BYTES_CEILING = 256 << 20;

  /** The token of RFC 9110, section 5.6.2. */
  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

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

  private static void checkToken(String subprotocol) {
    if (!TOKEN.matcher(subprotocol).matches()) {
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

  private static OptionalInt optional(@Nullable Integer chosen) {
    return chosen == null ? OptionalInt.empty() : OptionalInt.of(chosen);
  }
}
