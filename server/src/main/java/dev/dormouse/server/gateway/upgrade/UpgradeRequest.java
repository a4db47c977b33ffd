package dev.dormouse.server.gateway.upgrade;

import dev.dormouse.server.gateway.http.IncomingRequest;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import io.vertx.core.internal.http.HttpServerRequestWrapper;
import io.vertx.core.net.SocketAddress;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/**
 * An upgrade request whose response calls the end handlers after a 101, too. Vert.x itself does not
 * call them after a 101, so a logging handler would write no line, and a timeout handler would
 * close an open socket. The handlers of the headers' end are called before the status is 101,
 * because Vert.x's session handler keeps no session for that status.
 *
 * <p>Only the request's context uses it.
 */
final class UpgradeRequest extends HttpServerRequestWrapper {
  private final HttpServerResponse response;

  private UpgradeRequest(HttpServerRequestInternal request) {
    super(request);
    this.response =
        (HttpServerResponse)
            Proxy.newProxyInstance(
                HttpServerResponse.class.getClassLoader(),
                new Class<?>[] {HttpServerResponse.class},
                new Answer(request.response()));
  }

  /** Returns the request for the router: a view of this class if it is an upgrade. */
  static HttpServerRequest of(IncomingRequest request) {
    return request.isUpgrade()
        ? new UpgradeRequest((HttpServerRequestInternal) request.http())
        : request.http();
  }

  /** Returns the answer behind a response of this class; null for any other response. */
  static @Nullable Answer answer(HttpServerResponse response) {
    return Proxy.isProxyClass(response.getClass())
            && Proxy.getInvocationHandler(response) instanceof Answer answer
        ? answer
        : null;
  }

  @Override
  public HttpServerResponse response() {
    return response;
  }

  /**
   * Returns the client's address from the wrapped view; the superclass would ask the connection.
   */
  @Override
  public @Nullable SocketAddress remoteAddress() {
    return delegate.remoteAddress();
  }

  /** Returns the encryption from the wrapped view; the superclass would ask the connection. */
  @Override
  public boolean isSSL() {
    return delegate.isSSL();
  }

  /** A response that passes every call on, and remembers the end handlers. */
  static final class Answer implements InvocationHandler {
    private final HttpServerResponse response;
    private @Nullable Handler<@Nullable Void> headersEnd;
    private @Nullable Handler<@Nullable Void> bodyEnd;
    private @Nullable Handler<@Nullable Void> end;

    private Answer(HttpServerResponse response) {
      this.response = response;
    }

    @Override
    @SuppressWarnings("unchecked") // the parameters of these three methods
    public @Nullable Object invoke(Object proxy, Method method, @Nullable Object[] arguments)
        throws Throwable {
      switch (method.getName()) {
        case "headersEndHandler" -> headersEnd = (Handler<@Nullable Void>) arguments[0];
        case "bodyEndHandler" -> bodyEnd = (Handler<@Nullable Void>) arguments[0];
        case "endHandler" -> end = (Handler<@Nullable Void>) arguments[0];
        default -> {}
      }
      try {
        Object result = method.invoke(response, arguments);
        return result == response ? proxy : result;
      } catch (InvocationTargetException e) {
        throw e.getCause() == null ? e : e.getCause();
      }
    }

    /** Calls the handler of the headers' end, once, before the headers leave with a 101. */
    void beforeHeaders() {
      response.headersEndHandler(null);
      tell(headersEnd);
    }

    /** Calls the end handlers, because the 101 has left. */
    void ended() {
      tell(bodyEnd);
      tell(end);
    }

    private static void tell(@Nullable Handler<@Nullable Void> handler) {
      if (handler != null) {
        handler.handle(null);
      }
    }
  }
}
