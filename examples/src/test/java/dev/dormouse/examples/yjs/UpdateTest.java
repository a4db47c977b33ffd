package dev.dormouse.examples.yjs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Checks updates without Yjs; {@code YjsIT} compares them with those of Yjs. */
class UpdateTest {
  private static final long ADA = 7;
  private static final long SEED = 42;

  /** Returns an update by which Ada types a character behind her last one. */
  private static Update typed(int clock, String character) {
    ByteWriter out = new ByteWriter().number(1).number(1).number(ADA).number(clock);
    if (clock == 0) {
      out.write(4).number(1).text("text");
    } else {
      out.write(0x84).number(ADA).number(clock - 1);
    }
    return Update.read(out.text(character).number(0).bytes());
  }

  private static Update deleted(int from, int length) {
    return Update.read(
        new ByteWriter()
            .number(0)
            .number(1)
            .number(ADA)
            .number(1)
            .number(from)
            .number(length)
            .bytes());
  }

  private static List<Update> typed(int characters) {
    List<Update> updates = new ArrayList<>();
    for (int i = 0; i < characters; i++) {
      updates.add(typed(i, "x"));
    }
    return updates;
  }

  @Test
  void typedCharactersBecomeOneText() {
    List<Update> updates = typed(1_000);
    Collections.shuffle(updates, new Random(SEED));
    Update merged = Update.merge(updates);
    assertThat(merged.state()).isEqualTo(Map.of(ADA, 1_000L));
    assertThat(merged.bytes()).hasSizeLessThan(1_020);
    assertThat(Update.read(merged.bytes()).state()).isEqualTo(merged.state());
  }

  @Test
  void aGapEndsTheState() {
    List<Update> updates = typed(10);
    updates.remove(4);
    Update merged = Update.merge(updates);
    assertThat(merged.state()).isEqualTo(Map.of(ADA, 4L));
    assertThat(Update.merge(List.of(merged, typed(4, "x"))).state()).isEqualTo(Map.of(ADA, 10L));
  }

  @Test
  void aDocumentContainsWhatWasMergedIntoIt() {
    Update document = Update.merge(List.of(typed(0, "abc"), deleted(0, 2)));
    assertThat(document.contains(typed(0, "abc"))).isTrue();
    assertThat(document.contains(deleted(1, 1))).isTrue();
    assertThat(document.contains(deleted(1, 2))).isFalse();
    assertThat(document.contains(typed(3, "d"))).isFalse();
    assertThat(document.contains(Update.NONE)).isTrue();
    assertThat(document.after(Map.of(ADA, 3L)).structs()).isEmpty();
    assertThat(document.after(Map.of(ADA, 1L)).state()).isEmpty();
  }

  @Test
  void damagedBytesAreMalformedAndNothingElse() {
    byte[] whole = Update.merge(List.of(typed(0, "abc"), typed(5, "ä睡"), deleted(0, 2))).bytes();
    Random random = new Random(SEED);
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = whole.clone();
      for (int n = 1 + random.nextInt(3); n > 0; n--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      try {
        // If they can be read, what is written can be read, too.
        Update read = Update.read(damaged);
        assertThat(Update.read(read.bytes()).bytes()).isEqualTo(read.bytes());
      } catch (MalformedException expected) {
        assertThat(expected).hasMessageMatching("[a-z].*");
      }
    }
  }

  @Test
  void everyBeginningOfAnUpdateIsMalformed() {
    byte[] whole = Update.merge(List.of(typed(0, "abc"), deleted(0, 2))).bytes();
    for (int length = 0; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> Update.read(part)).isInstanceOf(MalformedException.class);
    }
  }
}
