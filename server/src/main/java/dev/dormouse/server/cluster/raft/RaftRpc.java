package dev.dormouse.server.cluster.raft;

import com.alipay.sofa.jraft.ReplicatorGroup;
import com.alipay.sofa.jraft.entity.PeerId;
import com.alipay.sofa.jraft.rpc.Connection;
import com.alipay.sofa.jraft.rpc.RaftRpcServerFactory;
import com.alipay.sofa.jraft.rpc.RpcContext;
import com.alipay.sofa.jraft.rpc.RpcProcessor;
import com.alipay.sofa.jraft.rpc.RpcRequests.AppendEntriesRequest;
import com.alipay.sofa.jraft.rpc.RpcRequests.AppendEntriesRequestHeader;
import com.alipay.sofa.jraft.rpc.RpcRequests.GetFileRequest;
import com.alipay.sofa.jraft.rpc.RpcServer;
import com.alipay.sofa.jraft.rpc.impl.ConnectionClosedEventListener;
import com.google.protobuf.Message;
import dev.dormouse.log.Log;
import dev.dormouse.server.cluster.link.Lane;
import dev.dormouse.server.cluster.link.LinkReceiver;
import dev.dormouse.server.cluster.link.NodeLinks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The network of a node's groups over the lane {@link Lane#RAFT}.
 *
 * <p>The engine expects more of a network than its interfaces say:
 *
 * <ul>
 *   <li>The requests to append that one peer sends for one group are handled in the order in which
 *       they were sent, on an executor that the engine chooses. Votes and copies of snapshots block
 *       on the disk, so they have threads of their own.
 *   <li>When a link comes up, each group looks for replicators that gave up. When it goes down, the
 *       engine forgets what it knows of the connection, while it holds a lock that a running
 *       request may need. So it forgets only when no request to append runs any more that came on
 *       the connection, and the next such request of the peer waits until then.
 *   <li>Every call ends.
 * </ul>
 */
final class RaftRpc implements LinkReceiver, RpcServer {
  private static final Logger log = Log.of(RaftRpc.class);

  /** The first byte of a call that asks how far the groups are; no type of message has it. */
  private static final byte PROGRESS = 0x7f;

  /** The port in the engine's names of nodes, which means nothing. */
  static final int PORT = 1;

  private static final int REQUEST_THREADS = 4;

  /** The state that the engine keeps of a connection. */
  private static final class Attributes implements Connection {
    private final Map<String, Object> values = new ConcurrentHashMap<>();
    private final Answer disconnecting;

    /** The requests to append that run. The monitor guards it. */
    private int running;

    /** Runs when the connection has ended and no request runs; null before its end. */
    private @Nullable Runnable atEnd;

    Attributes(Answer disconnecting) {
      this.disconnecting = disconnecting;
    }

    /** Notes that a request to append begins to run, or to wait for a thread. */
    synchronized void begin() {
      running++;
    }

    /** Notes that a request to append does not run any more. */
    void end() {
      Runnable due;
      synchronized (this) {
        running--;
        due = running == 0 ? atEnd : null;
      }
      if (due != null) {
        due.run();
      }
    }

    /** Notes that the connection has ended, so that no request begins any more. */
    void endWith(Runnable then) {
      synchronized (this) {
        atEnd = then;
        if (running > 0) {
          return;
        }
      }
      then.run();
    }

    @Override
    public @Nullable Object getAttribute(String key) {
      return values.get(key);
    }

    @Override
    public void setAttribute(String key, Object value) {
      values.put(key, value);
    }

    @Override
    public @Nullable Object setAttributeIfAbsent(String key, Object value) {
      return values.putIfAbsent(key, value);
    }

    @Override
    public void close() {
      disconnecting.disconnect("more answers wait for it than the replicated log allows");
    }
  }

  /** A request to append that waits until the engine has forgotten the peer's last connection. */
  private record Held(Peer peer, AppendEntriesRequest request, Answer answer) {}

  /** The connections of a peer that the engine is forgetting. */
  private static final class Forgetting {
    private final List<Held> calls = new ArrayList<>();
    private int connections;
  }

  private final NodeLinks links;

