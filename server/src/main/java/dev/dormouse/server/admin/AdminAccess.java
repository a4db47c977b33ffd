package dev.dormouse.server.admin;

import dev.dormouse.server.gateway.edge.OwnHosts;
import dev.dormouse.server.protocol.Time;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Decides which requests to the admin port are answered; every request passes this class before any
 * page.
 *
 * <p><b>Without a token</b>, every program on this machine has access. But any web page can make a
 * browser on this machine send requests here. So the answer is 403 if the request's {@code Host} is
 * no loopback name (a foreign name that resolves to this machine: DNS rebinding), or if its {@code
 * Origin} (RFC 6454) differs from that host and port. Upgrades of Chromium's DevTools are accepted
 * too.
 *
 * <p><b>With a token</b>, everything but {@code /healthz}, {@code /readyz} and {@link LoginPage}
 * needs {@code Authorization: Bearer} (RFC 6750) with the token, or the cookie of a login; else the
 * answer is 401, or 303 to {@code /login} for a browser that asks for a page. Requests that change
 * something, and upgrades, are answered 403 if they come from pages of other origins. An address
 * that sent too many {@link WrongTokens} is answered 429 if it sends one more. The right token is
 * always accepted, since an address may be that of a proxy, with both owners and guessers of the
 * token behind it.
 *
 * <p>Headers of every answer forbid browsers to frame it, to guess its type, and to run scripts
 * from elsewhere.
 */
final class AdminAccess {
  static final String COOKIE = "dormouse-admin";
  static final Duration LOGIN_LASTS = Duration.ofHours(12);

  /** The origin of the DevTools that come with Chromium, which no page can have. */
  private static final String DEVTOOLS = "devtools://devtools";

  private static final Set<String> OPEN = Set.of("/healthz", "/readyz");
  private static final Set<HttpMethod> READING =
      Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);
  private static final Pattern BEARER = Pattern.compile("(?i:bearer) +([^ ]+) *");

  private final @Nullable AdminToken token;
  private final Time time;
  private final WrongTokens wrongTokens = new WrongTokens();

  AdminAccess(@Nullable AdminToken token, Time time) {
    this.token = token;
    this.time = time;
  }

  /** Passes a request on to its page, or answers it. */
  void check(RoutingContext context) {
    HttpServerRequest request = context.request();
    guard(context.response());
    if (token == null) {
      if (!isLoopback(request)) {
        AdminServer.answer(context, 403, "the admin port answers to loopback names only");
      } else if (!isOfOwnPage(request)) {
        refuseForeigner(context);
      } else {
        context.next();
      }
    } else if (isChanging(request) && !isOfOwnPage(request)) {
      refuseForeigner(context);
    } else if (OPEN.contains(request.path())) {
      context.next();
    } else {
      boolean isGuesser = isGuesser(request);
      if (LoginPage.PATHS.contains(request.path()) || isKnown(request, token)) {
        context.next();
      } else if (isGuesser && request.headers().contains("Authorization")) {
        refuseGuesser(context);
      } else {
        refuseStranger(context);
      }
    }
  }

  /** Adds the security headers that every answer has. */
  private static void guard(HttpServerResponse response) {
    response
        .putHeader(
            "Content-Security-Policy",
            "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
                + "object-src 'none'")
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader("X-Frame-Options", "DENY")
        .putHeader("Cross-Origin-Resource-Policy", "same-origin")
        // The value no-referrer would make browsers send forms with the origin null.
        .putHeader("Referrer-Policy", "same-origin");
  }

  private static void refuseForeigner(RoutingContext context) {
    AdminServer.answer(context, 403, "the admin port does not answer to pages of other origins");
  }

  /**
   * Returns whether the request's address has sent so many wrong tokens that one more is answered
   * 429.
   */
  boolean isGuesser(HttpServerRequest request) {
    return wrongTokens.isTooMany(address(request), time.nowNs());
  }

  /** Answers 429 to a wrong token from an address that sent too many. */
  static void refuseGuesser(RoutingContext context) {
    context.response().putHeader("Retry-After", String.valueOf(WrongTokens.MINUTE.toSeconds()));
    AdminServer.answer(context, 429, "too many wrong tokens came from this address");
  }

  private static void refuseStranger(RoutingContext context) {
    HttpServerRequest request = context.request();
    String accept = request.getHeader("Accept");
    if (HttpMethod.GET.equals(request.method()) && accept != null && accept.contains("text/html")) {
      context.response().setStatusCode(303).putHeader("Location", "/login").end();
    } else {
      context.response().putHeader("WWW-Authenticate", "Bearer realm=\"dormouse admin\"");
      AdminServer.answer(context, 401, "the admin port wants Authorization: Bearer with its token");
    }
  }

  private static boolean isLoopback(HttpServerRequest request) {
    String host = only(request, "Host");
    return host != null && OwnHosts.isLoopback(host);
  }

  /** Returns whether the request comes from a page of this port, or from no page. */
  private static boolean isOfOwnPage(HttpServerRequest request) {
    if (!request.headers().contains("Origin")) {
      return isOfOwnSite(request);
    }
    String origin = only(request, "Origin");
    String host = only(request, "Host");
    if (DEVTOOLS.equals(origin)) {
      return HttpMethod.GET.equals(request.method()) && request.headers().contains("Upgrade");
    }
    return origin != null
        && host != null
        && origin
            .toLowerCase(Locale.ROOT)
            .replaceFirst("^https?://", "//")
            .equals("//" + host.toLowerCase(Locale.ROOT));
  }

  /**
   * Returns whether a request without an origin comes from this site, by the header that browsers
   * send; following a link from another site is allowed.
   */
  private static boolean isOfOwnSite(HttpServerRequest request) {
    String site = request.getHeader("Sec-Fetch-Site");
    boolean isFollowed =
        HttpMethod.GET.equals(request.method())
            && "navigate".equals(request.getHeader("Sec-Fetch-Mode"))
            && "document".equals(request.getHeader("Sec-Fetch-Dest"));
    return site == null || site.equals("same-origin") || site.equals("none") || isFollowed;
  }

  private static @Nullable String only(HttpServerRequest request, String header) {
    List<String> all = request.headers().getAll(header);
    return all.size() == 1 ? all.get(0) : null;
  }

  private static boolean isChanging(HttpServerRequest request) {
    return !READING.contains(request.method()) || request.headers().contains("Upgrade");
  }

  private static String address(HttpServerRequest request) {
    return String.valueOf(request.remoteAddress().hostAddress());
  }

  private boolean isKnown(HttpServerRequest request, AdminToken wanted) {
    String authorization = only(request, "Authorization");
    Matcher bearer = BEARER.matcher(authorization == null ? "" : authorization);
    if (bearer.matches()) {
      return isToken(request, wanted, bearer.group(1));
    }
    Cookie cookie = request.getCookie(COOKIE);
    return cookie != null && wanted.admits(cookie.getValue(), time.wallMs());
  }

  /** Returns whether the text is the token; a wrong token is counted. */
  boolean isToken(HttpServerRequest request, @Nullable String text) {
    return token != null && text != null && isToken(request, token, text.strip());
  }

  private boolean isToken(HttpServerRequest request, AdminToken wanted, String text) {
    boolean isRight = wanted.is(text);
    if (!isRight) {
      wrongTokens.add(address(request), time.nowNs());
    }
    return isRight;
  }

  /** Returns a new value of the login cookie; null if this port asks for no token. */
  @Nullable String pass() {
    return token == null ? null : token.pass(time.wallMs() + LOGIN_LASTS.toMillis());
  }
}
