package dev.dormouse.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.dormouse.storage.rows.Table;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryActorStoreTest extends ActorStoreContract {
  private final MemoryDisk disk = new MemoryDisk();

  @Override
  ActorStore open() {
    return Stores.memory(disk);
  }

  @Test
  void aStoreThatDiedWithoutClosingIsFencedByTheNextOne() {
    put(LOBBY, "a", "1");
    try (ActorStore next = open()) {
      assertThat(
              join(write(LOBBY, new TurnBatch.Write(Table.VALUE, bytes("a"), bytes("too late")))))
          .isEqualTo(new CommitResult.Fenced(next.epochOf(LOBBY)));
      assertThat(next.get(LOBBY, Table.VALUE, bytes("a"))).isEqualTo(bytes("1"));
    }
  }

  @Test
  void aStoreThatDiedIsKnownToHaveDiedAloneOrWithTheMachine() {
    try (ActorStore second = open()) {
      disk.restartMachine();
      try (ActorStore third = open()) {
        assertThat(third.endingOf(1)).isEqualTo(Ending.PROCESS_DIED);
        assertThat(third.endingOf(second.run())).isEqualTo(Ending.MACHINE_RESTARTED);
      }
    }
  }

  @Test
  void theFirstRunMayBeChosen() {
    try (ActorStore later = Stores.memory(new MemoryDisk(41))) {
      assertThat(later.run()).isEqualTo(41);
    }
    assertThatIllegalArgumentException().isThrownBy(() -> new MemoryDisk(0));
  }

  @Test
  void theDurabilityMemoryTouchesNoFolder() {
    StoreOptions options =
        StoreOptions.in(Path.of("/nowhere/at/all")).durability(Durability.MEMORY);
    try (ActorStore opened = Stores.open(options)) {
      assertThat(opened.durability()).isEqualTo(Durability.MEMORY);
      assertThat(opened.run()).isEqualTo(1);
      assertThat(join(opened.commit(new TurnBatch(LOBBY, opened.epochOf(LOBBY), List.of()))))
          .isEqualTo(CommitResult.DONE);
    }
  }
}
