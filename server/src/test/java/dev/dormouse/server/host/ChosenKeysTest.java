package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Checks names of one hash, which clients choose, in tables that are keyed by such names. A table
 * that compares each name with all others takes a minute for this many.
 */
@Timeout(10)
@DisplayName("A9: keys of one hash slow no table down")
class ChosenKeysTest {
  private static final int BITS = 15;

  /** Returns texts of "Aa" and "BB", which all have one hash. */
  private static List<String> texts() {
    List<String> texts =
        IntStream.range(0, 1 << BITS)
            .mapToObj(
                i -> {
                  StringBuilder text = new StringBuilder();
                  for (int bit = 0; bit < BITS; bit++) {
                    text.append((i >> bit & 1) == 0 ? "Aa" : "BB");
                  }
                  return text.toString();
                })
            .toList();
    assertThat(texts.stream().mapToInt(String::hashCode).distinct()).hasSize(1);
    return texts;
  }

  private static void fill(List<?> keys) {
    for (Map<Object, Integer> map :
        List.of(new HashMap<Object, Integer>(), new ConcurrentHashMap<Object, Integer>())) {
      keys.forEach(key -> map.merge(key, 1, Integer::sum));
      keys.forEach(key -> map.merge(key, 1, Integer::sum));
      assertThat(map).hasSize(keys.size());
      assertThat(map.values()).containsOnly(2);
    }
  }

  @Test
  void ofActors() {
    fill(texts().stream().map(key -> new ActorId("chat", key)).toList());
  }

  @Test
  void ofAlarms() {
    ActorId lobby = new ActorId("chat", "lobby");
    fill(texts().stream().map(name -> new DueAlarm(lobby, DueClock.WALL, 5, name)).toList());
    fill(
        texts().stream()
            .map(key -> new DueAlarm(new ActorId("chat", key), DueClock.WALL, 5, "a"))
            .toList());
  }

  @Test
  void ofQueryParameters() {
    Map<String, List<String>> query = new LinkedHashMap<>();
    texts().forEach(name -> query.put(name, List.of("x")));
    RequestHead head = new RequestHead("GET", "/", query, List.of(), "");
    for (String name : query.keySet()) {
      assertThat(head.query(name).isPresent()).isTrue();
    }
  }

  @Test
  void theOrderOfNamesAgreesWithTheirEquality() {
    List<ActorId> ids =
        List.of(new ActorId("a", "x"), new ActorId("b", "x"), new ActorId("a", "y"));
    assertThat(ids.stream().sorted()).containsExactlyElementsOf(ids);
    for (ActorId a : ids) {
      for (ActorId b : ids) {
        assertThat(a.compareTo(b) == 0).isEqualTo(a.equals(b));
      }
    }
  }
}
