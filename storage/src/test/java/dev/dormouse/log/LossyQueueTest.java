package dev.dormouse.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("F27")
@Timeout(60)
class LossyQueueTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final List<String> written = new CopyOnWriteArrayList<>();
  private final Semaphore turns = new Semaphore(0);
  private final CountDownLatch isBlocked = new CountDownLatch(1);
  private final LossyQueue<String> queue =
      new LossyQueue<>("test", 100, this::write, lost -> written.add(lost + " lost"));

  private void write(String piece) throws InterruptedException {
    isBlocked.countDown();
    turns.acquire();
    if (piece.startsWith("bad")) {
      throw new IllegalStateException(piece);
    }
    written.add(piece);
  }

  /** Puts in a piece that the thread takes out at once, and hangs with. */
  private void block() throws InterruptedException {
    queue.put("first", 10);
    isBlocked.await();
  }

  @Test
  @DisplayName("F27: what does not fit is lost without waiting, and reported after the rest")
  void whoPutsInNeverWaits() throws InterruptedException {
    block();
    IntStream.range(0, 50).forEach(i -> queue.put("line " + i, 10));
    assertThat(queue.lost()).isEqualTo(41);
    turns.release(50);
    assertThat(queue.flush(LIMIT)).isTrue();
    queue.put("last", 10);
    assertThat(queue.flush(LIMIT)).isTrue();
    List<String> wanted = new ArrayList<>(List.of("first"));
    IntStream.range(0, 9).forEach(i -> wanted.add("line " + i));
    wanted.addAll(List.of("41 lost", "last"));
    assertThat(written).containsExactlyElementsOf(wanted);
    assertThat(queue.lost()).isEqualTo(41);
  }

  @Test
  @DisplayName("F27: the wait for what is not written ends at its limit")
  void flushIsBounded() throws InterruptedException {
    block();
    assertThat(queue.flush(Duration.ofMillis(1))).isFalse();
    turns.release();
    assertThat(queue.flush(LIMIT)).isTrue();
  }

  @Test
  @DisplayName("a piece larger than the queue is taken if none waits")
  void aLargePieceIsTakenIntoAnEmptyQueue() {
    turns.release(1);
    queue.put("large", 1_000);
    assertThat(queue.flush(LIMIT)).isTrue();
    assertThat(written).containsExactly("large");
  }

  @Test
  @DisplayName("a piece that cannot be written is lost, and the next piece is written")
  void aSinkThatThrowsLosesThePieceOnly() {
    turns.release(2);
    queue.put("bad", 10);
    queue.put("good", 10);
    assertThat(queue.flush(LIMIT)).isTrue();
    queue.put("unwritten", 10);
    assertThat(queue.lost()).isEqualTo(1);
    turns.release();
    assertThat(queue.flush(LIMIT)).isTrue();
    assertThat(written).contains("good", "1 lost", "unwritten");
  }
}
