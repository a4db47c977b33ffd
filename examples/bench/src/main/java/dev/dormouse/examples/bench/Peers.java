package dev.dormouse.examples.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The WebSockets of a load client, all on one event loop. The methods are called from the client's
 * main thread.
 */
@SuppressWarnings("FutureReturnValueIgnored") // outcomes that matter have futures of their own
final class Peers implements AutoCloseable {
  /** The number of peers that ask for their upgrade at a time. */
  private static final int AT_A_TIME = 64;

  private static final long OPEN_LIMIT_SECONDS = 120;

  private final Task task;
  private final boolean areKept;
  private final Peer.Listener listener;
  private final EventLoopGroup group;
  private final EventLoop loop;
  private final Bootstrap bootstrap;
  private final List<Peer> all = new ArrayList<>();

  /**
   * Creates the client without any peers.
   *
   * @param areKept whether each peer keeps the last message that came
   */
  Peers(Task task, boolean areKept, Peer.Listener listener) {
    this.task = task;
    this.areKept = areKept;
    this.listener = listener;
    IoHandlerFactory io =
        Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    this.group = new MultiThreadIoEventLoopGroup(1, io);
    this.loop = group.next();
    this.bootstrap =
        new Bootstrap()
            .group(group)
            .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true);
  }

  /** Returns the peers that are open. */
  List<Peer> all() {
    return all;
  }

  /** Opens peers until there are this many, and waits for them. */
  void openUpTo(int number) {
    int first = all.size();
    List<CompletableFuture<Peer>> opening = new ArrayList<>();
    CompletableFuture<Void> isThrough = new CompletableFuture<>();
    loop.execute(
        () -> {
          for (int i = 0; i < Math.min(AT_A_TIME, number - first); i++) {
            openNext(opening, first, number, isThrough);
          }
          if (number <= first) {
            isThrough.complete(null);
          }
        });
    await(isThrough);
    opening.forEach(peer -> all.add(peer.join()));
  }

  private void openNext(
      List<CompletableFuture<Peer>> opening,
      int first,
      int number,
      CompletableFuture<Void> isThrough) {
    int index = first + opening.size();
    if (index >= number) {
      if (opening.stream().allMatch(CompletableFuture::isDone)) {
        isThrough.complete(null);
      }
      return;
    }
    Peer peer = new Peer(task.path().formatted(index), areKept, listener);
    opening.add(peer.opened());
    peer.opened()
        .whenComplete(
            (opened, error) -> {
              if (error != null) {
                isThrough.completeExceptionally(error);
              } else {
                openNext(opening, first, number, isThrough);
              }
            });
    bootstrap
        .clone()
        .handler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                channel.pipeline().addLast(peer);
              }
            })
        .connect("127.0.0.1", task.port())
        .addListener(
            connected -> {
              if (!connected.isSuccess()) {
                peer.opened().completeExceptionally(connected.cause());
              }
            });
  }

  /** Closes all open peers, and waits until they are closed. */
  void closeAll() {
    all.forEach(peer -> peer.close().awaitUninterruptibly());
    all.clear();
  }

  /** Runs something on the event loop, and waits for it. */
  <T> T onLoop(Callable<T> work) {
    CompletableFuture<T> done = new CompletableFuture<>();
    loop.execute(
        () -> {
          try {
            done.complete(work.call());
          } catch (Exception e) {
            done.completeExceptionally(e);
          }
        });
    return await(done);
  }

  /** Runs something on the event loop, soon. */
  void soon(Runnable work) {
    loop.execute(work);
  }

  /** Runs a task on the event loop after this time; if no time is left, after the next read. */
  void after(long nanos, Runnable task) {
    var unused = loop.schedule(task, Math.max(0, nanos), TimeUnit.NANOSECONDS);
  }

  /** Waits for this time to pass. */
  void pass(long millis) {
    CompletableFuture<Void> passed = new CompletableFuture<>();
    loop.schedule(() -> passed.complete(null), millis, TimeUnit.MILLISECONDS);
    await(passed);
  }

  static <T> T await(CompletableFuture<T> future) {
    try {
      return future.get(OPEN_LIMIT_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
