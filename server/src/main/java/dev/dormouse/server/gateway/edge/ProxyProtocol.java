package dev.dormouse.server.gateway.edge;

/**
 * The choice whether connections begin with a header of the PROXY protocol, version 1 or 2
 * (haproxy.org, "The PROXY protocol"). Only listed proxies are believed, see {@link
 * TrustedProxies}.
 */
public enum ProxyProtocol {
  /** No: a header is bad HTTP, 400. */
  OFF,
  /** Connections of listed proxies may; a header of anybody else is bad HTTP, 400. */
  OPTIONAL,
  /** All do; a connection without one, or from anybody but a listed proxy, is answered 400. */
  REQUIRED
}
