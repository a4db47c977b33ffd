package dev.dormouse.server.cluster.link;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * The message in which a node names itself when a connection begins.
 *
 * <pre>
 *   the node that dials                    the node that listens
 *     HELLO  (greeting)            ──►
 *                                  ◄──      CHALLENGE (greeting, proof)
 *     PROOF  (proof)               ──►
 * </pre>
 *
 * <p>A proof is an HMAC of the prover's role and of both greetings, each of which has a fresh nonce
 * and both names. So a proof can be neither repeated later, nor sent back to its maker, nor given
 * to a third node.
 *
 * <p>Bytes: magic (4), version (1), lane (1), run (8), nonce (32), then cluster, from, to and
 * software, each as length (1) and UTF-8.
 *
 * @param lane the lane of the connection
 * @param cluster the id of the cluster that the speaker belongs to; empty if it does not know one
 * @param from the name of the node that speaks
 * @param to the name of the node that is spoken to
 * @param software the version of the speaker's software
 * @param run the run of the node that speaks
 * @param nonce 32 random bytes
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
record Greeting(
    Lane lane, String cluster, String from, String to, String software, long run, byte[] nonce) {
  /** The version of the link that this node speaks, and the only one that it understands. */
  static final int VERSION = 1;

  static final int NONCE_BYTES = 32;
  static final int PROOF_BYTES = 32;

  /** The limit of a name's or a cluster id's bytes in UTF-8. */
  static final int NAME_BYTES_MAX = 200;

  private static final int MAGIC = 0x44726d4c; // "DrmL"

  /** The side of a connection, which is part of its proof. */
  enum Role {
    DIALER,
    LISTENER
  }

  /** Returns the bytes on the wire. */
  byte[] encode() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(
        ByteBuffer.allocate(6 + Long.BYTES)
            .putInt(MAGIC)
            .put((byte) VERSION)
            .put((byte) lane.code())
            .putLong(run)
            .array());
    out.writeBytes(nonce);
    for (String name : new String[] {cluster, from, to, software}) {
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      out.write(bytes.length);
      out.writeBytes(bytes);
    }
    return out.toByteArray();
  }

  /**
   * Reads a greeting from the head of a buffer, whose position is moved behind it.
   *
   * @throws BadGreetingException if there is none, or one of another version
   */
  static Greeting decode(ByteBuffer in) throws BadGreetingException {
    try {
      if (in.getInt() != MAGIC) {
        throw new BadGreetingException("it is no node of a cluster of this program");
      }
      int version = in.get() & 0xff;
      if (version != VERSION) {
        throw new BadGreetingException(
            "it speaks version " + version + " of the link, and this node speaks " + VERSION);
      }
      Lane lane = Lane.of(in.get() & 0xff);
      if (lane == null) {
        throw new BadGreetingException("it asks for a lane that this node does not know");
      }
      long run = in.getLong();
      byte[] nonce = new byte[NONCE_BYTES];
      in.get(nonce);
      return new Greeting(lane, text(in), text(in), text(in), text(in), run, nonce);
    } catch (BufferUnderflowException e) {
      throw new BadGreetingException("its greeting is cut short");
    }
  }

  private static String text(ByteBuffer in) {
    byte[] bytes = new byte[Math.min(in.get() & 0xff, in.remaining() + 1)];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Returns the proof of one side of a connection. */
  static byte[] proof(ClusterSecret secret, Role prover, Greeting dialer, Greeting listener) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(prover.name().getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(dialer.encode());
    out.writeBytes(listener.encode());
    return secret.proofOf(out.toByteArray());
  }

  /** Compares two proofs, in a time that does not depend on where they differ. */
  static boolean isSame(byte[] proof, byte @Nullable [] given) {
    return MessageDigest.isEqual(proof, given);
  }

  /** The reason for which a greeting is not taken, in words that go on a sentence. */
  static final class BadGreetingException extends Exception {
    private static final long serialVersionUID = 1;

    BadGreetingException(String why) {
      super(why, null, false, false);
    }

    /** Returns the reason. */
    String why() {
      return String.valueOf(getMessage());
    }
  }
}
