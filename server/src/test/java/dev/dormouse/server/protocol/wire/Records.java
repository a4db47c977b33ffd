package dev.dormouse.server.protocol.wire;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.User;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Generates records of every kind, and makes values of them that can be compared. */
final class Records {
  private Records() {}

  // -- kinds

  /** Returns the records of a sealed type, those of its sealed parts included. */
  static Set<Class<?>> kindsOf(Class<?> sealed) {
    Set<Class<?>> kinds = new LinkedHashSet<>();
    for (Class<?> permitted : sealed.getPermittedSubclasses()) {
      if (permitted.isSealed()) {
        kinds.addAll(kindsOf(permitted));
      } else {
        kinds.add(permitted);
      }
    }
    return kinds;
  }

  /** Returns the records that travel, of all three sealed types. */
  static Set<Class<?>> allKinds() {
    Set<Class<?>> kinds = kindsOf(ToHost.class);
    kinds.addAll(kindsOf(ToGateway.class));
    kinds.addAll(kindsOf(FromHost.class));
    return kinds;
  }

  // -- comparison

  /**
   * Returns a value that equals that of another record if all components are equal, arrays and the
   * order of maps included.
   */
  static Object plain(Object value) {
    if (value instanceof Record record) {
      Map<String, Object> components = new LinkedHashMap<>();
      components.put("class", record.getClass());
      for (RecordComponent component : record.getClass().getRecordComponents()) {
        components.put(component.getName(), plain(component(record, component)));
      }
      return components;
    } else if (value instanceof byte[] bytes) {
      return HexFormat.of().formatHex(bytes);
    } else if (value instanceof long[] longs) {
      return LongStream.of(longs).boxed().toList();
    } else if (value instanceof Set<?> set) {
      return Set.copyOf(set);
    } else if (value instanceof List<?> list) {
      return list.stream().map(Records::plain).toList();
    } else if (value instanceof Map<?, ?> map) {
      List<Object> entries = new ArrayList<>();
      map.forEach((key, element) -> entries.add(List.of(key, plain(element))));
      return entries;
    } else if (value instanceof Optional<?> optional) {
      return optional.map(Records::plain);
    }
    return value == null ? "null" : value;
  }

