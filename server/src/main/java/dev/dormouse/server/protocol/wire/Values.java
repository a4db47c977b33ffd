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
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Payload;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes and reads the values that several kinds of records have, each pair side by side. */
final class Values {
  /** The most lists and maps of a user's claims that lie inside each other. */
  static final int CLAIM_DEPTH_MAX = 100;

  private static final int TEXT_PAYLOAD = 1;
  private static final int BINARY_PAYLOAD = 2;

  private static final int CLAIM_TEXT = 1;
  private static final int CLAIM_FALSE = 2;
  private static final int CLAIM_TRUE = 3;
  private static final int CLAIM_BYTE = 4;
  private static final int CLAIM_SHORT = 5;
  private static final int CLAIM_INT = 6;
  private static final int CLAIM_LONG = 7;
  private static final int CLAIM_FLOAT = 8;
  private static final int CLAIM_DOUBLE = 9;
  private static final int CLAIM_BIG_INTEGER = 10;
  private static final int CLAIM_BIG_DECIMAL = 11;
  private static final int CLAIM_LIST = 12;
  private static final int CLAIM_MAP = 13;

  private static final int TEXT_LEAST_BYTES = 4;

  private Values() {}

  // -- ids

  static void actor(WireWriter out, ActorId actor) {
    out.text(actor.type());
    out.text(actor.key());
  }

  static ActorId actor(WireReader in) {
    return new ActorId(in.text("type of the actor"), in.text("key of the actor"));
  }

  static void connection(WireWriter out, ConnectionId connection) {
    out.int8(connection.value());
  }

  static ConnectionId connection(WireReader in) {
    return new ConnectionId(in.int8("connection"));
  }

  /** Writes ids in the order of their numbers, so that equal sets have equal bytes. */
  static void connections(WireWriter out, Set<ConnectionId> connections) {
    out.longs(connections.stream().mapToLong(ConnectionId::value).sorted().toArray());
  }

  static Set<ConnectionId> connections(WireReader in) {
    Set<ConnectionId> connections = new HashSet<>();
    for (long value : in.longs("connections")) {
      connections.add(new ConnectionId(value));
    }
    return Collections.unmodifiableSet(connections);
  }

  static int group(WireReader in) {
    int group = in.int4("group");
    if (group < 0) {
      throw in.fault("group", group + " is negative");
    }
    return group;
  }

  static void ownerOrNull(WireWriter out, @Nullable Owner owner) {
    out.bool(owner != null);
    if (owner != null) {
      out.text(owner.node());
      out.int8(owner.epoch());
    }
  }

  static @Nullable Owner ownerOrNull(WireReader in) {
    return in.bool("presence of the owner")
        ? new Owner(in.text("node of the owner"), in.int8("epoch of the owner"))
        : null;
  }

  // -- small values

  static void textOrNull(WireWriter out, @Nullable String text) {
    out.bool(text != null);
    if (text != null) {
      out.text(text);
    }
  }

  static @Nullable String textOrNull(WireReader in, String field) {
    return in.bool(field) ? in.text(field) : null;
  }

  static void instantOrNull(WireWriter out, @Nullable Instant instant) {
    out.bool(instant != null);
    if (instant != null) {
      out.int8(instant.getEpochSecond());
      out.int4(instant.getNano());
    }
  }

  static @Nullable Instant instantOrNull(WireReader in) {
    if (!in.bool("presence of the time")) {
      return null;
    }
    long seconds = in.int8("seconds of the time");
    int nanos = in.int4("nanoseconds of the time");
    if (nanos < 0 || nanos > 999_999_999) {
      throw in.fault("nanoseconds of the time", nanos + " is not 0 to 999999999");
    }
    return Instant.ofEpochSecond(seconds, nanos);
  }

  static void autoReply(WireWriter out, AutoReply reply) {
    out.text(reply.request());
    out.text(reply.reply());
  }

  static AutoReply autoReply(WireReader in) {
    return new AutoReply(
        in.text("request of an automatic reply"), in.text("text of an automatic reply"));
  }

  static void outcome(WireWriter out, Outcome outcome) {
    out.int1(codeOf(outcome));
  }

  static Outcome outcome(WireReader in) {
    int code = in.int1("outcome");
    for (Outcome outcome : Outcome.values()) {
      if (codeOf(outcome) == code) {
        return outcome;
      }
    }
    throw in.fault("outcome", "no outcome of the number " + code + " is known to this node");
  }

  private static int codeOf(Outcome outcome) {
    return switch (outcome) {
      case WRITTEN -> 1;
      case DROPPED -> 2;
      case CONFLATED -> 3;
      case CONNECTION_CLOSED -> 4;
      case TURN_DISCARDED -> 5;
    };
  }

  static void closeReason(WireWriter out, CloseReason reason) {
    out.int4(reason.code());
    out.text(reason.reason());
    out.int1(codeOf(reason.cause()));
  }

