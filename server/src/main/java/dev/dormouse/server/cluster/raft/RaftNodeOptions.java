package dev.dormouse.server.cluster.raft;

import com.alipay.sofa.jraft.option.NodeOptions;

/** The engine's options of one group on one node, and the network that it uses. */
final class RaftNodeOptions extends NodeOptions {
  private final RaftRpc rpc;

  RaftNodeOptions(RaftRpc rpc) {
    this.rpc = rpc;
  }

  RaftRpc rpc() {
    return rpc;
  }
}
