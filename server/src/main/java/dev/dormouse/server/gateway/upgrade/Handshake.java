package dev.dormouse.server.gateway.upgrade;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.gateway.edge.OriginPolicy;
import dev.dormouse.server.gateway.edge.Target;
import dev.dormouse.server.gateway.wire.DeflateTerms;
import dev.dormouse.server.gateway.wire.ListValues;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The outcome of judging the head of a request (RFC 6455, sections 4.1 and 4.2), a pure function of
 * the head: nothing is asked of the actor before it said {@link Valid}.
 *
 * <p>Of the subprotocols that the client asks for it gets the first that is served (section 1.9),
 * or none. Of the extensions there is only permessage-deflate, see {@link DeflateTerms}.
 */
sealed interface Handshake {

  /** The one who acts on what a head asks for. */
  interface Asker {
    /** Handles an HTTP request like others. */
    void plain();

    /** Handles an upgrade as it should be. */
    void valid(Valid handshake);

    /** Handles an upgrade that cannot be. */
    void refused(HttpResponse answer);
  }

  /** Has the asker act on what the head asks for. */
  void tell(Asker asker);

  /** No upgrade to WebSocket: an HTTP request like others. */
  record Plain() implements Handshake {
    @Override
    public void tell(Asker asker) {
      asker.plain();
    }
  }

  /**
   * An upgrade as it should be.
   *
   * @param accept the value of {@code Sec-WebSocket-Accept}
   * @param subprotocol that of {@code Sec-WebSocket-Protocol}; null if the header is not to be
   * @param deflate what is agreed to of compression; null if there is none
   */
  record Valid(String accept, @Nullable String subprotocol, @Nullable DeflateTerms deflate)
      implements Handshake {
    @Override
    public void tell(Asker asker) {
      asker.valid(this);
    }
  }

  /**
   * An upgrade that cannot be.
   *
   * @param response the answer
   */
  record Refused(HttpResponse response) implements Handshake {
    @Override
    public void tell(Asker asker) {
      asker.refused(response);
    }
  }

  /**
   * Judges a request.
   *
   * @param head the head
   * @param target where it was sent to
   * @param origins which web pages may connect
   * @param served which subprotocols the actor type serves, and whether compression
   */
  static Handshake of(RequestHead head, Target target, OriginPolicy origins, ActorOptions served) {
    return HandshakeRules.judge(head, target, origins, served);
  }

  /**
   * The answer to a request without upgrade, where only upgrades are served (RFC 9110, 15.5.22), or
   * with one of another version.
   */
  static HttpResponse upgradeRequired(RequestHead head) {
    if (!head.method().equals("GET") && !head.method().equals("HEAD")) {
      return HttpResponse.text(405, "this is a WebSocket endpoint").with("Allow", "GET, HEAD");
    }
    return HttpResponse.text(426, "this is a WebSocket endpoint")
        .with("Upgrade", "websocket")
        .with("Sec-WebSocket-Version", HandshakeRules.VERSION);
  }
}

final class HandshakeRules {
  static final String VERSION = "13";

  private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final int KEY_BYTES = 16;
  private static final Pattern HOST =
      Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(:[0-9]{0,5})?");

  private HandshakeRules() {}

  static Handshake judge(
      RequestHead head, Target target, OriginPolicy origins, ActorOptions served) {
    if (!hasToken(head, "Upgrade", "websocket")) {
      return new Handshake.Plain();
    }
    if (!head.method().equals("GET")) {
      return new Handshake.Refused(
          HttpResponse.text(405, "an upgrade is a GET").with("Allow", "GET"));
    }
    if (!target.isHttp11()) {
      return malformed("an upgrade needs HTTP/1.1");
    }
    List<String> hosts = values(head, "Host");
    if (hosts.size() != 1 || !HOST.matcher(hosts.get(0)).matches()) {
      return malformed("an upgrade needs one Host");
    }
    if (!hasToken(head, "Connection", "upgrade")) {
      return malformed("Connection must say Upgrade");
    }
    if (hasBody(head)) {
      return malformed("an upgrade has no body");
    }
    if (!values(head, "Sec-WebSocket-Version").equals(List.of(VERSION))) {
      return new Handshake.Refused(Handshake.upgradeRequired(head));
    }
    List<String> keys = values(head, "Sec-WebSocket-Key");
    if (keys.size() != 1 || !isKey(keys.get(0))) {
      return malformed("Sec-WebSocket-Key must be 16 bytes in base64, once");
    }
    for (String origin : values(head, "Origin")) {
      if (!origins.allows(origin, target)) {
        return new Handshake.Refused(HttpResponse.text(403, "this origin may not connect"));
      }
    }
    return new Handshake.Valid(
        accept(keys.get(0)),
        subprotocol(head, served.subprotocols()),
        DeflateTerms.answer(values(head, "Sec-WebSocket-Extensions"), served.compression()));
  }

  private static Handshake malformed(String why) {
    return new Handshake.Refused(HttpResponse.text(400, why));
  }

  private static List<String> values(RequestHead head, String name) {
    List<String> values = new ArrayList<>(1);
    for (Header header : head.headers()) {
      if (header.name().equalsIgnoreCase(name)) {
        values.add(header.value().strip());
      }
    }
    return values;
  }

  private static boolean hasToken(RequestHead head, String name, String token) {
    return ListValues.contain(values(head, name), token);
  }

  private static @Nullable String subprotocol(RequestHead head, List<String> served) {
    for (String offered : ListValues.members(values(head, "Sec-WebSocket-Protocol"))) {
      if (served.contains(offered)) {
        return offered;
      }
    }
    return null;
  }

  private static boolean hasBody(RequestHead head) {
    for (String length : values(head, "Content-Length")) {
      if (!length.equals("0")) {
        return true;
      }
    }
    return !values(head, "Transfer-Encoding").isEmpty();
  }

  private static boolean isKey(String key) {
    try {
      return key.length() == 24 && Base64.getDecoder().decode(key).length == KEY_BYTES;
    } catch (IllegalArgumentException notBase64) {
      return false;
    }
  }

  private static String accept(String key) {
    try {
      MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
      byte[] digest = sha1.digest((key + GUID).getBytes(StandardCharsets.US_ASCII));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException everyPlatformHasIt) {
      throw new IllegalStateException(everyPlatformHasIt);
    }
  }
}
