package dev.dormouse.server.gateway.limits;

import java.util.concurrent.TimeUnit;

/**
 * A bucket of tokens, which limits how often something may happen in a second. Tokens for one
 * second may be taken at once. A new bucket is full.
 *
 * <p>One thread at a time may use it, and the times that it is handed must not go back.
 */
public final class TokenBucket {
  private final int perSecond;
  private double tokens;
  private long filledNs;

  public TokenBucket(int perSecond, long nowNs) {
    this.perSecond = perSecond;
    this.tokens = perSecond;
    this.filledNs = nowNs;
  }

  /** Takes a token, and returns whether there was one. */
  public boolean take(long nowNs) {
    double filled = (double) (nowNs - filledNs) * perSecond / TimeUnit.SECONDS.toNanos(1);
    tokens = Math.min(perSecond, tokens + filled);
    filledNs = nowNs;
    if (tokens < 1) {
      return false;
    }
    tokens--;
    return true;
  }
}
