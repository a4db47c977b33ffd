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
 * An upgrade whose response tells of a 101 as of every other answer. Vert.x tells nobody that a 101
 * has ended: a logger would write no line, and a timeout would strike a socket that is open. And
 * handlers that act as the headers leave would see the status 101, at which sessions are not kept.
 *
 * <p>On the request's context.
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

  /** Returns the view of a request that the router is to see: this class's of an upgrade. */
  static HttpServerRequest of(IncomingRequest request) {
    return request.isUpgrade()
        ? new UpgradeRequest((HttpServerRequestInternal) request.http())
        : request.http();
  }

  /** Returns the answer that is told of its 101; null if the request was not seen as an upgrade. */
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

  /** Asks the view below, where the superclass would ask the connection. */
  @Override
  public @Nullable SocketAddress remoteAddress() {
    return delegate.remoteAddress();
  }

  /** Asks the view below, where the superclass would ask the connection. */
  @Override
  public boolean isSSL() {
    return delegate.isSSL();
  }

  /** Passes everything on to the response, and keeps who wants to hear of its end. */
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

    /** The headers are about to leave with a 101: handlers may have their say, once. */
    void beforeHeaders() {
      response.headersEndHandler(null);
      tell(headersEnd);
    }

    /** The 101 has left. */
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
