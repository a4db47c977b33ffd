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
 * Cuts the power under load: what had been answered when the power went must be on the disk.
 *
 * <p><b>How.</b> The data folder lies on an ext4 of its own, on a loop device, whose backing file
 * lies on another ext4. To cut, that outer file system is frozen. The inner one is not told: what
 * it holds in memory it holds on to, and what it tries to write meanwhile waits. So the backing
 * file is at that moment what the device holds, and a copy of it is a disk whose machine stopped
 * just then. The copy is mounted, which has ext4 replay its journal, and a server is started on it.
 * The first server knows nothing of all that and goes on, to the next cut.
 *
 * <p><b>What it simulates:</b> the loss of all that is in the memory of the machine, under way
 * between the file system and the device included. <b>What it does not:</b> a disk that loses,
 * tears or reorders what it has reported as written, such as one whose own cache is volatile and
 * that pays no heed to a flush. The loop device has no such cache. That an fsync makes ext4 send a
 * flush is not tested here but relied on.
 *
 * <p>With {@code wal} the same cut must lose answers, or the test could not see anything.
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

  /** How many answers each cut has lost. */
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

  /** Copies the disk as the device holds it, and counts what was answered and is not on it. */
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

  /** The answers that a journal on the copy stands for: its hashes must chain. */
  private static Set<String> kept(ServerProcess server, String journal) throws Exception {
    return Set.copyOf(
        HashChain.answers(Http.get(server.http("/journal/" + journal)).body().lines().toList()));
  }

  /** A connection that writes to a journal. */
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

    /** Waits for so many answers more. */
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
