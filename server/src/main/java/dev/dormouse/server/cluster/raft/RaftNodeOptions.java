package dev.dormouse.server.cluster.raft;

import com.alipay.sofa.jraft.option.NodeOptions;

/** The engine's options of one group on one node, the group, and the network that it uses. */
final class RaftNodeOptions extends NodeOptions {
  private final RaftRpc rpc;
  private final RaftGroup group;

  RaftNodeOptions(RaftRpc rpc, RaftGroup group) {
    this.rpc = rpc;
    this.group = group;
  }

  RaftGroup group() {
    return group;
  }

  RaftRpc rpc() {
    return rpc;
  }
}
