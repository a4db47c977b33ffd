package dev.dormouse.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.gateway.edge.ProxyProtocol;
import dev.dormouse.server.gateway.edge.TrustedProxies;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.protocol.ToHost;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Runs a gateway that believes some proxies; at {@code /see} the gateway tells what it believed.
 */
public abstract class BehindProxies {
  public static final TrustedProxies LOOPBACK =
      TrustedProxies.of(List.of("127.0.0.0/8", "10.0.0.0/8"));
  public static final TrustedProxies ELSEWHERE = TrustedProxies.of(List.of("10.0.0.0/8"));

  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();
  public TestServer server;

  public void use(TrustedProxies trusted, ProxyProtocol mode) {
    use(GatewayOptions.defaults().trustedProxies(trusted).proxyProtocol(mode));
  }

  public void use(GatewayOptions options) {
    server =
        GATEWAY.open(
            options,
            router ->
                router
                    .route("/see")
                    .handler(
                        request ->
                            request
                                .response()
                                .end(
                                    "%s %s %s"
                                        .formatted(
                                            request.request().remoteAddress().hostAddress(),
                                            request.request().absoluteURI(),
                                            request.request().headers().names()))));
    server.host.echo();
  }

  public RequestHead opened(RawClient client) throws Exception {
    assertThat(client.readAnswer().status()).isEqualTo(101);
    assertThat(client.text("hello").readText()).isEqualTo("hello");
    RequestHead head = server.host.next(ToHost.Open.class).head();
    server.host.nextText();
    return head;
  }
}
