package dev.dormouse.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Chooses ports for servers that are started later, and again. They are below the range from which
 * the system takes the ports of outgoing connections, one of which could be in the way by then.
 */
final class LastingPorts {
  private static final int FIRST = 15_000;
  private static final int END = 32_000;
  private static final int TRIES = 1_000;

  private LastingPorts() {}

  /** Returns so many ports that are free now. */
  static Set<Integer> choose(int number) {
    Set<Integer> ports = new TreeSet<>();
    for (int tries = 0; ports.size() < number; tries++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, END);
      if (isFree(port)) {
        ports.add(port);
      }
      if (tries >= TRIES) {
        throw new AssertionError("no port is free");
      }
    }
    return ports;
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}
