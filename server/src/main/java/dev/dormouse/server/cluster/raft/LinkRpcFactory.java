package dev.dormouse.server.cluster.raft;

import com.alipay.sofa.jraft.rpc.RaftRpcFactory;
import com.alipay.sofa.jraft.rpc.RpcClient;
import com.alipay.sofa.jraft.rpc.RpcServer;
import com.alipay.sofa.jraft.util.Endpoint;
import com.alipay.sofa.jraft.util.SPI;
import org.jspecify.annotations.Nullable;

/**
 * Makes the engine's clients. The engine finds this class by a file in {@code META-INF/services}
 * and makes one for the process; its priority is higher than that of the engine's own network,
 * which is not on the class path.
 */
@SPI(priority = 10)
public final class LinkRpcFactory implements RaftRpcFactory {
  /** Creates the factory. */
  public LinkRpcFactory() {}

  /** Does nothing: {@link RaftMessages} has the types. */
  @Override
  public void registerProtobufSerializer(String className, Object... instances) {}

  @Override
  public RpcClient createRpcClient(@Nullable ConfigHelper<RpcClient> unused) {
    return new LinkRpcClient();
  }

  /** Throws, because each node makes its own {@link RaftRpc}. */
  @Override
  public RpcServer createRpcServer(Endpoint endpoint, @Nullable ConfigHelper<RpcServer> unused) {
    throw new UnsupportedOperationException("a node serves its groups by a RaftRpc");
  }
}
