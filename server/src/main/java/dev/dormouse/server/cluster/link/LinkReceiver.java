package dev.dormouse.server.cluster.link;

/**
 * Receives what other nodes send on one lane. The methods are called on event loops, for one
 * connection one after the other, and must return at once.
 */
public interface LinkReceiver {

  /** Called when the lane to a peer is up. A lane that is replaced goes down before. */
  default void up(Peer peer) {}

  /** Called when the lane to a peer is down. All its calls have ended before. */
  default void down(Peer peer, String why) {}

  /** Called when a peer sent a message. */
  default void message(Peer peer, long id, byte[] body) {}

  /** Called when a peer asks for something. */
  default void called(Peer peer, byte[] body, Answer answer) {
    answer.fail("this node answers no calls on this lane");
  }

  /**
   * One connection to a peer: the name of its node, the run of its process, and a number that no
   * other connection of this process has.
   *
   * @param node the name of the node
   * @param run the run of the node's process
   * @param number the number of the connection, from 1
   */
  record Peer(String node, long run, long number) {}

  /** The answer to one call. Any thread may call the methods; the first call counts. */
  interface Answer {
    /** Sends the answer. It is dropped if the connection has ended. */
    void send(byte[] body);

    /** Tells the caller that there will be no answer. */
    void fail(String why);

    /** Ends the connection on which the call came, and with it all that waits there. */
    void disconnect(String why);
  }
}
