package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs a cluster of three hosts and a gateway as processes, under load, and stops, kills and halts
 * the hosts. {@code -Ddormouse.test.scribes} sets the number of sockets.
 *
 * <p>A host that is stopped hands its actors over, and no socket closes. With a host that dies, or
 * is halted, the answers of turns that were stored may be lost; the sockets of these senders, and
 * no others, are closed with 1012.
 */
@Tag("once")
@Tag("alone")
class ClusterIT {
  private static final List<String> HOSTS = List.of("a", "b", "c");
  private static final int SCRIBES = Integer.getInteger("dormouse.test.scribes", 100);
  private static final int JOURNALS = 20;
  private static final int PAUSE_MS = 200;

  @TempDir private Path folder;

  @Test
  @DisplayName("hosts are replaced without a close, and killed and halted without a loss")
  void hostsAreReplacedWithoutACloseAndKilledWithoutALoss() throws Exception {
    try (ClusterRig rig = new ClusterRig(folder, HOSTS)) {
      rig.start("host", HOSTS.toArray(String[]::new));
      rig.start("gateway", "gate");
      rig.awaitWell("a");
      try (Scribes scribes = new Scribes(rig.port("gate"), SCRIBES, JOURNALS, PAUSE_MS)) {
        scribes.write();
        scribes.awaitRound();
        scribes.longestMs();

        for (String host : HOSTS) {
          assertThat(rig.stop(host)).isZero();
          scribes.awaitRound();
          rig.start("host", host);
          rig.awaitWell(host);
        }
        assertThat(scribes.closes()).isEmpty();
        System.out.printf("replaced: longest wait %d ms%n", scribes.longestMs());

        String busiest = rig.busiest("a");
        rig.kill(busiest);
        scribes.awaitRound();
        System.out.printf(
            "killed one: longest wait %d ms, %d sockets closed%n",
            scribes.longestMs(), scribes.closes().size());
        rig.start("host", busiest);
        rig.awaitWell(busiest);

        busiest = rig.busiest("a");
        rig.signal(busiest, "STOP");
        LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(4));
        scribes.awaitRound();
        rig.signal(busiest, "CONT");
        scribes.awaitRound();
        System.out.printf(
            "halted one: longest wait %d ms, %d sockets closed%n",
            scribes.longestMs(), scribes.closes().size());

        scribes.rest();
        scribes.check(rig.port("gate"));
      }
    }
  }
}
