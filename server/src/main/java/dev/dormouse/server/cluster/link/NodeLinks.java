package dev.dormouse.server.cluster.link;

import dev.dormouse.log.Log;
import dev.dormouse.server.cluster.link.Greeting.BadGreetingException;
import dev.dormouse.server.cluster.link.LinkException.Reason;
import dev.dormouse.server.cluster.link.LinkReceiver.Peer;
import dev.dormouse.server.observe.LineRate;
import dev.dormouse.server.protocol.Time;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * A node's links to the other nodes of its cluster. The node listens on one port. Of two nodes, the
 * one with the smaller name dials, once for each {@link Lane}, and dials again for as long as a
 * lane is down. A <em>guest</em> is in nobody's address book: it does not listen, and dials a lane
 * of frames to each node.
 *
 * <p>Nodes have lasting names, and an address book says where each is reached. An address may
 * change at any time; the next attempt uses it.
 *
 * <p><b>Threads.</b> One event loop serves all links of a node. Any thread may call the public
 * methods, and none of them blocks but {@link #close}.
 */
public final class NodeLinks implements AutoCloseable {
  private static final Logger log = Log.of(NodeLinks.class);

  private static final long TICK_MS = 50;
  private static final int CONNECT_LIMIT_MS = 1_000;
  private static final long REDIAL_FIRST_MS = 50;
  private static final long CLOSE_LIMIT_S = 5;
  private static final int LINES_BURST = 20;
  private static final LinkReceiver NOBODY = new LinkReceiver() {};

  /** A peer of which the address book knows. Only the event loop uses its fields. */
  private static final class Dial {
    private NodeAddress address;

    /** The number of attempts that failed since the lane was up, for each lane. */
    private final int[] failures = new int[Lane.values().length];

    /** True while an attempt is under way or planned, for each lane. */
    private final boolean[] isDialling = new boolean[Lane.values().length];

    Dial(NodeAddress address) {
      this.address = address;
    }
  }

  /** A lane to a peer. */
  private record Key(String node, Lane lane) {}

  private final Vertx vertx;
  private final Context context;
  private final LinkOptions options;
  private final Time time;
  private final LineRate lines;
  private final SecureRandom random = new SecureRandom();

  /** The server to which peers connect; null if this node is a guest. */
  private final @Nullable NetServer server;

  private final NetClient client;

  // Any thread uses the fields below.

  private final Map<Lane, LinkReceiver> receivers = new ConcurrentHashMap<>();
  private final Map<Key, LinkConnection> open = new ConcurrentHashMap<>();
  private final Map<String, String> software = new ConcurrentHashMap<>();
  private final AtomicLong greeted = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong broken = new AtomicLong();
  private final AtomicLong dead = new AtomicLong();
  private final AtomicLong malformed = new AtomicLong();
  private final AtomicLong full = new AtomicLong();
  private volatile boolean isClosed;
  private volatile int port;
  private volatile long run;

  /** The id of the cluster that this node belongs to; empty while it does not know one. */
  private volatile String cluster = "";

  // Only the event loop uses the fields below.

  private final Map<String, Dial> peers = new HashMap<>();
  private final Set<LinkConnection> all = new HashSet<>();
  private int greetings;
  private long numbers;
  private long tickedNs;

  /** Creates the links of a node, which do nothing until {@link #start}. */
  public NodeLinks(Vertx vertx, LinkOptions options, Time time) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.options = options;
    this.time = time;
    this.lines = new LineRate(time, LINES_BURST, Duration.ofSeconds(1));
    NodeAddress listen = options.listen();
    NetServerOptions listening = new NetServerOptions();
    NetClientOptions dialling = new NetClientOptions();
    LinkTls tls = options.tls();
    if (tls != null) {
      tls.applyTo(listening);
      tls.applyTo(dialling);
      listening.setClientAuth(ClientAuth.REQUIRED);
      dialling.setHostnameVerificationAlgorithm(""); // the greeting proves the name
    }
    this.server =
        listen == null
            ? null
            : vertx.createNetServer(
                listening
                    .setTcpNoDelay(true)
                    .setReuseAddress(true)
                    .setHost(listen.host())
                    .setPort(listen.port()));
    this.client =
        vertx.createNetClient(
            dialling
                .setTcpNoDelay(true)
                .setConnectTimeout(CONNECT_LIMIT_MS)
                .setReconnectAttempts(0));
  }

  /** Sets the receiver of a lane; called before {@link #start}. */
  public void receive(Lane lane, LinkReceiver receiver) {
    receivers.put(lane, receiver);
  }

  /**
   * Listens, and dials the peers that are in the address book.
   *
   * @param run the number of this life of the node's process, which others learn at the greeting
   * @return the port, or 0 if this node is a guest; the stage fails if the address cannot be
   *     listened at
   */
  public CompletionStage<Integer> start(long run) {
    this.run = run;
    CompletableFuture<Integer> started = new CompletableFuture<>();
    run(
        () -> {
          tickedNs = time.nowNs();
          long timer = vertx.setPeriodic(TICK_MS, id -> tick(id));
          log.debug("timer {} watches the links of {}", timer, options.node());
          if (server == null) {
            started.complete(0);
            return;
          }
          server.connectHandler(this::accept);
          server.exceptionHandler(
              failure -> {
                refused.incrementAndGet();
                warn("a connection was refused before its greeting: {}", reasonOf(failure));
              });
          var unused =
              server
                  .listen()
                  .onSuccess(
                      listening -> {
                        port = listening.actualPort();
                        started.complete(port);
                      })
                  .onFailure(
                      failure ->
                          started.completeExceptionally(
                              new IllegalStateException(
                                  "the cluster's port "
                                      + options.listen()
                                      + " cannot be listened at: "
                                      + reasonOf(failure),
                                  failure)));
        });
    return started;
  }

  /**
   * Names the cluster that this node belongs to. Nodes that belong to another are refused, and
   * their connections end; a node that knows no cluster is taken.
   *
   * @throws IllegalArgumentException if the id is empty or has more than 200 bytes of UTF-8
   */
  public void cluster(String id) {
    LinkOptions.checkName("cluster's id", id);
    cluster = id;
    run(
        () -> {
          for (LinkConnection connection : List.copyOf(all)) {
            Greeting greeting = connection.others();
            if (greeting != null && isOfAnother(greeting)) {
              connection.close("it belongs to the cluster " + greeting.cluster());
            }
          }
        });
  }

  /** Returns the id of the cluster that this node belongs to; empty if it does not know one. */
  public String cluster() {
    return cluster;
  }

  private boolean isOfAnother(Greeting greeting) {
    return !greeting.cluster().isEmpty()
        && !cluster.isEmpty()
        && !greeting.cluster().equals(cluster);
  }

  /** Returns the name of this node. */
  public String node() {
    return options.node();
  }

  /** Returns the port at which the node listens; 0 before it does. */
  public int port() {
    return port;
  }

  /**
   * Enters a peer's address into the address book, in place of the one before.
   *
   * @throws IllegalArgumentException if the name is that of this node or is not a valid name
   */
  public void peer(String node, NodeAddress address) {
    LinkOptions.checkName("node's name", node);
    if (node.equals(options.node())) {
      throw new IllegalArgumentException("the node " + node + " is no peer of itself");
    }
    run(
        () -> {
          Dial known = peers.get(node);
          if (known == null) {
            peers.put(node, new Dial(address));
            for (Lane lane : Lane.values()) {
              if (!isGuest() || lane == Lane.FRAMES) {
                dial(node, lane);
              }
            }
          } else {
            known.address = address;
          }
        });
  }

  /**
   * Changes the number of this life of the node's process. All connections end and begin again, so
   * that the peers learn it.
   */
  public void greetAs(long run) {
    this.run = run;
    run(() -> List.copyOf(all).forEach(each -> each.disconnect("this node has got its run")));
  }

  private boolean isGuest() {
    return server == null;
  }

  /** Takes a peer out of the address book and ends its connections. */
  public void forget(String node) {
    run(
        () -> {
          peers.remove(node);
          for (Lane lane : Lane.values()) {
            LinkConnection connection = open.get(new Key(node, lane));
            if (connection != null) {
              connection.close("the node is no member any more");
            }
          }
        });
  }

  /** Returns whether a lane to a peer is up. */
  public boolean isUp(String node, Lane lane) {
    return open.containsKey(new Key(node, lane));
  }

  /**
   * Asks a peer for something. The stage completes on the event loop or on the calling thread, with
   * the answer or with a {@link LinkException}.
   */
  public CompletionStage<byte[]> call(String node, Lane lane, byte[] body, Duration limit) {
    LinkConnection connection = open.get(new Key(node, lane));
    return connection == null
        ? CompletableFuture.failedStage(
            new LinkException(Reason.NO_LINK, "there is no connection to the node " + node))
        : connection.call(body, limit.toNanos());
  }

  /**
   * Sends a message to a peer, which may be lost if the lane goes down.
   *
   * @return false if the message was not sent, because the lane is down or too many bytes wait
   */
  public boolean message(String node, Lane lane, long id, byte[] body) {
    LinkConnection connection = open.get(new Key(node, lane));
    return connection != null && connection.message(id, body);
  }

  /** Ends the connection of a lane, which is dialled again. */
  public void disconnect(String node, Lane lane, String why) {
    LinkConnection connection = open.get(new Key(node, lane));
    if (connection != null) {
      connection.disconnect(why);
    }
  }

  /**
   * Returns the version of a peer's software, as the peer told it at the last greeting that
   * succeeded; null if there was none.
   */
  public @Nullable String softwareOf(String node) {
    return software.get(node);
  }

  /** Returns what became of the links so far. */
  public LinkCounts counts() {
    return new LinkCounts(
        open.size(),
        greeted.get(),
        refused.get(),
        broken.get(),
        dead.get(),
        malformed.get(),
        full.get());
  }

  /** Ends all connections and stops listening. Idempotent. Not for event loops. */
  @Override
  public void close() {
    isClosed = true;
    CompletableFuture<Void> closed = new CompletableFuture<>();
    context.runOnContext(
        run -> {
          for (LinkConnection connection : List.copyOf(all)) {
            connection.close("this node stops");
          }
          var unused =
              Future.join(
                      server == null ? Future.succeededFuture() : server.close(), client.close())
                  .onComplete(end -> closed.complete(null));
        });
    Void unused = closed.completeOnTimeout(null, CLOSE_LIMIT_S, TimeUnit.SECONDS).join();
  }

  /**
   * Runs a task on the event loop that calls the receivers, after those that were handed over
   * before; not after {@link #close}.
   */
  public void run(Runnable task) {
    if (!isClosed) {
      context.runOnContext(run -> task.run());
    }
  }

  // The event loop runs everything below, but for the counts.

  private void tick(long timer) {
    long nowNs = time.nowNs();
    long lateNs = Math.max(0, nowNs - tickedNs - Duration.ofMillis(2 * TICK_MS).toNanos());
    tickedNs = nowNs;
    if (isClosed) {
      boolean unused = vertx.cancelTimer(timer);
      return;
    }
    for (LinkConnection connection : new ArrayList<>(all)) {
      connection.tick(nowNs, lateNs);
    }
  }

  private void accept(NetSocket socket) {
    if (isClosed || greetings >= options.limits().greetingsMax()) {
      refused.incrementAndGet();
      warn("a connection from {} was refused: too many greet already", socket.remoteAddress());
      var unused = socket.close();
      return;
    }
    greetings++;
    all.add(new LinkConnection(this, socket, ++numbers, null, null));
  }

  private boolean isDialler(String node) {
    return isGuest() || options.node().compareTo(node) < 0;
  }

  private void dial(String node, Lane lane) {
    Dial dial = peers.get(node);
    if (dial == null || isClosed || !isDialler(node) || dial.isDialling[lane.code()]) {
      return;
    }
    dial.isDialling[lane.code()] = true;
    NodeAddress address = dial.address;
    var unused =
        client
            .connect(address.port(), address.host())
            .onSuccess(
                socket -> {
                  if (isClosed) {
                    var unusedClose = socket.close();
                    return;
                  }
                  greetings++;
                  all.add(new LinkConnection(this, socket, ++numbers, node, lane));
                })
            .onFailure(
                failure -> {
                  if (dial.failures[lane.code()] == 0 && lane == Lane.RAFT && !isClosed) {
                    warn(
                        "the node {} cannot be reached at {}: {}; this node goes on trying",
                        node,
                        address,
                        reasonOf(failure));
                  }
                  dialAgain(node, lane);
                });
  }

  private void dialAgain(String node, Lane lane) {
    Dial dial = peers.get(node);
    if (dial == null || isClosed) {
      return;
    }
    int failures = dial.failures[lane.code()]++;
    long maxMs = options.limits().redialMax().toMillis();
    long waitMs = Math.min(maxMs, REDIAL_FIRST_MS << Math.min(failures, 16));
    long jitteredMs = Math.max(1, waitMs / 2 + random.nextLong(waitMs / 2 + 1));
    long timer =
        vertx.setTimer(
            jitteredMs,
            id -> {
              dial.isDialling[lane.code()] = false;
              dial(node, lane);
            });
    log.trace("timer {} dials {}", timer, node);
  }

  /** Returns this node's greeting. */
  Greeting greeting(Lane lane, String to) {
    byte[] nonce = new byte[Greeting.NONCE_BYTES];
    random.nextBytes(nonce);
    return new Greeting(lane, cluster, options.node(), to, options.software(), run, nonce);
  }

  /**
   * Checks a peer's greeting.
   *
   * @param dialled the peer that was dialled; null if the peer dialled
   * @param lane the lane that was asked for; null if the peer dialled
   */
  void check(Greeting greeting, @Nullable String dialled, @Nullable Lane lane)
      throws BadGreetingException {
    if (isOfAnother(greeting)) {
      throw new BadGreetingException(
          "it belongs to the cluster "
              + greeting.cluster()
              + ", and this node belongs to "
              + cluster
              + "; correct the addresses of the peers, or start one of the two with an empty data"
              + " folder");
    }
    if (!greeting.to().equals(options.node())) {
      throw new BadGreetingException(
          "it asks for the node " + greeting.to() + ", and this is " + options.node());
    }
    if (dialled != null && (!greeting.from().equals(dialled) || greeting.lane() != lane)) {
      throw new BadGreetingException("it is the node " + greeting.from() + ", not " + dialled);
    }
    boolean isKnown = peers.containsKey(greeting.from());
    if (!isKnown && greeting.lane() != Lane.FRAMES) {
      throw new BadGreetingException("this node's address book has no node " + greeting.from());
    }
    if (dialled == null && isKnown && isDialler(greeting.from())) {
      throw new BadGreetingException(
          "of the nodes "
              + options.node()
              + " and "
              + greeting.from()
              + " the one with the smaller name dials");
    }
  }

  ClusterSecret secret() {
    return options.secret();
  }

  LinkOptions.Limits limits() {
    return options.limits();
  }

  Time time() {
    return time;
  }

  LinkReceiver receiver(Lane lane) {
    return receivers.getOrDefault(lane, NOBODY);
  }

  /** Ends the connection that a new one takes the place of. */
  void replace(String node, Lane lane) {
    LinkConnection before = open.get(new Key(node, lane));
    if (before != null) {
      before.close("the node has opened another connection");
    }
  }

  /** Notes that a greeting has ended well. */
  void opened(LinkConnection connection, Peer peer, Lane lane) {
    greetings--;
    greeted.incrementAndGet();
    Dial dial = peers.get(peer.node());
    if (dial != null) {
      dial.failures[lane.code()] = 0;
    }
    Greeting greeting = connection.others();
    if (greeting != null) {
      software.put(peer.node(), greeting.software());
    }
    open.put(new Key(peer.node(), lane), connection);
    log.info("the lane {} to {} is up", lane, connection.name());
    receiver(lane).up(peer);
  }

  /** Notes that a connection was refused; it will be closed. */
  void refused(LinkConnection connection, String why) {
    if (isClosed) {
      return;
    }
    refused.incrementAndGet();
    Dial dial = connection.dialled() == null ? null : peers.get(connection.dialled());
    Lane lane = connection.lane();
    if (dial == null || lane == null || dial.failures[lane.code()] == 0) {
      warn("the connection with {} was refused: {}", connection.name(), why);
    }
  }

  /** Notes that a receiver failed. */
  void failed(LinkConnection connection, RuntimeException failure) {
    lines.error(log, "what {} sent could not be handled", connection.name(), failure);
  }

  /** Notes that a connection is closed. */
  void closed(LinkConnection connection, String why) {
    all.remove(connection);
    Peer peer = connection.peer();
    Lane lane = connection.lane();
    if (peer == null) {
      greetings--;
    } else if (lane != null && open.remove(new Key(peer.node(), lane), connection)) {
      broken.incrementAndGet();
      if (isClosed) {
        log.debug("the lane {} to {} is down: {}", lane, connection.name(), why);
      } else {
        warn("the lane {} to {} is down: {}", lane, connection.name(), why);
      }
      receiver(lane).down(peer, why);
    }
    if (connection.dialled() != null && lane != null) {
      dialAgain(connection.dialled(), lane);
    }
  }

  void countDead() {
    dead.incrementAndGet();
  }

  void countMalformed() {
    malformed.incrementAndGet();
  }

  void countFull() {
    full.incrementAndGet();
  }

  private void warn(String format, Object... arguments) {
    long leftOut = lines.next();
    if (leftOut != LineRate.LEAVE_OUT) {
      if (leftOut > 0) {
        log.warn("{} more lines about links were left out", leftOut);
      }
      log.warn(format, arguments);
    }
  }

  /** Returns the reason of a failure, in one line. */
  static String reasonOf(Throwable failure) {
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }
}
