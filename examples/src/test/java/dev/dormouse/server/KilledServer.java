package dev.dormouse.server;

import dev.dormouse.examples.Chronicle;
import dev.dormouse.examples.KillPoint;
import dev.dormouse.examples.KillPoint.Moment;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.StoreOptions;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.Table;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server that dies at a named point, as by {@code kill -9}. It is the production server, with a
 * decorator around the store, the transport and the actor. It hibernates its actors all the time.
 */
public final class KilledServer {
  private static final int KILLED = 128 + 9;
  private static final int HIBERNATE_EVERY_MS = 15;

  private final KillPoint point;
  private final Moment moment;
  private final AtomicInteger timesLeft;

  private KilledServer(KillPoint point, Moment moment, int times) {
    this.point = point;
    this.moment = moment;
    this.timesLeft = new AtomicInteger(times);
  }

  /**
   * Takes as arguments the data folder, the point, the moment, how often to pass it by, and actors'
   * keys.
   */
  public static void main(String[] args) {
    KilledServer killed =
        new KilledServer(
            KillPoint.valueOf(args[1]), Moment.valueOf(args[2]), Integer.parseInt(args[3]));
    Path data = Path.of(args[0]);
    DormouseServer server =
        Chronicle.server(() -> killed.new KilledChronicle())
            .open(
                ServerOptions.defaults().port(0).adminPort(0),
                killed.killed(Stores.open(StoreOptions.in(data).durability(Durability.FSYNC))),
                killed.new KilledTransport());
    List<ActorId> actors =
        List.of(args).subList(4, args.length).stream().map(k -> new ActorId("witness", k)).toList();
    var unused =
        Executors.newSingleThreadScheduledExecutor()
            .scheduleWithFixedDelay(
                () -> actors.forEach(server::hibernate),
                HIBERNATE_EVERY_MS,
                HIBERNATE_EVERY_MS,
                TimeUnit.MILLISECONDS);
    System.out.println("port " + server.port() + ".");
  }

  private boolean isAt(KillPoint here, Moment now) {
    return here == point && now == moment;
  }

  /**
   * Kills the process at the chosen point, after that point has been passed the chosen number of
   * times.
   */
  private void pass(KillPoint here, Moment now) {
    if (isAt(here, now) && timesLeft.decrementAndGet() == 0) {
      System.out.println("killed at " + point + ", " + moment);
      System.out.flush();
      Runtime.getRuntime().halt(KILLED);
    }
  }

  private final class KilledChronicle extends Chronicle {
    @Override
    protected void onActivate() {
      super.onActivate();
      pass(KillPoint.MID_WAKE, Moment.INSIDE);
    }

    @Override
    protected void onUpgrade(Upgrade<Mark> upgrade) {
      super.onUpgrade(upgrade);
      pass(KillPoint.MID_ACCEPT, Moment.INSIDE);
    }

    @Override
    protected void onClose(Connection<Mark> gone, CloseReason reason) {
      super.onClose(gone, reason);
      pass(KillPoint.MID_CLOSE, Moment.INSIDE);
    }

    @Override
    protected void onAlarm(Alarm alarm) {
      super.onAlarm(alarm);
      pass(KillPoint.MID_ALARM, Moment.INSIDE);
    }

    @Override
    protected void onHibernate() {
      super.onHibernate();
      pass(KillPoint.MID_HIBERNATE, Moment.INSIDE);
    }
  }

  /** Returns the store with its commits replaced; all else is as it was. */
  private NodeStore killed(NodeStore store) {
    InvocationHandler handler =
        (proxy, method, args) -> {
          if (method.getName().equals("commit")) {
            return commit(store, (TurnBatch) args[0]);
          }
          try {
            return method.invoke(store, args);
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        };
    return (NodeStore)
        Proxy.newProxyInstance(
            NodeStore.class.getClassLoader(), new Class<?>[] {NodeStore.class}, handler);
  }

  private CompletionStage<CommitResult> commit(NodeStore store, TurnBatch batch) {
    KillPoint turn = turnOf(batch);
    if (turn == KillPoint.BEFORE_WRITE) {
      pass(KillPoint.BEFORE_WRITE, moment);
      return store
          .commit(batch)
          .whenComplete((r, e) -> pass(KillPoint.AFTER_WRITE_BEFORE_RELEASE, moment));
    }
    pass(turn, Moment.BEFORE_COMMIT);
    // The gate that lets words out learns of the commit after this.
    return store.commit(batch).whenComplete((r, e) -> pass(turn, Moment.AFTER_COMMIT));
  }

  private static KillPoint turnOf(TurnBatch batch) {
    for (TurnBatch.Write write : batch.writes()) {
      String key = new String(write.key(), StandardCharsets.UTF_8);
      if (write.table() == Table.CONNECTION && write.value() == null) {
        return KillPoint.MID_CLOSE;
      } else if (write.table() == Table.VALUE && key.startsWith("opened/")) {
        return KillPoint.MID_ACCEPT;
      } else if (write.table() == Table.VALUE && key.startsWith("rung/")) {
        return KillPoint.MID_ALARM;
      } else if (write.table() == Table.VALUE && key.equals("slept")) {
        return KillPoint.MID_HIBERNATE;
      } else if (write.table() == Table.VALUE && key.equals("woke")) {
        return KillPoint.MID_WAKE;
      }
    }
    return KillPoint.BEFORE_WRITE;
  }

  private final class KilledTransport implements Transport {
    private final Transport transport = new DirectTransport();

    @Override
    public void toGateway(long gateway, FromHost record) {
      Release release = (Release) record;
      int broadcastAt = broadcastAt(release.records());
      if (broadcastAt < 0) {
        transport.toGateway(gateway, release);
        return;
      }
      pass(KillPoint.MID_BROADCAST, Moment.INSIDE);
      if (isAt(KillPoint.MID_BROADCAST, Moment.BEFORE_COMMIT)) {
        List<ToGateway> records = release.records();
        transport.toGateway(
            gateway,
            new Release(release.actor(), release.epoch(), records.subList(0, broadcastAt)));
        pass(KillPoint.MID_BROADCAST, Moment.BEFORE_COMMIT);
        transport.toGateway(
            gateway,
            new Release(
                release.actor(), release.epoch(), records.subList(broadcastAt, records.size())));
        return;
      }
      transport.toGateway(gateway, release);
      pass(KillPoint.MID_BROADCAST, Moment.AFTER_COMMIT);
    }

    private static int broadcastAt(List<ToGateway> records) {
      for (int i = 0; i < records.size(); i++) {
        if (records.get(i) instanceof ToGateway.Broadcast) {
          return i;
        }
      }
      return -1;
    }

    @Override
    public void toHost(Owner owner, ToHost record) {
      transport.toHost(owner, record);
    }

    @Override
    public void connect(HostEnd host, GatewayEnd gateway) {
      transport.connect(host, gateway);
    }
  }
}
