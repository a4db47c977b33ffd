package dev.dormouse.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

class EngineWriterTest {
  private static final long MIB = 1 << 20;
  private final RocksDBException noSpace =
      new RocksDBException(
          "made up", new Status(Status.Code.IOError, Status.SubCode.NoSpace, null));

  @TempDir Path folder;
  private final AtomicLong usableBytes = new AtomicLong(1_000 * MIB);
  private final AtomicLong clockNs = new AtomicLong();
  private RocksTables tables;
  private EngineWriter writer;

  @BeforeEach
  void open() {
    tables = RocksTables.open(folder, MIB, 32);
    writer =
        new EngineWriter(
            tables,
            SyncedMark.openIn(folder),
            new DiskRoom(usableBytes::get, 80 * MIB),
            HandleRoom.of(folder),
            () -> true,
            clockNs::get);
  }

  @AfterEach
  void close() {
    writer.close();
    tables.close();
  }

  @Test
  void aRoundThatWouldTouchTheReserveIsRefused() {
    usableBytes.set(80 * MIB + 100);
    assertThat(writer.refusal(100)).isNull();
    assertThat(writer.refusal(101)).isEqualTo("the disk has less than 80 MiB free");
  }

  @Test
  void afterARefusalThereMustBeSomeMoreThanTheReserve() {
    usableBytes.set(80 * MIB);
    assertThat(writer.refusal(1)).isNotNull();
    usableBytes.set(90 * MIB);
    assertThat(writer.refusal(1)).isNotNull();
    usableBytes.set(90 * MIB + 1);
    assertThat(writer.refusal(1)).isNull();
    usableBytes.set(80 * MIB + 1);
    assertThat(writer.refusal(1)).isNull();
  }

  @Test
  void anEngineThatDoesNotRecoverThoughThereIsRoomIsGivenUp() {
    writer.stopped(noSpace, tables.recoveries());
    usableBytes.set(0);
    clockNs.addAndGet(Duration.ofHours(1).toNanos());
    assertThat(writer.refusal(1)).isNotNull();
    usableBytes.set(500 * MIB);
    clockNs.addAndGet(Duration.ofSeconds(30).toNanos());
    assertThat(writer.refusal(1))
        .isEqualTo("the disk was full, and the engine has not recovered yet");
    clockNs.addAndGet(1);
    assertThatIllegalStateException().isThrownBy(() -> writer.refusal(1)).withCause(noSpace);
  }

  @Test
  void anEngineThatRecoversAtOnceIsNotHeldBack() {
    writer.stopped(noSpace, tables.recoveries() - 1);
    assertThat(writer.refusal(1)).isNull();
  }

  @Test
  void anEngineWithoutHandlesDoesNotRecoverButIsOpenedAnew() {
    List<String> refused = new ArrayList<>();
    for (EngineWriter.Condition from : EngineWriter.Condition.values()) {
      for (EngineWriter.Condition to : EngineWriter.Condition.values()) {
        if (!from.mayBecome(to)) {
          refused.add(from + " to " + to);
        }
      }
    }
    assertThat(refused).containsExactly("WITHOUT_HANDLES to RECOVERING");
  }

  @Test
  void theReserveIsAnEighthOfASmallDisk() {
    assertThat(DiskRoom.reserveOf(1_000 * MIB)).isEqualTo(64 * MIB);
    assertThat(DiskRoom.reserveOf(64 * MIB)).isEqualTo(8 * MIB);
  }

  @Test
  void theRoomIsThatOfTheFoldersDiskAndADiskThatDoesNotTellIsNotTakenForFull() {
    DiskRoom here = DiskRoom.of(folder.toFile());
    assertThat(here.usableBytes().getAsLong()).isBetween(1L, folder.toFile().getTotalSpace());
    assertThat(here.isFor(Long.MAX_VALUE / 2)).isFalse();
    assertThat(DiskRoom.of(folder.resolve("nowhere").toFile()).isFor(1)).isTrue();
  }
}