  private static Object component(Record record, RecordComponent component) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(String.valueOf(e.getMessage()), e);
    }
  }

  // -- generated values

  private static final Arbitrary<String> TEXTS =
      Arbitraries.oneOf(
              Arbitraries.strings().ascii().ofMaxLength(20),
              Arbitraries.strings().all().ofMaxLength(40),
              Arbitraries.of("", "\0", "ä", "€", "\ud83d\ude00", "\uffff", "x".repeat(3_000)))
          // Half of a surrogate pair has no UTF-8.
          .map(text -> new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));

  private static final Arbitrary<Long> LONGS = Arbitraries.longs();

  private static final Arbitrary<ActorId> ACTORS =
      Combinators.combine(
              Arbitraries.strings().withChars("abz09-").ofMaxLength(63),
              Arbitraries.strings().all().ofMaxLength(120))
          .as((type, key) -> new ActorId("t" + type, keyOf(key)));

  private static String keyOf(String text) {
    StringBuilder key = new StringBuilder("k");
    new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8)
        .chars()
        .filter(c -> !Character.isISOControl(c))
        .forEach(c -> key.append((char) c));
    return key.toString();
  }

  private static final Arbitrary<ConnectionId> CONNECTIONS = LONGS.map(ConnectionId::new);

  private static final Arbitrary<byte[]> BYTES =
      Arbitraries.oneOf(
          Arbitraries.bytes().array(byte[].class).ofMaxSize(60),
          Arbitraries.of(0, 1, 5_000).map(byte[]::new));

  private static final Arbitrary<Payload> PAYLOADS =
      Arbitraries.oneOf(
          TEXTS.map(Payload::text), BYTES.map(bytes -> Payload.binary(ByteBuffer.wrap(bytes))));

  private static final Arbitrary<List<Header>> HEADERS =
      Combinators.combine(
              Arbitraries.strings().withChars("aZ9!#$%&'*+-.^_`|~").ofMinLength(1).ofMaxLength(12),
              Arbitraries.strings()
                  .withCharRange(' ', '~')
                  .withCharRange('\u0080', '\u00ff')
                  .withChars('\t')
                  .ofMaxLength(20))
          .as(Header::new)
          .list()
          .ofMaxSize(5);

  private static final Arbitrary<List<String>> TAGS = TEXTS.list().ofMaxSize(5);

  private static final Arbitrary<HttpResponse> RESPONSES =
      Combinators.combine(Arbitraries.integers().between(200, 599), HEADERS, BYTES)
          .as(HttpResponse::of);

  private static final Arbitrary<Object> PLAIN_CLAIMS =
      Arbitraries.oneOf(
          TEXTS.map(text -> text),
          Arbitraries.of(true, false),
          Arbitraries.bytes(),
          Arbitraries.shorts(),
          Arbitraries.integers(),
          LONGS,
          Arbitraries.floats(),
          Arbitraries.doubles(),
          Arbitraries.of(Double.NaN, Double.NEGATIVE_INFINITY, -0.0, Float.NaN),
          Arbitraries.bigIntegers(),
          Arbitraries.bigDecimals());

  private static Arbitrary<Object> claims(int depth) {
    return depth == 0
        ? PLAIN_CLAIMS
        : Arbitraries.frequencyOf(
            Tuple.of(6, PLAIN_CLAIMS),
            Tuple.of(1, claims(depth - 1).list().ofMaxSize(3).map(list -> list)),
            Tuple.of(1, claimsByName(depth - 1).map(map -> map)));
  }

  private static Arbitrary<Map<String, Object>> claimsByName(int depth) {
    return Arbitraries.maps(TEXTS, claims(depth)).ofMaxSize(3);
  }

  private static final Arbitrary<RequestHead> HEADS =
      Combinators.combine(
              TEXTS,
              TEXTS,
              Arbitraries.maps(TEXTS, TAGS).ofMaxSize(4),
              HEADERS,
              TEXTS,
              Combinators.combine(TEXTS, claimsByName(3)).as(User::new).optional(0.5))
          .as(RequestHead::new);

  private static final Arbitrary<CloseReason> REASONS =
      Combinators.combine(Arbitraries.integers(), TEXTS, Arbitraries.of(CloseReason.Cause.values()))
          .as(CloseReason::new);

  private static final Arbitrary<long[]> IDS = LONGS.array(long[].class).ofMaxSize(20);

  private static final Arbitrary<Integer> GROUPS =
      Arbitraries.integers().between(0, Integer.MAX_VALUE);

  private static final Arbitrary<Boolean> BOOLS = Arbitraries.of(true, false);

  private static final Arbitrary<String> TEXTS_OR_NULL = TEXTS.injectNull(0.5);

  private static final Arbitrary<Instant> INSTANTS =
      Combinators.combine(
              Arbitraries.longs()
                  .between(Instant.MIN.getEpochSecond(), Instant.MAX.getEpochSecond()),
              Arbitraries.integers().between(0, 999_999_999))
          .as((seconds, nanos) -> Instant.ofEpochSecond(seconds, nanos));

  /** Returns the generators of records for hosts, by kind. */
  static Map<Class<?>, Arbitrary<? extends ToHost>> toHost() {
    Map<Class<?>, Arbitrary<? extends ToHost>> all = new LinkedHashMap<>();
    all.put(
        ToHost.Open.class,
        Combinators.combine(ACTORS, CONNECTIONS, HEADS, TEXTS_OR_NULL).as(ToHost.Open::new));
    all.put(
        ToHost.Message.class,
        Combinators.combine(ACTORS, CONNECTIONS, LONGS, PAYLOADS, BOOLS).as(ToHost.Message::new));
    all.put(
        ToHost.Failed.class,
        Combinators.combine(ACTORS, CONNECTIONS, TEXTS, REASONS).as(ToHost.Failed::new));
    all.put(
        ToHost.Closed.class,
        Combinators.combine(ACTORS, CONNECTIONS, REASONS).as(ToHost.Closed::new));
    all.put(
        ToHost.Delivered.class,
        Combinators.combine(ACTORS, CONNECTIONS, LONGS, Arbitraries.of(Outcome.values()))
            .as(ToHost.Delivered::new));
    all.put(
        ToHost.Seen.class,
        Combinators.combine(ACTORS, CONNECTIONS, LONGS, INSTANTS.injectNull(0.3))
            .as(ToHost.Seen::new));
    all.put(
        ToHost.Request.class,
        Combinators.combine(ACTORS, LONGS, HEADS, BYTES, LONGS, BOOLS).as(ToHost.Request::new));
    all.put(
        ToHost.Announce.class,
        Combinators.combine(GROUPS, LONGS, IDS, BOOLS, BOOLS)
            .flatAs(
                (group, firstNew, ids, isFirst, isLast) ->
                    LONGS
                        .array(long[].class)
                        .ofSize(ids.length)
                        .map(
                            states ->
                                new ToHost.Announce(
                                    group, firstNew, ids, states, isFirst, isLast))));
    return all;
  }

  /** Returns the generators of records inside of releases, by kind. */
  static Map<Class<?>, Arbitrary<? extends ToGateway>> toGateway() {
    Map<Class<?>, Arbitrary<? extends ToGateway>> all = new LinkedHashMap<>();
    all.put(
        ToGateway.Accepted.class,
        Combinators.combine(CONNECTIONS, TAGS, HEADERS).as(ToGateway.Accepted::new));
    all.put(
        ToGateway.Rejected.class,
        Combinators.combine(CONNECTIONS, RESPONSES).as(ToGateway.Rejected::new));
    all.put(
        ToGateway.Send.class,
        Combinators.combine(CONNECTIONS, PAYLOADS, TEXTS_OR_NULL, LONGS).as(ToGateway.Send::new));
    all.put(
        ToGateway.Broadcast.class,
        Combinators.combine(TAGS, CONNECTIONS.set().ofMaxSize(6), PAYLOADS, TEXTS_OR_NULL)
            .as(ToGateway.Broadcast::new));
    all.put(
        ToGateway.Retagged.class,
        Combinators.combine(CONNECTIONS, TAGS).as(ToGateway.Retagged::new));
    all.put(
        ToGateway.Close.class,
        Combinators.combine(CONNECTIONS, Arbitraries.integers(), TEXTS).as(ToGateway.Close::new));
    all.put(
        ToGateway.AutoReplies.class,
        Combinators.combine(TEXTS, TEXTS)
            .as(AutoReply::new)
            .list()
            .ofMaxSize(4)
            .map(ToGateway.AutoReplies::new));
    all.put(
        ToGateway.AskSeen.class,
        Combinators.combine(CONNECTIONS, LONGS).as(ToGateway.AskSeen::new));
    all.put(
        ToGateway.Responded.class,
        Combinators.combine(LONGS, RESPONSES).as(ToGateway.Responded::new));
    all.put(
        ToGateway.Handled.class,
        Combinators.combine(CONNECTIONS, LONGS).as(ToGateway.Handled::new));
    all.put(
        ToGateway.Withheld.class,
        Combinators.combine(CONNECTIONS, LONGS).as(ToGateway.Withheld::new));
    all.put(
        ToGateway.Resumed.class,
        Combinators.combine(CONNECTIONS, LONGS).as(ToGateway.Resumed::new));
    all.put(ToGateway.Ended.class, CONNECTIONS.map(ToGateway.Ended::new));
    return all;
  }

  /** Returns the generators of what hosts hand to the transport, by kind. */
  static Map<Class<?>, Arbitrary<? extends FromHost>> fromHost() {
    Map<Class<?>, Arbitrary<? extends FromHost>> all = new LinkedHashMap<>();
    Arbitrary<ToGateway> inside = anyOf(toGateway());
    all.put(
        Release.class,
        Combinators.combine(ACTORS, LONGS, inside.list().ofMaxSize(6)).as(Release::new));
    all.put(FromHost.Attached.class, Combinators.combine(GROUPS, LONGS).as(FromHost.Attached::new));
    all.put(
        FromHost.NotOwner.class,
        Combinators.combine(
                GROUPS, LONGS, Combinators.combine(TEXTS, LONGS).as(Owner::new).injectNull(0.3))
            .as(FromHost.NotOwner::new));
    all.put(
        FromHost.Unknown.class, Combinators.combine(GROUPS, LONGS, IDS).as(FromHost.Unknown::new));
    return all;
  }

  /** Returns a generator of records of all kinds. */
  static <T> Arbitrary<T> anyOf(Map<Class<?>, Arbitrary<? extends T>> byKind) {
    List<Arbitrary<T>> all = new ArrayList<>();
    byKind.values().forEach(generator -> all.add(generator.map(record -> record)));
    return Arbitraries.oneOf(all);
  }
}
