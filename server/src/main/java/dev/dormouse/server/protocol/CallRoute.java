package dev.dormouse.server.protocol;

/**
 * Brings calls to the host that owns their target. This is the one place at which a call leaves the
 * host of its caller.
 *
 * <p>On a node that owns everything the route leads to the node's own host. Between nodes an
 * implementation asks the {@link Placement} for the owner of the target, sends the request over the
 * {@link Transport} under a number of the caller's run, and hands the answer to the reply. What the
 * network loses is not sent again: the deadline of an ask ends it, and a call that was told has its
 * row in the sender's store and is sent again by the sender's host. A route may deliver such a call
 * twice, since the target keeps the identity of the last one that took effect; but once it has
 * reported the end of an attempt, it must not deliver that attempt any more.
 */
@FunctionalInterface
public interface CallRoute {

  /**
   * Sends a call. Returns at once; any thread may call this method, but not while it holds a
   * monitor of an actor.
   *
   * @param reply told once what became of the call
   */
  void send(CallRequest request, CallReply reply);
}
