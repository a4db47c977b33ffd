package dev.dormouse.server.cluster.raft;

import com.alipay.sofa.jraft.ReplicatorGroup;
import com.alipay.sofa.jraft.error.InvokeTimeoutException;
import com.alipay.sofa.jraft.error.RemotingException;
import com.alipay.sofa.jraft.option.RpcOptions;
import com.alipay.sofa.jraft.rpc.InvokeCallback;
import com.alipay.sofa.jraft.rpc.InvokeContext;
import com.alipay.sofa.jraft.rpc.RpcClient;
import com.alipay.sofa.jraft.util.Endpoint;
import dev.dormouse.server.cluster.link.LinkException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Sends the calls of one group over the node's links. The links outlive it: a group that closes a
 * connection or ends leaves them alone.
 */
final class LinkRpcClient implements RpcClient {
  /** The group that hears of links that come up; null until it is registered. */
  private volatile @Nullable ReplicatorGroup group;

  /** The node's network; null until {@link #init} and after {@link #shutdown}. */
  private volatile @Nullable RaftRpc rpc;

  @Override
  public boolean init(RpcOptions options) {
    if (!(options instanceof RaftNodeOptions ours)) {
      throw new IllegalStateException("a group was started without the network of its node");
    }
    rpc = ours.rpc();
    ReplicatorGroup registered = group;
    if (registered != null) {
      ours.rpc().add(registered);
      ours.group().replicateBy(registered);
    }
    return true;
  }

  @Override
  public void shutdown() {
    RaftRpc last = rpc;
    ReplicatorGroup registered = group;
    if (last != null && registered != null) {
      last.remove(registered);
    }
    rpc = null;
  }

  @Override
  public void registerConnectEventListener(ReplicatorGroup replicators) {
    group = replicators;
  }

  @Override
  public boolean checkConnection(Endpoint endpoint) {
    RaftRpc present = rpc;
    return present != null && present.isUp(endpoint.getIp());
  }

  @Override
  public boolean checkConnection(Endpoint endpoint, boolean createIfAbsent) {
    return checkConnection(endpoint);
  }

  @Override
  public void closeConnection(Endpoint endpoint) {}

  @Override
  public Object invokeSync(
      Endpoint endpoint, Object request, @Nullable InvokeContext context, long timeoutMs)
      throws InterruptedException, RemotingException {
    try {
      return present()
          .call(endpoint.getIp(), RaftMessages.encode(request), Duration.ofMillis(timeoutMs))
          .toCompletableFuture()
          .get();
    } catch (ExecutionException e) {
      throw failureOf(e.getCause() == null ? e : e.getCause());
    }
  }

  @Override
  public void invokeAsync(
      Endpoint endpoint,
      Object request,
      @Nullable InvokeContext context,
      InvokeCallback callback,
      long timeoutMs)
      throws RemotingException {
    var unused =
        present()
            .call(endpoint.getIp(), RaftMessages.encode(request), Duration.ofMillis(timeoutMs))
            .whenComplete(
                (answer, failure) ->
                    run(
                        callback.executor(),
                        () ->
                            callback.complete(
                                answer, failure == null ? null : failureOf(failure))));
  }

  /** Runs a completion, which must never be lost: if the executor is full, the caller runs it. */
  private static void run(@Nullable Executor executor, Runnable completion) {
    if (executor != null) {
      try {
        executor.execute(completion);
        return;
      } catch (RejectedExecutionException e) {
        // The caller runs it.
      }
    }
    completion.run();
  }

  private RaftRpc present() throws RemotingException {
    RaftRpc present = rpc;
    if (present == null) {
      throw new RemotingException("the group has ended");
    }
    return present;
  }

  private static RemotingException failureOf(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException wrapped && wrapped.getCause() != null
            ? wrapped.getCause()
            : failure;
    boolean isLate =
        cause instanceof LinkException link && link.reason() == LinkException.Reason.LATE;
    return isLate
        ? new InvokeTimeoutException(cause.getMessage())
        : new RemotingException(cause.getMessage());
  }
}
