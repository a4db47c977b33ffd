package dev.dormouse.server.options;

/** Lists the ways in which the server's event loops wait for sockets and use them. */
public enum NetworkTransport {
  /** The first of the others that works on this machine, in the order in which they stand. */
  AUTO,
  /**
   * Linux's io_uring, which needs fewer system calls for a message than epoll. Containers often
   * forbid it.
   */
  IO_URING,
  /** Linux's epoll. */
  EPOLL,
  /** The JDK's own selectors, which work everywhere. */
  NIO
}
