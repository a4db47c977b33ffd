package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Cuts the power under load: everything that was answered before the cut must be on the disk.
 *
 * <p><b>Method.</b> The data folder lies on an ext4 file system of its own, on a loop device, whose
 * backing file lies on another ext4. A cut freezes that outer file system. The inner file system is
 * not told: it keeps what it holds in memory, and its writes wait meanwhile. So the backing file is
 * at that moment what the device holds, and a copy of it is the disk of a machine that stopped just
 * then. The copy is mounted, so that ext4 replays its journal, and a server is started on it. The
 * first server knows nothing of all that and goes on, to the next cut.
 *
 * <p><b>Simulated</b> is the loss of everything in the memory of the machine, data under way
 * between the file system and the device included. <b>Not simulated</b> is a disk that loses, tears
 * or reorders data that it has reported as written, such as a disk with a volatile cache that
 * ignores a flush. The loop device has no such cache. The test relies on ext4 to send a flush at an
 * fsync, and does not check that.
 *
 * <p>With {@code wal} the same cut must lose answers; otherwise the test could not see anything.
 */
@Tag("full")
@Tag("once")
class PowerCutIT {
  private static final int CUTS = Integer.getInteger("dormouse.test.cuts", 10);
  private static final List<String> JOURNALS = List.of("left", "right");
  private static final int WRITERS = 4;
  private static final int ANSWERS_MAX = 400;
  private static final long DISK_BYTES = 192L << 20;

  @TempDir private Path directory;
  private final ExecutorService threads = Executors.newFixedThreadPool(WRITERS);

  @BeforeEach
  void assumeMountable() throws Exception {
    LoopDisk.assumeMountable(directory);
  }

  @AfterEach
  void endThreads() {
    threads.shutdownNow();
  }

  @Test
  void withFsyncWhatWasAnsweredSurvivesAPowerCut() throws Exception {
    assertThat(lostIn(CUTS, "fsync")).containsOnly(0).hasSize(CUTS);
  }

  @Test
  void withWalAPowerCutLosesAnswersSoTheTestIsNotBlind() throws Exception {
    assertThat(lostIn(1, "wal")).allMatch(lost -> lost > 0).hasSize(1);
  }

  /** Returns the number of answers that each cut has lost. */
  private List<Integer> lostIn(int cuts, String durability) throws Exception {
    Random random = Seed.random("PowerCutIT, " + durability);
    List<Integer> lost = new ArrayList<>();
    try (LoopDisk device = LoopDisk.make(directory.resolve("device.img"), 2 * DISK_BYTES);
        LoopDisk disk = LoopDisk.make(device.root().resolve("disk.img"), DISK_BYTES);
        ServerProcess server =
            ServerProcess.start(disk.root().resolve("data"), "--durability", durability)) {
      List<Writer> writers = new ArrayList<>();
      List<Future<?>> writing = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        String journal = JOURNALS.get(i % JOURNALS.size());
        Writer writer = new Writer(server.connect("/journal/" + journal), journal, "writer " + i);
        writers.add(writer);
        writing.add(threads.submit(writer::write));
      }
      for (int cut = 0; cut < cuts; cut++) {
        writers.get(0).awaitAnswers(1 + random.nextInt(ANSWERS_MAX));
        lost.add(cut(device, writers));
      }
      server.kill9();
      server.awaitExit();
      for (Future<?> future : writing) {
        future.get(Child.LIMIT.toSeconds(), TimeUnit.SECONDS);
      }
    }
    return lost;
  }

  /**
   * Copies the disk as the device holds it, and counts the answers that are missing from the copy.
   */
  private int cut(LoopDisk device, List<Writer> writers) throws Exception {
    List<List<String>> answered = writers.stream().map(Writer::answers).toList();
    Path copy = directory.resolve("copy.img");
    device.freeze();
    try {
      LoopDisk.run("cp", "--sparse=always", device.root() + "/disk.img", copy.toString());
    } finally {
      device.thaw();
    }
    int lost = 0;
    try (LoopDisk disk = LoopDisk.mount(copy);
        ServerProcess server = ServerProcess.start(disk.root().resolve("data"))) {
      Map<String, Set<String>> kept =
          Map.of(
              JOURNALS.get(0),
              kept(server, JOURNALS.get(0)),
              JOURNALS.get(1),
              kept(server, JOURNALS.get(1)));
      for (int i = 0; i < writers.size(); i++) {
        Set<String> ofJournal = kept.get(writers.get(i).journal);
        lost += (int) answered.get(i).stream().filter(a -> !ofJournal.contains(a)).count();
      }
      for (String journal : JOURNALS) {
        assertThat(server.admin().actor("journal", journal).connections()).isZero();
      }
      server.kill9();
      server.awaitExit();
    }
    Files.delete(copy);
    return lost;
  }

  /** Returns the answers that a journal on the copy stands for; its hashes must chain. */
  private static Set<String> kept(ServerProcess server, String journal) throws Exception {
    return Set.copyOf(
        HashChain.answers(Http.get(server.http("/journal/" + journal)).body().lines().toList()));
  }

  /** One connection that writes to a journal. */
  private static final class Writer {
    private final Client client;
    private final String journal;
    private final String name;
    private final List<String> answers = new ArrayList<>();

    Writer(Client client, String journal, String name) {
      this.client = client;
      this.journal = journal;
      this.name = name;
    }

    Void write() throws Exception {
      int sent = 0;
      client.send(name + sent++);
      while (client.next() instanceof Client.Text answer) {
        synchronized (this) {
          answers.add(answer.text());
          notifyAll();
        }
        var unused = client.sendWithoutWaiting(name + sent++);
      }
      return null;
    }

    synchronized List<String> answers() {
      return List.copyOf(answers);
    }

    /** Waits for this number of further answers. */
    synchronized void awaitAnswers(int more) throws InterruptedException {
      long deadlineNs = System.nanoTime() + Child.LIMIT.toNanos();
      int wanted = answers.size() + more;
      while (answers.size() < wanted) {
        long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime());
        assertThat(leftMs).as("%s has %s of %s answers", name, answers.size(), wanted).isPositive();
        wait(leftMs);
      }
    }
  }
}
