package dev.dormouse.server.gateway;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A {@link TokenBucket} for each address, of at most {@value #ADDRESSES_MAX} that were seen last;
 * one that is forgotten begins anew, with a full bucket. Any thread.
 */
final class AddressRates {
  /** The most addresses that are remembered; about 8 MiB. */
  static final int ADDRESSES_MAX = 1 << 16;

  private final int perSecond;

  /** By address, the one that was seen last at the end. Guarded by this. */
  private final LinkedHashMap<Long, TokenBucket> buckets =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, TokenBucket> eldest) {
          return size() > ADDRESSES_MAX;
        }
      };

  AddressRates(int perSecond) {
    this.perSecond = perSecond;
  }

  /** Whether the address may do it once more. */
  synchronized boolean take(long address, long nowNs) {
    return buckets.computeIfAbsent(address, key -> new TokenBucket(perSecond, nowNs)).take(nowNs);
  }

  /** How many addresses are remembered. */
  synchronized int size() {
    return buckets.size();
  }
}
