package dev.dormouse.server.gateway.edge;

/**
 * The setting that says which connections begin with a header of the PROXY protocol, version 1 or 2
 * (haproxy.org, "The PROXY protocol"). Only listed proxies are believed, see {@link
 * TrustedProxies}.
 */
public enum ProxyProtocol {
  /** No connection begins with a header; a header is bad HTTP [400]. */
  OFF,
  /** Listed proxies may send a header; a header of any other peer is bad HTTP [400]. */
  OPTIONAL,
  /** All connections must come from listed proxies and begin with a header; others get a 400. */
  REQUIRED
}
