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
 * The verdict on the head of a request (RFC 6455, sections 4.1 and 4.2), a pure function of the
 * head. The actor is asked only after the verdict {@link Valid}.
 *
 * <p>The client gets the first of its subprotocols that the actor type serves (section 1.9), or
 * none. The only extension is permessage-deflate, see {@link DeflateTerms}.
 */
public sealed interface Handshake {

  /** The caller that acts on a verdict. */
  interface Asker {
    /** Handles a plain HTTP request. */
    void plain();

    /** Handles a valid upgrade. */
    void valid(Valid handshake);

    /** Handles an invalid upgrade, which gets this answer. */
    void refused(HttpResponse answer);
  }

  /** Calls the method of the asker for this verdict. */
  void tell(Asker asker);

  /** The verdict on a plain HTTP request, which asks for no upgrade to WebSocket. */
  record Plain() implements Handshake {
    @Override
    public void tell(Asker asker) {
      asker.plain();
    }
  }

  /**
   * The verdict on a valid upgrade.
   *
   * @param accept the value of {@code Sec-WebSocket-Accept} in the answer
   * @param subprotocol the value of {@code Sec-WebSocket-Protocol} in the answer; null if the
   *     answer has no such header
   * @param deflate the terms of compression; null if messages are not compressed
   */
  record Valid(String accept, @Nullable String subprotocol, @Nullable DeflateTerms deflate)
      implements Handshake {
    @Override
    public void tell(Asker asker) {
      asker.valid(this);
    }
  }

  /**
   * The verdict on an invalid upgrade.
   *
   * @param response the answer to the client
   */
  record Refused(HttpResponse response) implements Handshake {
    @Override
    public void tell(Asker asker) {
      asker.refused(response);
    }
  }

  /**
   * Returns the verdict on a request.
   *
   * @param head the head of the request
   * @param target the address that the request was sent to
   * @param origins the policy of web pages that may connect
   * @param served the options of the actor type: its subprotocols and its compression
   */
  static Handshake of(RequestHead head, Target target, OriginPolicy origins, ActorOptions served) {
    return HandshakeRules.judge(head, target, origins, served);
  }

  /**
   * Returns the answer to a request without an upgrade, where only upgrades are served (RFC 9110,
   * section 15.5.22), and to an upgrade of another WebSocket version.
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

/** The rules by which a request's head is judged. Pure functions. */
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
