package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Access;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Threading;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.Durability;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;

/**
 * Checks the cost to other actors of handlers that compute, block, or leave their thread changed.
 */
class BadHandlersTest {
  /**
   * The number of bad handlers: more than the machine has cores, so that all carrier threads are
   * busy.
   */
  private static final int BAD = 2 * Runtime.getRuntime().availableProcessors();

  private static final int WITNESSES = 8;
  private static final int ASKS = 100;
  private static final int ROUNDS = 40;

  /** The limit on the 99th percentile of the witnesses' waits: ten times the README's promise. */
  private static final long LONGEST_MS = 1_000;

  private static final long ENDS_ANYHOW_NS = TimeUnit.SECONDS.toNanos(50);

  private final CountDownLatch end = new CountDownLatch(1);
  private final CountDownLatch begun = new CountDownLatch(BAD);
  private final CountDownLatch interrupted = new CountDownLatch(BAD);
  private final ExecutorService clients = Executors.newCachedThreadPool();

  /** The machine's clock, which a test can put ahead. */
  private static final class Clock implements Time {
    final AtomicLong aheadNs = new AtomicLong();

    @Override
    public long nowNs() {
      return System.nanoTime() + aheadNs.get();
    }

    @Override
    public long wallMs() {
      return System.currentTimeMillis();
    }
  }

  private final Clock clock = new Clock();

  /** Does what its message says, on its own thread. */
  private final class Room extends WebSocketActor<Void> {
    @Override
    protected void onMessage(Connection<Void> from, String text) throws Exception {
      switch (text) {
        case "compute" -> compute();
        case "hold a monitor" -> holdAMonitor();
        case "block" -> {
          begun.countDown();
          end.await();
        }
        case "sleep" -> Thread.sleep(2);
        case "leave all changed" -> leaveAllChanged();
        case "look" -> {
          from.send(found());
          return;
        }
        default -> {}
      }
      from.send(text);
    }

    private void compute() {
      begun.countDown();
      long startNs = System.nanoTime();
      boolean isTold = false;
      while (end.getCount() > 0 && System.nanoTime() - startNs < ENDS_ANYHOW_NS) {
        if (Thread.currentThread().isInterrupted() && !isTold) {
          isTold = true;
          interrupted.countDown();
        }
      }
    }