  /** For each peer the number of parts of snapshots that it has asked for. */
  private final Map<String, AtomicLong> partsSent = new ConcurrentHashMap<>();

  /** True once nothing is answered or sent any more, because the disk has failed. */
  private volatile boolean isSilent;

  /** The report of this node's groups for its peers; null before it was set. */
  private volatile byte @Nullable [] progress;

  private final Map<String, RpcProcessor<Message>> processors = new ConcurrentHashMap<>();
  private final List<ConnectionClosedEventListener> closedListeners = new CopyOnWriteArrayList<>();
  private final Set<ReplicatorGroup> groups = ConcurrentHashMap.newKeySet();

  /** Runs what peers ask for. */
  private final ExecutorService requests =
      RaftThreads.pool("dormouse-raft-request", REQUEST_THREADS);

  /** Tells the engine of links, one event after the other. */
  private final ExecutorService events = RaftThreads.pool("dormouse-raft-links", 1);

  // Only the event loop uses the fields below.

  private final Map<Long, Attributes> connections = new HashMap<>();

  /** For each peer whose last connections are being forgotten, the calls that wait. */
  private final Map<String, Forgetting> held = new HashMap<>();

  RaftRpc(NodeLinks links) {
    this.links = links;
    RaftRpcServerFactory.addRaftRequestProcessors(this, requests, requests, requests);
  }

  // For the engine's clients.

  /** Adds a group that hears of links that come up. */
  void add(ReplicatorGroup group) {
    groups.add(group);
  }

  void remove(ReplicatorGroup group) {
    groups.remove(group);
  }

  boolean isUp(String node) {
    return links.isUp(node, Lane.RAFT);
  }

  /** Asks a peer; the stage ends in the answer or in a failure. */
  CompletionStage<Message> call(String node, byte[] body, Duration limit) {
    if (isSilent) {
      return CompletableFuture.failedStage(new IllegalStateException("the node has failed"));
    }
    return links.call(node, Lane.RAFT, body, limit).thenApply(RaftMessages::decode);
  }

  /**
   * Answers nothing and sends nothing from now on: a node whose disk has failed must neither vote
   * nor acknowledge, until it has been started again.
   */
  void silence() {
    isSilent = true;
  }

  /** Sets what this node tells its peers of its groups. */
  void tell(Progress own) {
    progress = own.encode();
  }

  /** Asks a peer how far its groups are; the stage ends in the answer or in a failure. */
  CompletionStage<Progress> progressOf(String node, Duration limit) {
    return links.call(node, Lane.RAFT, new byte[] {PROGRESS}, limit).thenApply(Progress::decode);
  }

  /** Ends the connection to a peer, which begins again. */
  void disconnect(String node, String why) {
    links.disconnect(node, Lane.RAFT, why);
  }

  /** Returns the number of parts of snapshots that this node has sent to a peer. */
  long partsSentTo(String node) {
    AtomicLong parts = partsSent.get(node);
    return parts == null ? 0 : parts.get();
  }

  // For the links.

  @Override
  public void up(Peer peer) {
    PeerId id = new PeerId(peer.node(), PORT);
    tell(() -> groups.forEach(group -> group.checkReplicator(id, true)));
  }

  @Override
  public void down(Peer peer, String why) {
    Forgetting waiting = held.get(peer.node());
    if (waiting != null) {
      boolean unused = waiting.calls.removeIf(call -> call.peer().equals(peer));
    }
    Attributes gone = connections.remove(peer.number());
    if (gone == null) {
      return;
    }
    held.computeIfAbsent(peer.node(), node -> new Forgetting()).connections++;
    gone.endWith(
        () ->
            tell(
                () -> {
                  try {
                    closedListeners.forEach(
                        listener -> listener.onClosed(peer.node() + ":" + PORT, gone));
                  } finally {
                    links.run(() -> release(peer.node()));
                  }
                }));
  }

  private void release(String node) {
    Forgetting forgetting = held.get(node);
    if (forgetting != null && --forgetting.connections == 0) {
      held.remove(node);
      forgetting.calls.forEach(call -> handle(call.peer(), call.request(), call.answer()));
    }
  }