  static CloseReason closeReason(WireReader in) {
    return new CloseReason(in.int4("close code"), in.text("close reason"), cause(in));
  }

  private static CloseReason.Cause cause(WireReader in) {
    int code = in.int1("cause");
    for (CloseReason.Cause cause : CloseReason.Cause.values()) {
      if (codeOf(cause) == code) {
        return cause;
      }
    }
    throw in.fault("cause", "no cause of the number " + code + " is known to this node");
  }

  private static int codeOf(CloseReason.Cause cause) {
    return switch (cause) {
      case CLIENT -> 1;
      case ACTOR -> 2;
      case VIOLATION -> 3;
      case CONNECTION_LOST -> 4;
      case CLIENT_SILENT -> 5;
      case SHUTDOWN -> 6;
      case SHUTDOWN_UNFINISHED -> 7;
      case PROCESS_DIED -> 8;
      case MACHINE_RESTARTED -> 9;
      case GATEWAY_LOST -> 10;
      case HOST_LOST -> 11;
    };
  }

  // -- messages

  @SuppressWarnings("NullAway") // the visitor's result type admits null here
  private static final Payload.Visitor<WireWriter, @Nullable Void, RuntimeException>
      PAYLOAD_WRITER =
          new Payload.Visitor<WireWriter, @Nullable Void, RuntimeException>() {
            @Override
            public @Nullable Void text(Payload.Text text, WireWriter out) {
              out.int1(TEXT_PAYLOAD);
              out.bytes(text.bytes());
              return null;
            }

            @Override
            public @Nullable Void binary(Payload.Binary binary, WireWriter out) {
              out.int1(BINARY_PAYLOAD);
              out.bytes(binary.bytes());
              return null;
            }
          };

  static void payload(WireWriter out, Payload payload) {
    payload.accept(PAYLOAD_WRITER, out);
  }

  static Payload payload(WireReader in) {
    int code = in.int1("kind of the message");
    return switch (code) {
      case TEXT_PAYLOAD -> new Payload.Text(in.utf8("text of the message"));
      case BINARY_PAYLOAD -> new Payload.Binary(in.bytes("bytes of the message"));
      default ->
          throw in.fault("kind of the message", code + " is neither text (1) nor binary (2)");
    };
  }

  // -- HTTP

  static void headers(WireWriter out, List<Header> headers) {
    out.list(
        headers,
        (to, header) -> {
          to.text(header.name());
          to.text(header.value());
        });
  }

  static List<Header> headers(WireReader in) {
    return in.list(
        "headers",
        2 * TEXT_LEAST_BYTES,
        from -> new Header(from.text("name of a header"), from.text("value of a header")));
  }

  static void response(WireWriter out, HttpResponse response) {
    int begin = out.begin();
    out.int4(response.status());
    headers(out, response.headers());
    out.bytes(response.bodyView());
    out.end(begin);
  }

  static HttpResponse response(WireReader in) {
    int outer = in.begin("answer");
    HttpResponse response =
        HttpResponse.of(in.int4("status"), headers(in), in.bytes("body of the answer"));
    in.end(outer);
    return response;
  }

  static void requestHead(WireWriter out, RequestHead head) {
    int begin = out.begin();
    out.text(head.method());
    out.text(head.path());
    out.list(
        head.query().entrySet(),
        (to, parameter) -> {
          to.text(parameter.getKey());
          to.texts(parameter.getValue());
        });
    headers(out, head.headers());
    out.text(head.remoteAddress());
    out.bool(head.user().isPresent());
    head.user().ifPresent(user -> user(out, user));
    out.end(begin);
  }

  static RequestHead requestHead(WireReader in) {
    int outer = in.begin("head of the request");
    RequestHead head =
        new RequestHead(
            in.text("method"),
            in.text("path"),
            query(in),
            headers(in),
            in.text("address of the client"),
            in.bool("presence of the user") ? Optional.of(user(in)) : Optional.empty());
    in.end(outer);
    return head;
  }

  private static Map<String, List<String>> query(WireReader in) {
    Map<String, List<String>> query = new LinkedHashMap<>();
    int count = in.count("parameters of the query", TEXT_LEAST_BYTES + Integer.BYTES);
    for (int i = 0; i < count; i++) {
      String name = in.text("name of a parameter");
      if (query.put(name, in.texts("values of a parameter")) != null) {
        throw in.fault("name of a parameter", "it comes twice");
      }
    }
    return query;
  }

  // -- users

  private static void user(WireWriter out, User user) {
    int begin = out.begin();
    out.text(user.subject());
    claims(out, user.claims(), 0);
    out.end(begin);
  }

  private static User user(WireReader in) {
    int outer = in.begin("user");
    User user = new User(in.text("subject of the user"), claims(in, 0));
    in.end(outer);
    return user;
  }

