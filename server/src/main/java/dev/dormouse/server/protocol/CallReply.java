package dev.dormouse.server.protocol;

import dev.dormouse.sdk.CallFailedException.Reason;

/**
 * Takes what becomes of a call. Any thread may call every method, and may hold the monitors of an
 * actor meanwhile, so an implementation returns at once and runs code of others elsewhere. All but
 * the first report are ignored.
 */
public interface CallReply {

  /**
   * Takes the answer of a turn that is committed.
   *
   * @param answer the answer, encoded by the codec of the target's actor type; empty for null
   */
  void answered(byte[] answer);

  /**
   * Takes the reason why there is no answer.
   *
   * @param why what happened, in words
   */
  void failed(Reason reason, String why);

  /** Returns whether nobody waits for the reply any more, so that the call need not be handled. */
  boolean isOver();
}
