package dev.dormouse.server.simulation;

/** The things that runs of a cluster must have met, taken together. */
enum ClusterHappening {
  TURN,
  TURN_OF_A_DEPOSED_OWNER,
  TURN_FAILED,
  ELECTION,
  LOST,
  KEPT_UNKNOWN,
  COMMIT_LOST,
  HANDED_OVER,
  HOST_CRASH,
  GATEWAY_CRASH,
  PAUSE,
  LINK_BROKEN,
  MESSAGE_REPEATED,
  REQUEST_REPEATED,
  UPGRADE_ASKED_AGAIN,
  ANNOUNCED,
  UNKNOWN_SOCKET,
  LIMBO_OVER,
  CLOSE_OF_A_LOST_GATEWAY,
  ALARM_RUNG,
  SLEEP
}
