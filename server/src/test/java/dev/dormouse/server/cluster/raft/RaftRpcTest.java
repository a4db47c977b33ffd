package dev.dormouse.server.cluster.raft;

import static org.assertj.core.api.Assertions.assertThat;

import com.alipay.sofa.jraft.rpc.RpcContext;
import com.alipay.sofa.jraft.rpc.RpcProcessor;
import com.alipay.sofa.jraft.rpc.RpcRequests.AppendEntriesRequest;
import com.google.protobuf.Message;
import dev.dormouse.server.cluster.link.ClusterSecret;
import dev.dormouse.server.cluster.link.LinkOptions;
import dev.dormouse.server.cluster.link.LinkReceiver.Answer;
import dev.dormouse.server.cluster.link.LinkReceiver.Peer;
import dev.dormouse.server.cluster.link.NodeAddress;
import dev.dormouse.server.cluster.link.NodeLinks;
import dev.dormouse.server.protocol.Time;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests what the engine hears of connections that end while its requests run. */
class RaftRpcTest {
  private final Vertx vertx = Vertx.vertx();
  private final NodeLinks links =
      new NodeLinks(
          vertx,
          new LinkOptions(
              "alpha",
              "test",
              new NodeAddress("127.0.0.1", 0),
              new ClusterSecret(new byte[32]),
              null,
              LinkOptions.Limits.defaults()),
          Time.system());
  private final RaftRpc rpc = new RaftRpc(links);
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
  private final CountDownLatch mayEnd = new CountDownLatch(1);
  private final ExecutorService thread = Executors.newSingleThreadExecutor();

  /** Appends; the first request runs until it may end. */
  private final class Appending implements RpcProcessor<Message> {
    @Override
    public void handleRequest(RpcContext context, Message request) {
      String term = "append " + ((AppendEntriesRequest) request).getTerm();
      events.add(term + " begins");
      try {
        assertThat(mayEnd.await(20, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      events.add(term + " ends");
    }

    @Override
    public String interest() {
      return AppendEntriesRequest.class.getName();
    }

    @Override
    public Executor executor() {
      return thread;
    }
  }

  private final class Nobody implements Answer {
    @Override
    public void send(byte[] body) {
      events.add("answered");
    }

    @Override
    public void fail(String why) {}

    @Override
    public void disconnect(String why) {}
  }

  private static byte[] append(long term) {
    return RaftMessages.encode(
        AppendEntriesRequest.newBuilder()
            .setGroupId("g0")
            .setServerId("beta:1")
            .setPeerId("alpha:1")
            .setTerm(term)
            .setPrevLogTerm(0)
            .setPrevLogIndex(0)
            .setCommittedIndex(0)
            .build());
  }

  @AfterEach
  void close() throws Exception {
    mayEnd.countDown();
    rpc.shutdown();
    links.close();
    thread.shutdownNow();
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @Test
  void aConnectionIsForgottenWhenNoneOfItsRequestsRunsAndTheNextOneWaits() throws Exception {
    rpc.registerProcessor(new Appending());
    rpc.registerConnectionClosedEventListener((address, gone) -> events.add("forgotten"));
    Peer first = new Peer("beta", 1, 1);
    Peer lost = new Peer("beta", 1, 2);
    Peer second = new Peer("beta", 1, 3);
    links.run(() -> rpc.called(first, append(1), new Nobody()));
    assertThat(events.poll(20, TimeUnit.SECONDS)).isEqualTo("append 1 begins");

    CountDownLatch isDown = new CountDownLatch(1);
    links.run(
        () -> {
          rpc.down(first, "as the test says");
          rpc.up(lost);
          rpc.called(lost, append(2), new Nobody());
          rpc.down(lost, "as the test says");
          rpc.up(second);
          rpc.called(second, append(3), new Nobody());
          isDown.countDown();
        });
    assertThat(isDown.await(20, TimeUnit.SECONDS)).isTrue();
    mayEnd.countDown();

    for (String event :
        new String[] {"append 1 ends", "forgotten", "append 3 begins", "append 3 ends"}) {
      assertThat(events.poll(20, TimeUnit.SECONDS)).isEqualTo(event);
    }
    assertThat(events).isEmpty();
  }

  @Test
  void aNodeWhoseDiskHasFailedHandlesNothingAndAnswersNothing() throws Exception {
    rpc.registerProcessor(new Appending());
    rpc.tell(new Progress(true, List.of()));
    mayEnd.countDown();
    Peer peer = new Peer("beta", 1, 1);
    links.run(() -> rpc.called(peer, new byte[] {0x7f}, new Nobody()));
    assertThat(events.poll(20, TimeUnit.SECONDS)).isEqualTo("answered");

    rpc.silence();
    CountDownLatch isCalled = new CountDownLatch(1);
    links.run(
        () -> {
          rpc.called(peer, append(1), new Nobody());
          rpc.called(peer, new byte[] {0x7f}, new Nobody());
          isCalled.countDown();
        });
    assertThat(isCalled.await(20, TimeUnit.SECONDS)).isTrue();
    thread.shutdown();
    assertThat(thread.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    assertThat(events).isEmpty();
    assertThat(rpc.call("beta", append(1), Duration.ofSeconds(1)).toCompletableFuture())
        .isCompletedExceptionally();
  }
}
