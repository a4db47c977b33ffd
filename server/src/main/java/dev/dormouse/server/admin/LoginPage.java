package dev.dormouse.server.admin;

import io.vertx.core.http.Cookie;
import io.vertx.core.http.CookieSameSite;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@code /login} with a form that asks a person for the token. {@code POST /login} with the
 * token sets a cookie that no script can read and no other site's page can send, and redirects to
 * {@code /}; a wrong token is answered 401. {@code POST /logout} removes the cookie. The token is
 * sent in bodies only. If the port asks for no token, {@code /login} redirects to {@code /}.
 */
final class LoginPage implements AdminPage {
  /** The files of the form, which other pages may use too. */
  private static final List<String> FILES = List.of("palette.css", "login.css", "icon.svg");

  static final Set<String> PATHS =
      Stream.concat(Stream.of("login"), FILES.stream())
          .map(file -> "/" + file)
          .collect(Collectors.toUnmodifiableSet());

  /** The path to which a login redirects. */
  private static final String WITHIN = "/";

  private static final int FORM_BYTES_MAX = 4 << 10;

  private final AdminAccess access;

  LoginPage(AdminAccess access) {
    this.access = access;
  }

  @Override
  public void mount(Router router) {
    PageFile form = PageFile.read(LoginPage.class, "login.html");
    PageFile wrong =
        form.with(
            "<p class=\"wrong\" role=\"alert\" hidden>", "<p class=\"wrong\" role=\"alert\">");
    for (String file : FILES) {
      router.get("/" + file).handler(PageFile.read(LoginPage.class, file)::answer);
    }
    router
        .get("/login")
        .handler(
            context -> {
              if (access.pass() == null) {
                lead(context, WITHIN);
              } else {
                form.answer(context);
              }
            });
    router
        .post("/login")
        .handler(BodyHandler.create(false).setBodyLimit(FORM_BYTES_MAX))
        .handler(context -> login(context, wrong))
        .failureHandler(context -> wrong.answer(context, context.statusCode()));
    router.post("/logout").handler(this::logout);
  }

  private void login(RoutingContext context, PageFile wrong) {
    String pass = access.pass();
    boolean isGuesser = access.isGuesser(context.request());
    if (pass == null) {
      lead(context, WITHIN);
    } else if (access.isToken(context.request(), context.request().getFormAttribute("token"))) {
      context.response().addCookie(cookie(context, pass, AdminAccess.LOGIN_LASTS.toSeconds()));
      lead(context, WITHIN);
    } else if (isGuesser) {
      AdminAccess.refuseGuesser(context);
    } else {
      wrong.answer(context, 401);
    }
  }

  private void logout(RoutingContext context) {
    context.response().addCookie(cookie(context, "", 0));
    lead(context, "/login");
  }

  private static Cookie cookie(RoutingContext context, String value, long seconds) {
    @Nullable String origin = context.request().getHeader("Origin");
    return Cookie.cookie(AdminAccess.COOKIE, value)
        .setHttpOnly(true)
        .setSameSite(CookieSameSite.STRICT)
        .setSecure(origin != null && origin.startsWith("https:"))
        .setPath("/")
        .setMaxAge(seconds);
  }

  private static void lead(RoutingContext context, String where) {
    context.response().setStatusCode(303).putHeader("Location", where).end();
  }
}
