package dev.dormouse.storage.entrylog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.dormouse.storage.entrylog.EntryLog.Row;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the logs of groups on a real disk. */
class EntryLogTest {
  @TempDir Path folder;
  private final List<Throwable> fatal = new ArrayList<>();
  private EntryLog log;

  @BeforeEach
  void open() {
    log = EntryLog.open(folder.resolve("log"), fatal::add);
  }

  @AfterEach
  void close() {
    log.close();
    assertThat(fatal).isEmpty();
  }

  private void reopen() {
    log.close();
    open();
  }

  private static Row row(long index) {
    return new Row(index, new byte[] {(byte) index}, index % 10 == 0);
  }

  private void append(int group, long from, long to) {
    log.group(group).append(LongStream.rangeClosed(from, to).mapToObj(EntryLogTest::row).toList());
  }

  private void has(int group, long first, long last) {
    EntryLog.Group rows = log.group(group);
    assertThat(rows.first()).isEqualTo(first);
    assertThat(rows.last()).isEqualTo(last);
    for (long index = first; index <= last; index++) {
      assertThat(rows.get(index)).containsExactly((byte) index);
    }
    assertThat(rows.get(first - 1)).isNull();
    assertThat(rows.get(last + 1)).isNull();
    assertThat(rows.membersChanges())
        .extracting(bytes -> (long) bytes[0])
        .containsExactlyElementsOf(
            LongStream.rangeClosed(first, last).filter(i -> i % 10 == 0).boxed().toList());
  }

  @Test
  void anEmptyLogBeginsAtOne() {
    has(3, 1, 0);
  }

  @Test
  void whatIsAppendedIsThereAfterItIsOpenedAgain() {
    append(0, 1, 30);
    append(7, 1, 5);
    append(0, 31, 40);
    reopen();

    has(0, 1, 40);
    has(7, 1, 5);
    has(6, 1, 0);
    has(8, 1, 0);
  }

  @Test
  void bothEndsCanBeCutAndTheLogGoesOn() {
    append(0, 1, 50);
    append(1, 1, 50);
    log.group(0).removeBefore(20);
    has(0, 20, 50);
    log.group(0).removeAfter(40);
    has(0, 20, 40);
    append(0, 41, 45);
    reopen();

    has(0, 20, 45);
    has(1, 1, 50);
    log.group(0).removeBefore(46);
    has(0, 46, 45);
  }

  @Test
  void aLogThatIsResetHasOneEntry() {
    append(0, 1, 50);
    log.group(0).reset(row(90));
    has(0, 90, 90);
    append(0, 91, 95);
    reopen();
    has(0, 90, 95);
  }

  @Test
  void aClosedLogIsNotUsed() {
    EntryLog.Group rows = log.group(0);
    log.close();
    log.close();
    assertThatIllegalStateException().isThrownBy(() -> rows.append(List.of(row(1))));
  }

  @Test
  void aFolderThatIsAFileIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> EntryLog.open(file, fatal::add))
        .withMessageContaining("cannot be opened");
  }
}
