package dev.dormouse.storage.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.codec.StableHash;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RowKeysTest {
  private static final ActorId LOBBY = new ActorId("chat", "lobby");

  private final RowKeys keys = new RowKeys(4_096);

  @Test
  @DisplayName("The hash of texts never changes")
  void hashIsGolden() {
    assertThat(StableHash.of("")).isEqualTo(0xefd01f60ba992926L);
    assertThat(StableHash.of("chat/lobby")).isEqualTo(0x61efb462935a1530L);
  }

  @Test
  @DisplayName("The bytes of stored keys never change")
  void keysAreGolden() {
    assertThat(hex(keys.encode(LOBBY, Table.ACTOR, ActorRow.KEY)))
        .isEqualTo("41" + "0530" + "04" + "63686174" + "0005" + "6c6f626279");
    assertThat(hex(keys.encode(LOBBY, Table.CONNECTION, new byte[] {0, 0, 1, 0, 0, 0, 0, 7})))
        .isEqualTo("43" + "0530" + "04" + "63686174" + "0005" + "6c6f626279" + "0000010000000007");
    assertThat(hex(keys.encode(new ActorId("d", "Ä/ 日"), Table.VALUE, new byte[] {(byte) 0xff})))
        .isEqualTo("56" + "02d1" + "01" + "64" + "0007" + "c3842f20e697a5" + "ff");
  }

  @Test
  @DisplayName("The bytes of the stored keys of answered requests never change")
  void requestsAreGolden() {
    assertThat(hex(keys.encode(LOBBY, Table.REQUEST, RequestRow.key(258))))
        .isEqualTo("51" + "0530" + "04" + "63686174" + "0005" + "6c6f626279" + "0000000000000102");
  }

  @Test
  @DisplayName("The bytes of the stored keys of alarms never change")
  void alarmsAreGolden() {
    assertThat(hex(keys.encode(LOBBY, Table.ALARM, "é".getBytes(StandardCharsets.UTF_8))))
        .isEqualTo("4c" + "0530" + "04" + "63686174" + "0005" + "6c6f626279" + "c3a9");
    DueAlarm due = new DueAlarm(LOBBY, DueClock.WALL, 0x0102030405L, "é");
    String hex = "44" + "0530" + "57" + "0000000102030405" + "0463686174" + "00056c6f626279c3a9";
    byte[] key = keys.encode(LOBBY, Table.DUE, due.key());
    assertThat(hex(key)).isEqualTo(hex);
    RowKeys.Place place = keys.decode(Table.DUE, key);
    assertThat(DueAlarm.of(place.actor(), place.rowKey())).isEqualTo(due);
    DueAlarm running = new DueAlarm(LOBBY, DueClock.RUNNING, 1, "");
    assertThat(hex(running.key())).isEqualTo("52" + "0000000000000001");
    assertThat(hex(DueAlarm.value())).isEmpty();
  }

  @Test
  void aKeyIsReadBackAsItWasWritten() {
    RowKeys.Place place =
        keys.decode(Table.VALUE, keys.encode(LOBBY, Table.VALUE, new byte[] {1, 2}));

    assertThat(place.actor()).isEqualTo(LOBBY);
    assertThat(place.rowKey()).containsExactly(1, 2);
  }

  @Test
  void aKeyThatWasCutShortIsRefusedByItsHex() {
    byte[] key = keys.encode(LOBBY, Table.VALUE, new byte[0]);
    for (int length = 0; length < key.length; length++) {
      byte[] cut = Arrays.copyOf(key, length);
      assertThatExceptionOfType(CorruptRowException.class)
          .isThrownBy(() -> keys.decode(Table.VALUE, cut))
          .withMessageContaining("VALUE")
          .withMessageEndingWith(hex(cut));
    }
  }

  @Test
  void aKeyOfAnotherTableOrAnotherNumberOfShardsIsRefused() {
    byte[] key = keys.encode(LOBBY, Table.VALUE, new byte[0]);

    assertThatExceptionOfType(CorruptRowException.class)
        .isThrownBy(() -> keys.decode(Table.ACTOR, key));
    assertThatExceptionOfType(CorruptRowException.class)
        .isThrownBy(() -> new RowKeys(7).decode(Table.VALUE, key));
  }

  @Test
  void shardsAreFilledEvenly() {
    int[] actors = new int[16];
    RowKeys few = new RowKeys(actors.length);
    for (int i = 0; i < 16_000; i++) {
      actors[few.shardOf(new ActorId("chat", "room-" + i))]++;
    }
    for (int count : actors) {
      assertThat(count).isBetween(850, 1_150);
    }
  }

  @Test
  void theNumberOfShardsFitsInTwoBytes() {
    assertThat(new RowKeys(65_536).shardOf(LOBBY)).isBetween(0, 65_535);
    assertThatIllegalArgumentException().isThrownBy(() -> new RowKeys(0));
    assertThatIllegalArgumentException().isThrownBy(() -> new RowKeys(65_537));
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
