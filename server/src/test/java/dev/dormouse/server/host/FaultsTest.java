package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.Script.Note;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToGateway.Handled;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.codec.Codecs;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/**
 * Checks that a failure costs only its own turn or its own actor, and that nothing is left hanging.
 */
class FaultsTest {

  @Test
  void anObjectThatTakesTooLongToMakeIsGivenUp() throws Exception {
    CountDownLatch stuck = new CountDownLatch(1);
    AtomicInteger made = new AtomicInteger();
    BlockingQueue<ToGateway> heard = new ArrayBlockingQueue<>(16);
    ManualTime time = new ManualTime();
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      ActorHost host =
          blocking(
              threads,
              time,
              heard,
              () -> {
                if (made.incrementAndGet() == 1) {
                  stuck.countDown();
                  sleepUntilInterrupted();
                }
                return new Script.Actor(new Script());
              });
      host.accept(TestHost.open(1));
      assertThat(stuck.await(10, TimeUnit.SECONDS)).isTrue();
      time.advance(Duration.ofSeconds(31));
      host.tick();
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isInstanceOf(ToGateway.Rejected.class);
      time.advance(Duration.ofMillis(250));
      host.accept(TestHost.open(2));
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isInstanceOf(ToGateway.Accepted.class);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aHandlerThatBlocksIsInterruptedAndTheFlagDoesNotReachTheNext() throws Exception {
    CountDownLatch stuck = new CountDownLatch(1);
    CountDownLatch returned = new CountDownLatch(1);
    BlockingQueue<ToGateway> heard = new ArrayBlockingQueue<>(16);
    ManualTime time = new ManualTime();
    ExecutorService threads = Executors.newCachedThreadPool();
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    Script script =
        new Script() {
          @Override
          void onMessage(Actor self, Connection<Object> from, String text) {
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            try {
              if (text.equals("hang")) {
                stuck.countDown();
                sleepUntilInterrupted();
                returned.countDown();
              } else {
                from.send(text + " " + Thread.currentThread().isInterrupted());
              }
            } finally {
              inside.decrementAndGet();
            }
          }
        };
    try {
      ActorHost host = blocking(threads, time, heard, () -> new Script.Actor(script));
      host.accept(TestHost.open(1));
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isInstanceOf(ToGateway.Accepted.class);
      ConnectionId ada = ConnectionId.of(1, 1);
      host.accept(new ToHost.Message(TestHost.ROOM, ada, 1, Payload.text("hang")));
      assertThat(stuck.await(10, TimeUnit.SECONDS)).isTrue();
      time.advance(Duration.ofSeconds(31));
      host.tick();
      assertThat(returned.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo(new Handled(ada, 1));
      for (int i = 2; i < 10; i++) {
        host.accept(new ToHost.Message(TestHost.ROOM, ada, i, Payload.text("m" + i)));
        assertThat(heard.poll(10, TimeUnit.SECONDS))
            .isEqualTo(new ToGateway.Send(ada, Payload.text("m" + i + " false")));
        assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo(new Handled(ada, i));
      }
      assertThat(most.get()).isLessThanOrEqualTo(2);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aHandlerThatReturnsAfterItsTurnWasAbandonedDoesNotTouchTheNextTurn() throws Exception {
    CountDownLatch stuck = new CountDownLatch(1);
    CountDownLatch letGo = new CountDownLatch(1);
    AtomicReference<Thread> stale = new AtomicReference<>();
    BlockingQueue<ToGateway> heard = new ArrayBlockingQueue<>(16);
    ManualTime time = new ManualTime();
    Script script =
        new Script() {
          @Override
          void onMessage(Actor self, Connection<Object> from, String text) throws Exception {
            if (text.equals("hang")) {
              stale.set(Thread.currentThread());
              stuck.countDown();
              waitThoughInterrupted(letGo);
            } else {
              letGo.countDown();
              stale.get().join(Duration.ofSeconds(10).toMillis());
              from.send(text + " " + stale.get().isAlive());
            }
          }
        };
    ActorHost host =
        blocking(FaultsTest::onItsOwnThread, time, heard, () -> new Script.Actor(script));
    host.accept(TestHost.open(1));
    assertThat(heard.poll(10, TimeUnit.SECONDS)).isInstanceOf(ToGateway.Accepted.class);
    ConnectionId ada = ConnectionId.of(1, 1);
    host.accept(new ToHost.Message(TestHost.ROOM, ada, 1, Payload.text("hang")));
    assertThat(stuck.await(10, TimeUnit.SECONDS)).isTrue();
    host.accept(new ToHost.Message(TestHost.ROOM, ada, 2, Payload.text("next")));
    time.advance(Duration.ofSeconds(31));
    host.tick();
    assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo(new Handled(ada, 1));
    assertThat(heard.poll(20, TimeUnit.SECONDS))
        .isEqualTo(new ToGateway.Send(ada, Payload.text("next false")));
    assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo(new Handled(ada, 2));
  }

  private static void onItsOwnThread(Runnable task) {
    Thread thread = new Thread(task, "handler");
    thread.setDaemon(true);
    thread.start();
  }

  private static void waitThoughInterrupted(CountDownLatch latch) {
    boolean isDone = false;
    while (!isDone) {
      try {
        isDone = latch.await(60, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        // This handler does not heed the interrupt: it goes on.
      }
    }
  }

  private static ActorHost blocking(
      Executor threads,
      ManualTime time,
      BlockingQueue<ToGateway> heard,
      java.util.function.Supplier<Script.Actor> factory) {
    DirectTransport transport = new DirectTransport();
    ActorType type =
        new ActorType(
            "room",
            factory,
            Codecs.kryo(List.of(Note.class)),
            id -> threads,
            ActorOptions.defaults());
    ActorHost host =
        new ActorHost(
            List.of(type),
            Stores.memory(new MemoryDisk()),
            transport,
            time,
            HostOptions.defaults());
    transport.connect(host, record -> heard.addAll(((Release) record).records()));
    return host;
  }

  /** Sleeps until an interrupt comes; the test's own patience bounds the wait. */
  private static void sleepUntilInterrupted() {
    try {
      if (new CountDownLatch(1).await(60, TimeUnit.SECONDS)) {
        throw new AssertionError("nobody counts it down");
      }
    } catch (InterruptedException e) {
      // The interrupt came as it should; catching it clears the flag.
    }
  }

  @Test
  void aTransportThatThrowsDoesNotStopTheActor() {
    Frail frail = new Frail();
    TestHost node = new TestHost(frail);
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.failNextRelease();
    node.message(ada, "unheard");
    assertThat(node.heard()).isEmpty();
    node.message(ada, "heard");
    assertThat(node.texts()).containsExactly("1:heard of 1");
    assertThat(node.hibernate()).isTrue();
  }

  @Test
  void aTurnThatFloodsFails() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                String mebibyte = "x".repeat(1 << 20);
                for (int i = 0; i < Integer.parseInt(text); i++) {
                  if (i % 2 == 0) {
                    from.send(mebibyte);
                  } else {
                    self.store().put("k" + i, mebibyte);
                  }
                }
              }

              @Override
              HttpResponse onRequest(Actor self, HttpRequest request) {
                boolean isKept = self.store().get("k1", String.class).isPresent();
                return HttpResponse.text(200, "" + isKept);
              }
            });
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.message(ada, "70");
    assertThat(node.heard()).containsExactly(new Handled(ada, 1));
    node.request();
    assertThat(node.heard())
        .containsExactly(new ToGateway.Responded(1, HttpResponse.text(200, "false")));
    node.message(ada, "60");
    assertThat(node.heard()).hasSize(31);
  }

  @Test
  void aConnectionThatIsBeingClosedIsSoAfterSleepToo() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                self.all().except(from).forEach(other -> other.close(4000, "bye"));
                from.send(self.all().stream().map(c -> "" + c.isOpen()).toList().toString());
              }
            });
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.heard();
    node.message(ada, "kick");
    assertThat(node.texts()).containsExactly("1:[true, false]");
    assertThat(node.hibernate()).isTrue();
    node.message(ada, "again");
    assertThat(node.texts()).containsExactly("1:[true, false]");
    node.close(bo, 4000);
    assertThat(node.hibernate()).isTrue();
    assertThat(node.host.activeActors()).isZero();
  }
}
