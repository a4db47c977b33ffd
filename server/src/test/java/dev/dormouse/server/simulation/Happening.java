package dev.dormouse.server.simulation;

/** The things that runs must have met, taken together, for their passing to mean something. */
enum Happening {
  TURN,
  TURN_FAILED,
  TURN_GIVEN_UP,
  TURN_LOST,
  TURN_TRIED_AGAIN,
  TURN_DURING_ANOTHER_ACTORS,
  COMMIT_DONE,
  COMMIT_LOST,
  CRASH_BETWEEN_COMMITS,
  LEFTOVER_CLOSED,
  MESSAGES_WITHHELD,
  ALARM_RUNG,
  ALARM_TRIED_AGAIN,
  OUTCOME_TOLD,
  REFUSED,
  CLOSE_TOLD_TWICE,
  SLEEP,
  CRASH,
  STOP
}
