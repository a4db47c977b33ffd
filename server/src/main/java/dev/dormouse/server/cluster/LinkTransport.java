package dev.dormouse.server.cluster;

import dev.dormouse.log.Log;
import dev.dormouse.server.cluster.link.Lane;
import dev.dormouse.server.cluster.link.LinkReceiver.Peer;
import dev.dormouse.server.cluster.link.NodeLinks;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Link;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.server.protocol.wire.FrameReader;
import dev.dormouse.server.protocol.wire.LinkFrameCodec;
import dev.dormouse.server.protocol.wire.RecordCodec;
import dev.dormouse.server.protocol.wire.WireException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Carries records between the gateways and hosts of a cluster's nodes. Between this node and each
 * peer there are two {@link Link}s: one from this node's gateway to the peer's host, and one from
 * this node's host to the peer's gateway. Both travel on the lane {@link Lane#FRAMES}, which may go
 * down and come up again while they live.
 *
 * <p><b>Threads.</b> Any thread may hand over records, also one that holds the monitor of a group
 * or of an actor: the record is encoded on that thread and put into a queue. The event loop of the
 * links takes the records from the queue in order, and calls the receivers. Records between this
 * node's own gateway and host take the same way, so that no receiver runs in the middle of a
 * sender.
 */
final class LinkTransport implements Transport {
  private static final Logger log = Log.of(LinkTransport.class);

  /** The id on the lane of frames from a gateway to a host. */
  private static final long TO_HOST = 1;

  /** The id on the lane of frames from a host to a gateway. */
  private static final long TO_GATEWAY = 2;

  /** The most records that the event loop takes from the queue before it does other work. */
  private static final int TURN = 256;

  /** The time for which the lane of a guest is down until the guest is forgotten. */
  private static final long GUEST_REST_NS = TimeUnit.MINUTES.toNanos(1);

  /** How far the numbers of the links of one run of a node are from those of the next run. */
  private static final int NUMBERS_OF_RUN_BITS = 24;

  /** A record as it came, with its size on the wire. */
  private record Sized<T>(T record, int bytes) {}

  /** A record that waits for the event loop, with the bytes that it holds. */
  private record Task(Runnable work, long bytes) {}

  /** The two links to a peer. Only the event loop uses them. */
  private final class Peering {
    private final String node;
    private final Link<ByteBuffer, Sized<FromHost>> toHost;
    private final Link<ByteBuffer, Sized<RecordCodec.ForHost>> toGateway;

    /** The run of the peer's process; 0 until it is known. */
    private long run;

    /** The time since when the lane of a guest is down; null while it is up. */
    private @Nullable Long downSinceNs;

    Peering(String node) {
      this.node = node;
      long number = ownRun << NUMBERS_OF_RUN_BITS;
      long nowNs = time.nowNs();
      this.toHost =
          new Link<>(
              number,
              limits,
              ByteBuffer::remaining,
              Sized::bytes,
              new Link.Outside<>() {
                @Override
                public void carry(Link.Frame<ByteBuffer> frame) {
                  send(TO_HOST, frame);
                }

                @Override
                public void delivered(Sized<FromHost> record) {
                  gatewayEnd().accept(record.record());
                }

                @Override
                public void broken(String why) {
                  log.info("the link to the host of node {} is broken: {}", node, why);
                  gatewayEnd().broken(node);
                }
              },
              nowNs);
      this.toGateway =
          new Link<>(
              number,
              limits,
              ByteBuffer::remaining,
              Sized::bytes,
              new Link.Outside<>() {
                @Override
                public void carry(Link.Frame<ByteBuffer> frame) {
                  send(TO_GATEWAY, frame);
                }

                @Override
                public void delivered(Sized<RecordCodec.ForHost> record) {
                  RecordCodec.ForHost told = record.record();
                  hostEnd().accept(run, told.epoch(), told.record());
                }

                @Override
                public void broken(String why) {
                  log.info("the link to the gateway of node {} is broken: {}", node, why);
                  hostEnd().broken(run);
                }
              },
              nowNs);
    }

    private void send(long id, Link.Frame<ByteBuffer> frame) {
      ByteBuffer head = LinkFrameCodec.head(frame);
      head.position(FrameReader.HEAD_BYTES); // the lane tells the length
      ByteBuffer record = frame.payload();
      ByteBuffer body =
          ByteBuffer.allocate(head.remaining() + (record == null ? 0 : record.remaining()));
      body.put(head);
      if (record != null) {
        body.put(record.duplicate());
      }
      if (!links.message(node, Lane.FRAMES, id, body.array())) {
        log.trace("a frame for node {} is sent again later", node);
      }
    }

    /** Takes the run of the peer's process; with a new run the earlier gateway is gone. */
    void met(long nextRun, long nowNs) {
      if (run != 0 && run != nextRun) {
        toGateway.breakOff("the node has started again", nowNs);
        toHost.breakOff("the node has started again", nowNs);
        runs.remove(run);
      }
      downSinceNs = null;
      run = nextRun;
      runs.put(run, this);
      toGateway.carrierUp(nowNs);
      toHost.carrierUp(nowNs);
    }
  }

  private final String node;
  private final long ownRun;
  private final NodeLinks links;
  private final Link.Limits limits;
  private final Time time;

  private final ConcurrentLinkedQueue<Task> queue = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean isDraining = new AtomicBoolean();
  private final AtomicLong queuedBytes = new AtomicLong();

  private volatile @Nullable HostEnd host;
  private volatile @Nullable GatewayEnd gateway;
  private volatile LongSupplier underWay = () -> 0;

  // Only the event loop of the links uses the fields below.

  private final Map<String, Peering> peers = new HashMap<>();
  private final Map<Long, Peering> runs = new HashMap<>();

  /**
   * Creates the transport of a node, which carries nothing before the links are started.
   *
   * @param ownRun the run of this node's process
   * @param links the links that carry the frames
   */
  LinkTransport(long ownRun, NodeLinks links, Link.Limits limits, Time time) {
    this.node = links.node();
    this.ownRun = ownRun;
    this.links = links;
    this.limits = limits;
    this.time = time;
  }

  @Override
  public void connect(HostEnd host, GatewayEnd gateway) {
    this.host = host;
    this.gateway = gateway;
  }

  private HostEnd hostEnd() {
    return connected(host);
  }

  private GatewayEnd gatewayEnd() {
    return connected(gateway);
  }

  private static <T> T connected(@Nullable T end) {
    if (end == null) {
      throw new IllegalStateException(
          "a record came to the transport before connect() named its two ends");
    }
    return end;
  }

  @Override
  public void measure(LongSupplier underWay) {
    this.underWay = underWay;
  }

  @Override
  public long underWayBytes() {
    return underWay.getAsLong() + queuedBytes.get();
  }

  @Override
  public boolean isReachable(String to) {
    return to.equals(node) || links.isUp(to, Lane.FRAMES);
  }

  @Override
  public void toHost(Owner owner, ToHost record) {
    if (owner.node().equals(node)) {
      queue(() -> hostEnd().accept(ownRun, owner.epoch(), record), 0);
      return;
    }
    ByteBuffer bytes = RecordCodec.encode(owner.epoch(), record);
    queue(() -> peer(owner.node()).toHost.send(bytes, time.nowNs()), bytes.remaining());
  }

  @Override
  public void toGateway(long run, FromHost record) {
    if (run == ownRun) {
      queue(() -> gatewayEnd().accept(record), 0);
      return;
    }
    ByteBuffer bytes = RecordCodec.encode(record);
    queue(
        () -> {
          Peering peer = runs.get(run);
          if (peer == null) {
            hostEnd().broken(run); // its process has ended
          } else {
            peer.toGateway.send(bytes, time.nowNs());
          }
        },
        bytes.remaining());
  }

  private void queue(Runnable work, long bytes) {
    queuedBytes.addAndGet(bytes);
    queue.add(new Task(work, bytes));
    drainSoon();
  }

  private void drainSoon() {
    if (isDraining.compareAndSet(false, true)) {
      links.run(this::drain);
    }
  }

  // The event loop of the links runs everything below.

  private void drain() {
    isDraining.set(false);
    Task next;
    int taken = 0;
    while (taken++ < TURN && (next = queue.poll()) != null) {
      queuedBytes.addAndGet(-next.bytes());
      try {
        next.work().run();
      } catch (RuntimeException e) {
        log.error("a record between gateway and host could not be handled", e);
      }
    }
    if (!queue.isEmpty()) {
      drainSoon();
    }
  }

  /** Does what is due in all links. To be called about twenty times a second. */
  void tick() {
    long nowNs = time.nowNs();
    peers
        .values()
        .forEach(
            peer -> {
              peer.toHost.tick(nowNs);
              peer.toGateway.tick(nowNs);
            });
    forgetGuests(nowNs);
  }

  /** Forgets the guests that have not come back, which may never come again under their names. */
  private void forgetGuests(long nowNs) {
    peers
        .values()
        .removeIf(
            peer -> {
              Long since = peer.downSinceNs;
              boolean isGone = since != null && nowNs - since >= GUEST_REST_NS;
              if (isGone) {
                runs.remove(peer.run);
                hostEnd().broken(peer.run);
              }
              return isGone;
            });
  }

  /** Hears that the lane of frames to a guest is down. */
  void guestDown(String guest) {
    Peering peer = peers.get(guest);
    if (peer != null) {
      peer.downSinceNs = time.nowNs();
    }
  }

  private Peering peer(String name) {
    return peers.computeIfAbsent(name, Peering::new);
  }

  /** Hears that the lane of frames to a peer is up. */
  void up(Peer peer) {
    if (peer.run() != 0) { // a guest begins without a run
      peer(peer.node()).met(peer.run(), time.nowNs());
    }
  }

  /** Takes a frame that came on the lane of frames. */
  void message(Peer from, long id, byte[] body) {
    if (from.run() == 0) {
      return;
    }
    Peering peer = peer(from.node());
    long nowNs = time.nowNs();
    ByteBuffer bytes = ByteBuffer.wrap(body);
    try {
      if (id == TO_HOST) {
        peer.toGateway.receive(
            LinkFrameCodec.decode(bytes, sized(RecordCodec::decodeForHost)), nowNs);
      } else if (id == TO_GATEWAY) {
        peer.toHost.receive(
            LinkFrameCodec.decode(bytes, sized(RecordCodec::decodeForGateway)), nowNs);
      } else {
        unreadable(peer, "a frame has the id " + id + ", which this node does not know");
      }
    } catch (WireException e) {
      unreadable(peer, String.valueOf(e.getMessage()));
    }
  }

  private void unreadable(Peering peer, String why) {
    log.error(
        "node {} sent what this node cannot read, and its links are broken off: {}",
        peer.node,
        why);
    long nowNs = time.nowNs();
    peer.toGateway.breakOff("it sent what this node cannot read", nowNs);
    peer.toHost.breakOff("it sent what this node cannot read", nowNs);
  }

  private static <T> Function<ByteBuffer, Sized<T>> sized(Function<ByteBuffer, T> record) {
    return bytes -> new Sized<>(record.apply(bytes), bytes.remaining());
  }
}
