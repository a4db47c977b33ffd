package dev.dormouse.server.protocol.wire;

import dev.dormouse.sdk.CallFailedException.Reason;
import dev.dormouse.server.protocol.CallReply;
import dev.dormouse.server.protocol.CallRequest;
import dev.dormouse.server.protocol.TellId;
import java.nio.ByteBuffer;

/**
 * Writes calls between actors of different nodes, and what became of them, as bytes, and reads
 * these. The package's description has the form of the values.
 *
 * <pre>
 * call      int1 version (1) · actor target · text name · bytes call · list of actor waiting
 *           · bool presence · actor sender, int8 epoch, int8 number of the call that was told
 * answer    int1 version (1) · int1 kind: 1 bytes answer · 2 int1 reason, text why · 3 nothing,
 *           because the node does not own the target
 * reason    1 DEADLINE, 2 HANDLER_FAILED, 3 ACTOR_RESET, 4 NOT_STORED, 5 CANNOT_WAKE, 6 BUSY,
 *           7 CYCLE, 8 STOPPING, 9 UNKNOWN, 10 ASKER_LOST
 * </pre>
 *
 * <p>The methods are pure functions. Whatever the bytes are, a method that reads them gives a value
 * or throws a {@link WireException}.
 */
public final class CallCodec {
  /** The version of the form that this node writes, and the only one that it reads. */
  public static final int VERSION = 1;

  private static final int ANSWERED = 1;
  private static final int FAILED = 2;
  private static final int NOT_OWNED = 3;

  private static final int ACTOR_LEAST_BYTES = 2 * Integer.BYTES;

  private CallCodec() {}

  /** Takes what an answer says. */
  public interface Answers {
    /** Takes the bytes that {@link CallReply#answered} takes. */
    void answered(byte[] answer);

    /** Takes what {@link CallReply#failed} takes. */
    void failed(Reason reason, String why);

    /** Hears that the node did not own the target, so that the call was not handled. */
    void notOwned();
  }

  /** Writes a call. */
  public static byte[] encode(CallRequest request) {
    WireWriter out = new WireWriter("a call", request.call().length);
    out.int1(VERSION);
    Values.actor(out, request.target());
    out.text(request.name());
    out.bytes(request.call());
    out.list(request.waiting(), Values::actor);
    TellId tell = request.tell();
    out.bool(tell != null);
    if (tell != null) {
      Values.actor(out, tell.sender());
      out.int8(tell.epoch());
      out.int8(tell.number());
    }
    return bytes(out);
  }

  /**
   * Reads a call.
   *
   * @throws WireException if the bytes are none
   */
  public static CallRequest decode(byte[] bytes) {
    WireReader in = new WireReader(ByteBuffer.wrap(bytes));
    in.version(VERSION);
    try {
      CallRequest request =
          new CallRequest(
              Values.actor(in),
              in.text("name of the call"),
              in.bytes("call"),
              in.list("actors that wait", ACTOR_LEAST_BYTES, Values::actor),
              in.bool("presence of the sender")
                  ? new TellId(
                      Values.actor(in), in.int8("epoch of the call"), in.int8("number of the call"))
                  : null);
      in.end();
      return request;
    } catch (WireException e) {
      throw e;
    } catch (RuntimeException e) { // a constructor that refuses the values
      throw in.invalid(e);
    }
  }

  /** Writes the answer of a turn. */
  public static byte[] answered(byte[] answer) {
    WireWriter out = begun(ANSWERED, answer.length);
    out.bytes(answer);
    return bytes(out);
  }

  /** Writes the reason why there is no answer. */
  public static byte[] failed(Reason reason, String why) {
    WireWriter out = begun(FAILED, why.length());
    out.int1(code(reason));
    out.text(why);
    return bytes(out);
  }

  /** Writes that the node does not own the target. */
  public static byte[] notOwned() {
    return bytes(begun(NOT_OWNED, 0));
  }

  /**
   * Reads what became of a call, and hands it over.
   *
   * @throws WireException if the bytes are no answer; then nothing was handed over
   */
  public static void decodeAnswer(byte[] bytes, Answers to) {
    WireReader in = new WireReader(ByteBuffer.wrap(bytes));
    in.version(VERSION);
    int kind = in.int1("kind of the answer");
    switch (kind) {
      case ANSWERED -> {
        byte[] answer = in.bytes("answer");
        in.end();
        to.answered(answer);
      }
      case FAILED -> {
        Reason reason = reason(in);
        String why = in.text("reason in words");
        in.end();
        to.failed(reason, why);
      }
      case NOT_OWNED -> {
        in.end();
        to.notOwned();
      }
      default -> throw in.fault("kind of the answer", "there is no kind " + kind);
    }
  }

  private static WireWriter begun(int kind, int bytes) {
    WireWriter out = new WireWriter("an answer", bytes);
    out.int1(VERSION);
    out.int1(kind);
    return out;
  }

  private static byte[] bytes(WireWriter out) {
    ByteBuffer written = out.written();
    byte[] bytes = new byte[written.remaining()];
    written.get(bytes);
    return bytes;
  }

  private static int code(Reason reason) {
    return switch (reason) {
      case DEADLINE -> 1;
      case HANDLER_FAILED -> 2;
      case ACTOR_RESET -> 3;
      case NOT_STORED -> 4;
      case CANNOT_WAKE -> 5;
      case BUSY -> 6;
      case CYCLE -> 7;
      case STOPPING -> 8;
      case UNKNOWN -> 9;
      case ASKER_LOST -> 10;
    };
  }

  private static Reason reason(WireReader in) {
    int code = in.int1("reason");
    for (Reason reason : Reason.values()) {
      if (code(reason) == code) {
        return reason;
      }
    }
    throw in.fault("reason", "no reason of the number " + code + " is known to this node");
  }
}
