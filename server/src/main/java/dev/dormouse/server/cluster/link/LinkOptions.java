package dev.dormouse.server.cluster.link;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The options of a node's links.
 *
 * @param node the lasting name of this node
 * @param software the version of this node's software, which others learn at the greeting
 * @param listen the address at which the node listens; null for a guest, which dials all nodes, and
 *     has only a lane of frames to each
 * @param secret the secret of the cluster
 * @param tls the certificate of this node; null if the network between the nodes is private
 * @param limits the limits
 */
public record LinkOptions(
    String node,
    String software,
    @Nullable NodeAddress listen,
    ClusterSecret secret,
    @Nullable LinkTls tls,
    Limits limits) {

  /**
   * Checks name and version.
   *
   * @throws IllegalArgumentException if one is empty or has more than 200 bytes of UTF-8
   */
  public LinkOptions {
    checkName("node's name", node);
    checkName("software's version", software);
  }

  /**
   * Checks a name.
   *
   * @param what the thing that the name names
   * @throws IllegalArgumentException if the name is empty or has more than 200 bytes of UTF-8
   */
  static void checkName(String what, String name) {
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > Greeting.NAME_BYTES_MAX) {
      throw new IllegalArgumentException(
          "the "
              + what
              + " must have 1 to "
              + Greeting.NAME_BYTES_MAX
              + " bytes of UTF-8; this one has "
              + bytes);
    }
  }

  /**
   * The limits of a link.
   *
   * @param frameBytesMax the most bytes of a frame; a longer one from a peer ends the connection
   * @param waitingBytesMax the most bytes that may wait to be written to one connection; further
   *     calls and messages are refused at once
   * @param waitingCallsMax the most calls that may wait for an answer on one connection; further
   *     ones are refused at once
   * @param greetingsMax the most connections that may be greeting at a time; further ones are
   *     closed at once
   * @param greetingLimit the time in which a greeting must end
   * @param ping the time between two signs of life
   * @param dead the time after which a silent peer counts as gone
   * @param redialMax the longest time between two attempts to reach a peer
   */
  public record Limits(
      int frameBytesMax,
      long waitingBytesMax,
      int waitingCallsMax,
      int greetingsMax,
      Duration greetingLimit,
      Duration ping,
      Duration dead,
      Duration redialMax) {

    /** Returns the default limits. */
    public static Limits defaults() {
      return new Limits(
          64 << 20,
          64L << 20,
          10_000,
          64,
          Duration.ofSeconds(3),
          Duration.ofMillis(250),
          Duration.ofMillis(1_500),
          Duration.ofSeconds(1));
    }

    /** Chooses how many bytes may wait to be written to one connection. */
    public Limits waitingBytesMax(long bytes) {
      return new Limits(
          frameBytesMax,
          bytes,
          waitingCallsMax,
          greetingsMax,
          greetingLimit,
          ping,
          dead,
          redialMax);
    }

    /** Chooses the most bytes of a frame. */
    public Limits frameBytesMax(int bytes) {
      return new Limits(
          bytes,
          waitingBytesMax,
          waitingCallsMax,
          greetingsMax,
          greetingLimit,
          ping,
          dead,
          redialMax);
    }

    /** Chooses the time in which a greeting must end. */
    public Limits greetingLimit(Duration limit) {
      return new Limits(
          frameBytesMax,
          waitingBytesMax,
          waitingCallsMax,
          greetingsMax,
          limit,
          ping,
          dead,
          redialMax);
    }
  }
}
