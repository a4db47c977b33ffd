package dev.dormouse.server.handover;

/** A fault in the parts of the model that stand for other production code, made on purpose. */
enum ModelFault {
  NO_FENCE_IN_APPLY("an entry of a former ownership takes effect"),
  NO_BARRIER("an ownership begins before the commits of earlier epochs can be read"),
  SPEAKS_EARLY("outputs leave before the commit is done"),
  NO_SEQUENCE("the sequence of a message is not stored"),
  REPEAT_IGNORED("a repeated message is handled as if it were new"),
  REQUEST_REPEAT_IGNORED("a repeated request is handled as if it were new"),
  NO_CONFIRM("a turn that wrote nothing speaks without asking whether the ownership still holds"),
  CLOSES_NOT_KEPT("the gateway forgets a close when it has sent it"),
  CLOSES_NOT_ANNOUNCED("the gateway announces open sockets alone, without the kept closes"),
  UPGRADE_KEEPS_ID("an upgrade is asked for again under its old id"),
  NOT_REPEATED("the gateway does not send unanswered messages again"),
  MISSED_STATE("what a socket has missed is not sent when it is announced"),
  CELLS_GO_ON("the cells of a lost ownership go on"),
  LEAVES_EARLY("the gateways are told of the next owner before the last commits are reported");

  private final String words;

  ModelFault(String words) {
    this.words = words;
  }

  @Override
  public String toString() {
    return words;
  }
}
