package dev.dormouse.storage;

import static dev.dormouse.storage.ActorStoreContract.LOBBY;
import static dev.dormouse.storage.ActorStoreContract.bytes;
import static dev.dormouse.storage.ActorStoreContract.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class EngineLogsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {5, 6, 7, 8, 11, 13})
  void aRecordOfARecycledFileIsRefusedByFileAndPlace(int type) throws IOException {
    byte[] log = concat(record(1, bytes("first")), record(1, bytes("second")));
    log[12 + 6] = (byte) type;
    Files.write(folder.resolve("000004.log"), log);

    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> EngineLogs.check(folder))
        .withMessage("the data folder %s is damaged: 000004.log has a bad record at 12", folder);
  }

  @Test
  void aRecordThatReachesBeyondTheEndIsRefusedIfOthersFollow() throws IOException {
    byte[] log = concat(record(1, bytes("first")), record(1, bytes("2")), record(1, bytes("3")));
    log[5] = 1; // 256 bytes more
    Files.write(folder.resolve("MANIFEST-000005"), log);

    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> EngineLogs.check(folder))
        .withMessageEndingWith("MANIFEST-000005 has a bad record at 0");
  }

  @Test
  void theLastRecordIsRefusedIfOnlyItsLengthKeepsItFromBeingWhole() throws IOException {
    byte[] log = concat(record(1, bytes("first")), record(1, bytes("second")));
    for (int bit = 3; bit < 16; bit++) { // of a length of 6
      byte[] longer = log.clone();
      longer[12 + 4 + bit / 8] ^= (byte) (1 << bit % 8);
      Files.write(folder.resolve("000004.log"), longer);
      assertThatExceptionOfType(StoreOpenException.class)
          .as("bit %d", bit)
          .isThrownBy(() -> EngineLogs.check(folder))
          .withMessageEndingWith("000004.log has a bad record at 12");
    }
  }

  @Test
  void aFileCurrentThatNamesNoManifestThatIsThereIsRefused() throws IOException {
    Files.createFile(folder.resolve("MANIFEST-000005"));
    for (String text : List.of("", "MANIFEST-000005", "MANIFEST-000004\n", "mANIFEST-000005\n")) {
      Files.writeString(folder.resolve("CURRENT"), text);
      assertThatExceptionOfType(StoreOpenException.class)
          .isThrownBy(() -> EngineLogs.check(folder))
          .withMessageContaining("its file CURRENT names");
    }
    Files.writeString(folder.resolve("CURRENT"), "MANIFEST-000005\n");
    assertThatNoException().isThrownBy(() -> EngineLogs.check(folder));
  }

  @Test
  void aLogThatIsCutShortAnywhereIsLeftToTheEngine() throws IOException {
    byte[] log = concat(record(1, bytes("first")), record(1, bytes("second")));
    for (int length = 0; length <= log.length; length++) {
      Files.write(folder.resolve("000004.log"), Arrays.copyOf(log, length));
      assertThatNoException().isThrownBy(() -> EngineLogs.check(folder));
    }
  }

  @Test
  void recordsInLaterBlocksAreSeen() throws IOException {
    byte[] filling = record(1, new byte[(32 << 10) - 7 - 3]); // leaves three bytes in the block
    byte[] log = concat(filling, new byte[3], record(1, bytes("x")), record(5, bytes("y")));
    Files.write(folder.resolve("000004.log"), log);

    assertThatExceptionOfType(StoreOpenException.class)
        .isThrownBy(() -> EngineLogs.check(folder))
        .withMessageEndingWith("has a bad record at " + ((32 << 10) + 8));
  }

  @Test
  void theEnginesOwnLogsPass() throws IOException {
    StoreOptions options = StoreOptions.in(folder).durability(Durability.WAL);
    for (int opening = 0; opening < 3; opening++) {
      try (ActorStore store = Stores.open(options)) {
        for (int i = 0; i < 20; i++) {
          TurnBatch.Write write = new TurnBatch.Write(Table.VALUE, number(i), new byte[i * 5_000]);
          ActorStoreContract.done(
              store.commit(new TurnBatch(LOBBY, store.incarnation(), List.of(write))));
        }
      }
      assertThatNoException().isThrownBy(() -> EngineLogs.check(folder.resolve("rocksdb")));
    }
    try (Stream<Path> files = Files.list(folder.resolve("rocksdb"))) {
      assertThat(files.filter(file -> file.toString().endsWith(".log"))).isNotEmpty();
    }
  }

  private static byte[] record(int type, byte[] payload) {
    CRC32C sum = new CRC32C();
    sum.update(type);
    sum.update(payload);
    int masked = Integer.rotateRight((int) sum.getValue(), 15) + 0xa282ead8;
    return ByteBuffer.allocate(7 + payload.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(masked)
        .putShort((short) payload.length)
        .put((byte) type)
        .put(payload)
        .array();
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
