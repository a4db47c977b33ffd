package dev.dormouse.server.gateway.limits;

import dev.dormouse.server.protocol.LatestMap;
import java.util.Map;

/**
 * Limits how often each address may do something in a second. It keeps a {@link TokenBucket} for
 * each address that was seen lately, for at most {@value #ADDRESSES_MAX} addresses. A forgotten
 * address begins again with a full bucket.
 *
 * <p>Any thread may use it.
 */
final class AddressRates {
  /** The most addresses that are remembered; about 8 MiB. */
  static final int ADDRESSES_MAX = 1 << 16;

  private final int perSecond;

  /** The buckets by address, in the order in which the addresses were seen. Guarded by this. */
  private final Map<Long, TokenBucket> buckets = new LatestMap<>(ADDRESSES_MAX);

  AddressRates(int perSecond) {
    this.perSecond = perSecond;
  }

  /** Takes one of an address's tokens, and returns whether there was one. */
  synchronized boolean take(long address, long nowNs) {
    return buckets.computeIfAbsent(address, key -> new TokenBucket(perSecond, nowNs)).take(nowNs);
  }

  /** Returns how many addresses are remembered. */
  synchronized int size() {
    return buckets.size();
  }
}
