package dev.dormouse.server.node;

import dev.dormouse.server.cluster.ClusterNode;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.options.ClusterOptions;
import dev.dormouse.server.options.FileHandles;
import dev.dormouse.server.options.ProcessEnd;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.protocol.CallRoute;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.StoreOptions;
import dev.dormouse.storage.Stores;
import io.vertx.core.Vertx;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The parts under a node's gateway and host: the store, the placement of the actors, and the ways
 * of records and calls. A node that is alone owns everything; a node of a cluster does not.
 *
 * @param name the name of the node; empty if it is alone
 * @param cluster the parts that the node has as one of several; null if it is alone
 */
record Foundation(
    String name,
    NodeStore store,
    Placement placement,
    Transport transport,
    CallRoute calls,
    @Nullable ClusterNode cluster) {

  /** Opens the store of a node that is alone. */
  static Foundation alone(ServerOptions options, FileHandles handles) {
    return alone(
        options.durability() == Durability.MEMORY
            ? Stores.memory(new MemoryDisk())
            : Stores.open(storeOf(options, handles)),
        new DirectTransport());
  }

  /** Opens the store of a node of a cluster. */
  static Foundation ofCluster(
      ClusterOptions several, ServerOptions options, FileHandles handles, Vertx vertx) {
    StoreOptions store = storeOf(options, handles);
    ClusterNode cluster =
        ClusterNode.open(several, store, options.data(), vertx, options.time(), onFatal(options));
    return new Foundation(
        cluster.name(),
        cluster.store(),
        cluster.placement(),
        cluster.transport(),
        cluster.calls(),
        cluster);
  }

  private static StoreOptions storeOf(ServerOptions options, FileHandles handles) {
    NativeMemory memory = NativeMemory.ofProcess();
    memory.warnIfBelowFloor();
    return StoreOptions.in(options.data())
        .durability(options.durability())
        .blockCacheBytes(memory.blockCacheBytes())
        .openFilesMax(handles.storeFiles())
        .onFatal(onFatal(options));
  }

  private static Consumer<Throwable> onFatal(ServerOptions options) {
    return cause -> options.onFatal().accept(storeFailed(cause));
  }

  /** Returns the foundation of a node that is alone, over a store that is open. */
  static Foundation alone(NodeStore store, Transport transport) {
    return new Foundation(
        "",
        store,
        Placement.fixed(new Owner("", store.epoch(0))),
        transport,
        ActorHost.NO_ROUTE,
        null);
  }

  /**
   * Returns the end of the process after an I/O error of the store: the state on disk is unknown
   * until the next start reads it.
   */
  private static ProcessEnd storeFailed(Throwable cause) {
    ProcessEnd end = ProcessEnd.of(cause);
    return end != null
        ? end
        : new ProcessEnd(
            ProcessEnd.STORE_FAILED,
            "the store failed; the process ends, so that nothing is answered that is not kept ("
                + cause
                + ")");
  }

  /** Closes the store, and what else was opened. */
  void close() {
    store.close();
    if (cluster != null) {
      cluster.close();
    }
  }
}
