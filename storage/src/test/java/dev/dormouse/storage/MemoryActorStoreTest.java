package dev.dormouse.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.HeldMark;
import dev.dormouse.storage.rows.Table;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MemoryActorStoreTest extends ActorStoreContract {
  private final MemoryDisk disk = new MemoryDisk();

  @Override
  protected NodeStore open() {
    return Stores.memory(disk);
  }

  @Test
  void aStoreThatDiedWithoutClosingIsFencedByTheNextOne() {
    put(LOBBY, "a", "1");
    try (NodeStore next = open()) {
      assertThat(
              join(write(LOBBY, new TurnBatch.Write(Table.VALUE, bytes("a"), bytes("too late")))))
          .isEqualTo(new CommitResult.Fenced(next.epochOf(LOBBY)));
      assertThat(next.get(LOBBY, Table.VALUE, bytes("a"))).isEqualTo(bytes("1"));
    }
  }

  @Test
  void aStoreThatDiedIsKnownToHaveDiedAloneOrWithTheMachine() {
    try (NodeStore second = open()) {
      disk.restartMachine();
      try (NodeStore third = open()) {
        assertThat(third.endingOf(1)).isEqualTo(Ending.PROCESS_DIED);
        assertThat(third.endingOf(second.run())).isEqualTo(Ending.MACHINE_RESTARTED);
      }
    }
  }

  @Test
  void aGroupMovesFromOneMachineToAnotherAndBothHearOfIt() {
    int group = store.groupOf(LOBBY);
    try (NodeStore east = Stores.memoryOn(disk, "east", System::nanoTime);
        NodeStore west = Stores.memoryOn(disk, "west", System::nanoTime)) {
      List<String> heard = new ArrayList<>();
      east.listen(writesTo("east", heard));
      assertThat(heard).isEmpty();
      disk.give(group, east);
      disk.give(group, west);
      west.listen(writesTo("west", heard));
      disk.give(group, east);
      assertThat(heard)
          .containsExactly(
              "east owns " + group,
              "east lost " + group + ", since run " + west.run() + " owns it",
              "west owns " + group,
              "west lost " + group + ", since run " + east.run() + " owns it",
              "east owns " + group);

      assertThat(west.epoch(group)).isZero();
      assertThat(store.epoch(group == 0 ? 1 : 0)).isPositive();
      long epoch = east.epoch(group);
      List<TurnBatch.Write> writes =
          List.of(new TurnBatch.Write(Table.VALUE, bytes("a"), bytes("1")));
      for (long old : new long[] {epoch - 1, epoch - 2}) {
        assertThat(join(west.commit(new TurnBatch(LOBBY, old, writes))))
            .isEqualTo(new CommitResult.Fenced(epoch));
        assertThat(join(west.confirm(group, old))).isEqualTo(new CommitResult.Fenced(epoch));
      }
      done(east.commit(new TurnBatch(LOBBY, epoch, writes)));
      assertThat(west.get(LOBBY, Table.VALUE, bytes("a"))).isEqualTo(bytes("1"));
    }
  }

  private static OwnershipListener writesTo(String name, List<String> heard) {
    return new OwnershipListener() {
      @Override
      public void onOwned(int group, long epoch) {
        heard.add(name + " owns " + group);
      }

      @Override
      public void onLost(int group, String why) {
        heard.add(name + " lost " + group + ", since " + why);
      }
    };
  }

  @Test
  void theAgeOfAMarkGoesByTheOwnMachinesClocks() {
    AtomicLong nowNs = new AtomicLong(5);
    ClockMark mark;
    try (NodeStore east = Stores.memoryOn(disk, "east", nowNs::get);
        NodeStore west = Stores.memoryOn(disk, "west", nowNs::get)) {
      disk.give(3, east);
      mark = new ClockMark(1, 2, east.run());
      west.keep(3, new ClockMark(9, 9, west.run())); // it does not own the group
      assertThat(east.clockMark(3)).isNull();
      east.keep(3, mark);
      nowNs.addAndGet(100);
      assertThat(east.clockMark(3)).isEqualTo(HeldMark.own(mark));
      assertThat(west.clockMark(3)).isEqualTo(HeldMark.arrived(mark, 100));
      assertThat(west.clockMark(4)).isNull();
    }
    try (NodeStore east = Stores.memoryOn(disk, "east", nowNs::get);
        NodeStore west = Stores.memoryOn(disk, "west", nowNs::get)) {
      nowNs.addAndGet(7);
      assertThat(east.clockMark(3)).isEqualTo(HeldMark.own(mark));
      assertThat(west.clockMark(3)).isEqualTo(HeldMark.arrived(mark, 7));
    }
  }

  @Test
  void howARunEndedIsToldByTheNextRunOfItsMachine() {
    Stores.memoryOn(disk, "east", System::nanoTime).close();
    NodeStore dead = Stores.memoryOn(disk, "west", System::nanoTime);
    disk.restartMachine();
    try (NodeStore east = Stores.memoryOn(disk, "east", System::nanoTime)) {
      assertThat(east.endingOf(2)).isEqualTo(Ending.CLOSED);
      assertThat(east.endingOf(dead.run())).isEqualTo(Ending.PROCESS_DIED);
      try (NodeStore west = Stores.memoryOn(disk, "west", System::nanoTime)) {
        assertThat(west.endingOf(dead.run())).isEqualTo(Ending.MACHINE_RESTARTED);
      }
    }
  }

  @Test
  void theFirstRunMayBeChosen() {
    try (NodeStore later = Stores.memory(new MemoryDisk(41))) {
      assertThat(later.run()).isEqualTo(41);
    }
    assertThatIllegalArgumentException().isThrownBy(() -> new MemoryDisk(0));
  }

  @Test
  void theDurabilityMemoryTouchesNoFolder() {
    StoreOptions options =
        StoreOptions.in(Path.of("/nowhere/at/all")).durability(Durability.MEMORY);
    try (NodeStore opened = Stores.open(options)) {
      assertThat(opened.durability()).isEqualTo(Durability.MEMORY);
      assertThat(opened.run()).isEqualTo(1);
      assertThat(join(opened.commit(new TurnBatch(LOBBY, opened.epochOf(LOBBY), List.of()))))
          .isEqualTo(CommitResult.DONE);
    }
  }
}
