package dev.dormouse.server.cluster.raft;

import com.alipay.sofa.jraft.Closure;
import com.alipay.sofa.jraft.Node;
import com.alipay.sofa.jraft.RaftGroupService;
import com.alipay.sofa.jraft.option.NodeOptions;
import java.util.function.Supplier;

/** A group that runs on this node, and can be started again. One thread at a time. */
final class RunningGroup {
  private final RaftGroup group;
  private final Supplier<RaftGroupService> maker;
  private RaftGroupService service;

  /** Starts the group. */
  RunningGroup(RaftGroup group, Supplier<RaftGroupService> maker) {
    this.group = group;
    this.maker = maker;
    this.service = maker.get();
    group.use(service.start(false));
  }

  RaftGroup group() {
    return group;
  }

  Node node() {
    return service.getRaftNode();
  }

  /** Takes a snapshot now, however few entries were applied since the last one. */
  void snapshot(Closure done) {
    NodeOptions options = node().getOptions();
    int margin = options.getSnapshotLogIndexMargin();
    options.setSnapshotLogIndexMargin(0);
    try {
      node().snapshot(done);
    } finally {
      options.setSnapshotLogIndexMargin(margin);
    }
  }

  /** Starts the group again in this process, which takes an election. */
  void restart() {
    group.stopped();
    join();
    service = maker.get();
    group.use(service.start(false));
  }

  /** Begins to stop. */
  void stop() {
    node().shutdown(null);
  }

  /** Stops, and waits until all is done that was begun. */
  void join() {
    Node node = node();
    service.shutdown();
    try {
      node.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