  @Override
  public void called(Peer peer, byte[] body, Answer answer) {
    if (isSilent) {
      return;
    }
    if (body.length > 0 && body[0] == PROGRESS) {
      byte[] told = progress;
      if (told == null) {
        answer.fail("this node starts");
      } else {
        answer.send(told);
      }
      return;
    }
    Message request;
    try {
      request = RaftMessages.decode(body);
    } catch (IllegalArgumentException e) {
      answer.fail(String.valueOf(e.getMessage()));
      answer.disconnect("it sent a request that cannot be read: " + e.getMessage());
      return;
    }
    Forgetting forgetting = held.get(peer.node());
    if (forgetting != null && request instanceof AppendEntriesRequest append) {
      forgetting.calls.add(new Held(peer, append, answer));
    } else {
      handle(peer, request, answer);
    }
  }

  private void handle(Peer peer, Message request, Answer answer) {
    RpcProcessor<Message> processor = processors.get(request.getClass().getName());
    if (processor == null) {
      answer.fail("there is nothing that handles " + request.getClass().getSimpleName());
      return;
    }
    Attributes connection =
        connections.computeIfAbsent(peer.number(), number -> new Attributes(answer));
    if (request instanceof GetFileRequest) {
      long unused =
          partsSent.computeIfAbsent(peer.node(), node -> new AtomicLong()).incrementAndGet();
    }
    boolean isAppend = request instanceof AppendEntriesRequest;
    if (isAppend) {
      connection.begin();
    }
    Runnable ended = isAppend ? connection::end : () -> {};
    try {
      executor(processor, request)
          .execute(
              () -> {
                try {
                  processor.handleRequest(new Context(peer, connection, answer), request);
                } finally {
                  ended.run();
                }
              });
    } catch (RejectedExecutionException e) {
      ended.run();
      answer.fail("too many requests wait");
    } catch (RuntimeException | AssertionError e) {
      ended.run();
      answer.fail("the request cannot be handled now: " + e); // its group ends or begins
    }
  }

  private Executor executor(RpcProcessor<Message> processor, Message request) {
    RpcProcessor.ExecutorSelector selector = processor.executorSelector();
    if (selector != null && request instanceof AppendEntriesRequest append) {
      Executor selected =
          selector.select(
              request.getClass().getName(),
              AppendEntriesRequestHeader.newBuilder()
                  .setGroupId(append.getGroupId())
                  .setPeerId(append.getPeerId())
                  .setServerId(append.getServerId())
                  .build());
      if (selected != null) {
        return selected;
      }
    }
    Executor own = processor.executor();
    return own == null ? requests : own;
  }

  private void tell(Runnable event) {
    try {
      events.execute(
          () -> {
            try {
              event.run();
            } catch (RuntimeException e) {
              log.error("the replicated log could not take up a change of a link", e);
            }
          });
    } catch (RejectedExecutionException e) {
      log.debug("a change of a link comes after the end");
    }
  }

  /** The context of one request. */
  private final class Context implements RpcContext {
    private final Peer peer;
    private final Attributes connection;
    private final Answer answer;

    Context(Peer peer, Attributes connection, Answer answer) {
      this.peer = peer;
      this.connection = connection;
      this.answer = answer;
    }

    @Override
    public void sendResponse(Object response) {
      if (!isSilent) {
        answer.send(RaftMessages.encode(response));
      }
    }

    @Override
    public Connection getConnection() {
      return connection;
    }

    @Override
    public String getRemoteAddress() {
      return peer.node() + ":" + PORT;
    }
  }

  // For the engine's server side.

  @Override
  @SuppressWarnings("unchecked") // the processor of a type is given messages of that type
  public void registerProcessor(RpcProcessor<?> processor) {
    processors.put(processor.interest(), (RpcProcessor<Message>) processor);
  }

  @Override
  public void registerConnectionClosedEventListener(ConnectionClosedEventListener listener) {
    closedListeners.add(listener);
  }

  @Override
  public int boundPort() {
    return PORT;
  }

  @Override
  public boolean isStarted() {
    return true;
  }

  @Override
  public boolean init(@Nullable Void unused) {
    return true;
  }

  @Override
  public void shutdown() {
    events.shutdown();
    requests.shutdown();
  }
}
