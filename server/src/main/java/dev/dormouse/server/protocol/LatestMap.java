package dev.dormouse.server.protocol;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A map that keeps the entries that were read or written last, up to a limit. Beyond the limit, a
 * new entry takes the place of the one that was used longest ago. The callers see to it that one
 * thread at a time uses the map: reading changes the order of the entries, too.
 */
public final class LatestMap<K, V> extends LinkedHashMap<K, V> {
  private static final long serialVersionUID = 1L;

  private final int entriesMax;

  public LatestMap(int entriesMax) {
    super(16, 0.75f, true);
    this.entriesMax = entriesMax;
  }

  @Override
  protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
    return size() > entriesMax;
  }
}
