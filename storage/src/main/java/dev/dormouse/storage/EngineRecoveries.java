package dev.dormouse.storage;

import java.util.concurrent.atomic.AtomicLong;
import org.rocksdb.AbstractEventListener;
import org.rocksdb.Status;

/**
 * Counts how often the engine has recovered from an error of its own accord.
 *
 * <p>Hears of nothing else: the call that says that a recovery begins would have it called off, for
 * reasons that the engine's Java side does not know.
 */
final class EngineRecoveries extends AbstractEventListener {
  private final AtomicLong number = new AtomicLong();

  EngineRecoveries() {
    super(EnabledEventCallback.ON_ERROR_RECOVERY_COMPLETED);
  }

  /** How many there were. Any thread. */
  long number() {
    return number.get();
  }

  @Override
  public void onErrorRecoveryCompleted(Status from) {
    number.incrementAndGet();
  }
}
