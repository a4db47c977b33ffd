package dev.dormouse.server.gateway.upgrade;

import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.gateway.edge.OriginPolicy;
import dev.dormouse.server.gateway.edge.Target;
import java.util.List;

/**
 * The question whether an upgrade would be admitted now, and its answers. A page cannot read the
 * answer to an upgrade that failed, so it asks again with a plain request: {@code HEAD} on the path
 * of the actor, with {@value #TYPE} as the header {@code Accept}. The answer is 204, or what the
 * gateway would answer to the upgrade: 403, 429 or 503, the latter two with {@code Retry-After}.
 * Neither the access rule nor the actor is asked.
 *
 * <p>Pages of an origin that may connect can read the answer, too (CORS).
 */
final class UpgradeProbe {
  static final String TYPE = "application/vnd.dormouse.upgrade";

  private final List<String> origins;
  private final boolean isAllowed;

  UpgradeProbe(RequestHead head, Target target, OriginPolicy policy) {
    origins = values(head, "Origin");
    isAllowed = origins.stream().allMatch(origin -> policy.allows(origin, target));
  }

  /** Returns whether a request asks this question. */
  static boolean isProbe(RequestHead head) {
    return head.method().equals("HEAD") && values(head, "Accept").equals(List.of(TYPE));
  }

  private static List<String> values(RequestHead head, String name) {
    return head.headers().stream()
        .filter(header -> header.name().equalsIgnoreCase(name))
        .map(Header::value)
        .map(String::strip)
        .toList();
  }

  /** Returns whether the page's origin may connect. */
  boolean isAllowed() {
    return isAllowed;
  }

  /** Returns the answer to a page whose origin may not connect. */
  HttpResponse forbidden() {
    return HttpResponse.text(403, "this origin may not connect");
  }

  /** Returns the answer if an upgrade would be admitted. */
  HttpResponse admitted() {
    return refused(HttpResponse.text(204, ""));
  }

  /** Returns the answer that an upgrade would get, readable for the page. */
  HttpResponse refused(HttpResponse answer) {
    HttpResponse readable = answer.with("Cache-Control", "no-store");
    return origins.isEmpty()
        ? readable
        : readable
            .with("Access-Control-Allow-Origin", origins.get(0))
            .with("Access-Control-Expose-Headers", "Retry-After")
            .with("Vary", "Origin");
  }
}