  private static void claims(WireWriter out, Map<?, ?> claims, int depth) {
    checkDepth(out, depth);
    out.int4(claims.size());
    claims.forEach(
        (name, value) -> {
          out.text(String.valueOf(name));
          claim(out, value, depth);
        });
  }

  private static Map<String, Object> claims(WireReader in, int depth) {
    checkDepth(in, depth);
    Map<String, Object> claims = new LinkedHashMap<>();
    int count = in.count("claims of the user", TEXT_LEAST_BYTES + Byte.BYTES);
    for (int i = 0; i < count; i++) {
      String name = in.text("name of a claim");
      if (claims.put(name, claim(in, depth)) != null) {
        throw in.fault("name of a claim", "it comes twice");
      }
    }
    return claims;
  }

  /** Writes a claim; a number of a class that the JDK's arithmetic does not know is a double. */
  private static void claim(WireWriter out, Object claim, int depth) {
    if (claim instanceof String text) {
      out.int1(CLAIM_TEXT);
      out.text(text);
    } else if (claim instanceof Boolean isTrue) {
      out.int1(isTrue ? CLAIM_TRUE : CLAIM_FALSE);
    } else if (claim instanceof Number number) {
      number(out, number);
    } else if (claim instanceof List<?> list) {
      checkDepth(out, depth + 1);
      out.int1(CLAIM_LIST);
      out.list(list, (to, element) -> claim(to, element, depth + 1));
    } else if (claim instanceof Map<?, ?> map) {
      out.int1(CLAIM_MAP);
      claims(out, map, depth + 1);
    } else {
      throw out.fault("a claim of the user is a " + claim.getClass().getName());
    }
  }

  private static void number(WireWriter out, Number number) {
    if (number instanceof Integer) {
      out.int1(CLAIM_INT);
      out.int4(number.intValue());
    } else if (number instanceof Long) {
      out.int1(CLAIM_LONG);
      out.int8(number.longValue());
    } else if (number instanceof Float) {
      out.int1(CLAIM_FLOAT);
      out.int4(Float.floatToIntBits(number.floatValue()));
    } else if (number instanceof Short) {
      out.int1(CLAIM_SHORT);
      out.int2(number.shortValue());
    } else if (number instanceof Byte) {
      out.int1(CLAIM_BYTE);
      out.int1(number.byteValue());
    } else if (number instanceof BigInteger big) {
      out.int1(CLAIM_BIG_INTEGER);
      out.bytes(big.toByteArray());
    } else if (number instanceof BigDecimal big) {
      out.int1(CLAIM_BIG_DECIMAL);
      out.int4(big.scale());
      out.bytes(big.unscaledValue().toByteArray());
    } else {
      out.int1(CLAIM_DOUBLE);
      out.int8(Double.doubleToLongBits(number.doubleValue()));
    }
  }

  private static Object claim(WireReader in, int depth) {
    int code = in.int1("kind of a claim");
    return switch (code) {
      case CLAIM_TEXT -> in.text("text of a claim");
      case CLAIM_FALSE -> false;
      case CLAIM_TRUE -> true;
      case CLAIM_BYTE -> (byte) in.int1("number of a claim");
      case CLAIM_SHORT -> (short) in.int2("number of a claim");
      case CLAIM_INT -> in.int4("number of a claim");
      case CLAIM_LONG -> in.int8("number of a claim");
      case CLAIM_FLOAT -> Float.intBitsToFloat(in.int4("number of a claim"));
      case CLAIM_DOUBLE -> Double.longBitsToDouble(in.int8("number of a claim"));
      case CLAIM_BIG_INTEGER -> new BigInteger(in.bytes("number of a claim"));
      case CLAIM_BIG_DECIMAL -> {
        int scale = in.int4("scale of a claim");
        yield new BigDecimal(new BigInteger(in.bytes("number of a claim")), scale);
      }
      case CLAIM_LIST -> {
        checkDepth(in, depth + 1);
        List<Object> list = new ArrayList<>();
        for (int left = in.count("list of claims", Byte.BYTES); left > 0; left--) {
          list.add(claim(in, depth + 1));
        }
        yield list;
      }
      case CLAIM_MAP -> claims(in, depth + 1);
      default -> throw in.fault("kind of a claim", "no kind of the number " + code + " is known");
    };
  }

  private static void checkDepth(WireWriter out, int depth) {
    if (depth > CLAIM_DEPTH_MAX) {
      throw out.fault("claims of the user lie deeper than " + CLAIM_DEPTH_MAX + " inside others");
    }
  }

  private static void checkDepth(WireReader in, int depth) {
    if (depth > CLAIM_DEPTH_MAX) {
      throw in.fault("claim", "it lies deeper than " + CLAIM_DEPTH_MAX + " inside others");
    }
  }
}
