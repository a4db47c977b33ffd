package dev.dormouse.storage;

/** How an opening of a store ended. */
public enum Ending {
  /** It was closed. What its owner had not finished by then is left over. */
  CLOSED,
  /** Its process died, or nothing better is known, as of a folder that was copied or restored. */
  PROCESS_DIED,
  /** Its process died with the machine: when the folder was opened next, the kernel was another. */
  MACHINE_RESTARTED
}