    private synchronized void holdAMonitor() throws InterruptedException {
      begun.countDown();
      end.await();
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // a handler may do so although it should not
  private static void leaveAllChanged() {
    Thread thread = Thread.currentThread();
    thread.setName("renamed");
    thread.setPriority(Thread.MIN_PRIORITY);
    thread.setContextClassLoader(null);
    MDC.put("left", "behind");
    thread.interrupt();
  }

  private static String found() {
    Thread thread = Thread.currentThread();
    return "%s %s %s %s %s"
        .formatted(
            thread.isInterrupted(),
            "renamed".equals(thread.getName()),
            thread.getPriority() == Thread.MIN_PRIORITY,
            thread.getContextClassLoader() == null,
            MDC.get("left"));
  }

  private DormouseServer open(Threading threading) {
    return Dormouse.server()
        .actor("/room/:key", Room.class, Room::new, o -> o.threading(threading))
        .actor(
            "/gate/:key",
            Room.class,
            Room::new,
            o ->
                o.threading(threading)
                    .access(
                        (actor, head) -> {
                          leaveAllChanged();
                          return Access.granted();
                        }))
        .open(
            ServerOptions.defaults()
                .port(0)
                .adminPort(0)
                .eventLoops(1)
                .time(clock)
                .data(Path.of("unused"))
                .durability(Durability.MEMORY));
  }

  @AfterEach
  void end() {
    end.countDown();
    clients.shutdownNow();
  }

  private List<TextClient> haveBadOnes(DormouseServer server, String what) throws Exception {
    List<TextClient> bad = new ArrayList<>();
    for (int i = 0; i < BAD; i++) {
      TextClient one = new TextClient(server, "/room/bad-" + i);
      bad.add(one);
      one.send(what);
    }
    assertThat(begun.await(20, TimeUnit.SECONDS)).as("all have begun").isTrue();
    return bad;
  }

  /** Lets each witness ask repeatedly, and returns how long each answer took. */
  private List<Long> ask(DormouseServer server, String text) throws Exception {
    Callable<List<Long>> witness =
        () -> {
          List<Long> tookNs = new ArrayList<>();
          try (TextClient client =
              new TextClient(server, "/room/" + Thread.currentThread().getName())) {
            for (int i = 0; i < ASKS; i++) {
              long startNs = System.nanoTime();
              assertThat(client.ask(text)).isEqualTo(text);
              tookNs.add(System.nanoTime() - startNs);
            }
          }
          return tookNs;
        };
    List<Long> all = new ArrayList<>();
    List<Future<List<Long>>> witnesses = new ArrayList<>();
    for (int i = 0; i < WITNESSES; i++) {
      witnesses.add(clients.submit(witness));
    }
    for (Future<List<Long>> one : witnesses) {
      all.addAll(one.get(60, TimeUnit.SECONDS));
    }
    return all.stream().sorted().toList();
  }

  private void assertOthersAreAnswered(DormouseServer server, String bad, String text)
      throws Exception {
    List<Long> tookNs = ask(server, text);
    double p50Ms = tookNs.get(tookNs.size() / 2) / 1e6;
    double p99Ms = tookNs.get(tookNs.size() * 99 / 100) / 1e6;
    double mostMs = tookNs.get(tookNs.size() - 1) / 1e6;
    System.out.printf(
        "%d handlers %s, others %s: p50 %.1f ms, p99 %.1f ms, max %.1f ms%n",
        BAD, bad, text, p50Ms, p99Ms, mostMs);
    assertThat(end.getCount()).isEqualTo(1);
    assertThat(p99Ms).isLessThan(LONGEST_MS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"compute", "hold a monitor", "block"})
  @DisplayName("A5: handlers that compute, or block, or hold a monitor do not hold up others")
  void whateverSomeHandlersDoOthersAreAnswered(String what) throws Exception {
    try (DormouseServer server = open(Threading.MAY_BLOCK)) {
      List<TextClient> bad = haveBadOnes(server, what);
      assertOthersAreAnswered(server, what, "echo");
      end.countDown();
      for (TextClient one : bad) {
        assertThat(one.next()).isEqualTo(what);
      }
    }
  }

  @Test
  @DisabledForJreRange(
      min = JRE.JAVA_21,
      max = JRE.JAVA_23,
      disabledReason = "no carrier threads can be added on this JDK")
  @DisplayName("A5: handlers that were blocked go on while others compute")
  void handlersThatWereBlockedGoOnWhileOthersCompute() throws Exception {
    try (DormouseServer server = open(Threading.MAY_BLOCK)) {
      haveBadOnes(server, "compute");
      assertOthersAreAnswered(server, "compute", "sleep");
      end.countDown();
    }
  }

  @Test
  @DisplayName("A5: a turn is abandoned after its limit though all carriers are kept")
  void turnsThatComputeTooLongAreAbandonedAndTheirActorsReset() throws Exception {
    try (DormouseServer server = open(Threading.MAY_BLOCK)) {
      List<TextClient> bad = haveBadOnes(server, "compute");
      clock.aheadNs.addAndGet(Duration.ofSeconds(31).toNanos());
      assertThat(interrupted.await(20, TimeUnit.SECONDS)).as("all are interrupted").isTrue();
      for (TextClient one : bad) {
        one.send("again");
        assertThat(one.next()).isEqualTo("again"); // nothing of the abandoned turn is heard
      }
      assertThat(end.getCount()).isEqualTo(1);
      end.countDown();
    }
  }

  @Test
  @DisplayName("A5: a handler that keeps the only event loop is interrupted after its limit")
  void aHandlerThatBlocksItsEventLoopIsInterrupted() throws Exception {
    try (DormouseServer server = open(Threading.EVENT_LOOP);
        TextClient bad = new TextClient(server, "/room/bad");
        TextClient good = new TextClient(server, "/room/good")) {
      long before = begun.getCount();
      bad.send("block");
      while (begun.getCount() == before) {
        Thread.onSpinWait();
      }
      good.send("echo");
      clock.aheadNs.addAndGet(Duration.ofSeconds(31).toNanos());
      assertThat(good.next()).isEqualTo("echo");
    }
  }

  @ParameterizedTest
  @EnumSource(Threading.class)
  @DisplayName("A11: what a handler or an access rule leaves on its thread is not found by others")
  void aHandlerFindsItsThreadAsIfNobodyHadUsedIt(Threading threading) throws Exception {
    try (DormouseServer server = open(threading)) {
      List<TextClient> rooms = new ArrayList<>();
      for (int i = 0; i < WITNESSES; i++) {
        rooms.add(new TextClient(server, "/gate/" + i));
      }
      for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < WITNESSES; i += 2) {
          rooms.get(i).send("leave all changed");
          rooms.get(i + 1).send("look");
        }
        for (int i = 0; i < WITNESSES; i += 2) {
          assertThat(rooms.get(i).next()).isEqualTo("leave all changed");
          assertThat(rooms.get(i + 1).next()).isEqualTo("false false false false null");
        }
      }
    }
  }
}
