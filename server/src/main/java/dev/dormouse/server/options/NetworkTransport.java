package dev.dormouse.server.options;

/** Lists the ways in which the server's event loops wait for sockets and use them. */
public enum NetworkTransport {
  /** Epoll where it works, and otherwise the JDK's selectors. */
  AUTO,
  /**
   * Linux's io_uring, which needs fewer system calls for a message than epoll. Containers often
   * forbid it. Each read that is under way has a buffer outside the heap that no limit counts, so
   * it is for servers with a heap of 512 MiB and more.
   */
  IO_URING,
  /** Linux's epoll. */
  EPOLL,
  /** The JDK's own selectors, which work everywhere. */
  NIO
}
