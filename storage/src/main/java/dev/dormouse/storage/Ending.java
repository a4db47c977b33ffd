package dev.dormouse.storage;

/** The way in which an opening of a store ended. */
public enum Ending {
  /** The store was closed. Work that its owner had not finished by then is left over. */
  CLOSED,
  /** The process died, or nothing is known, as in a folder that was copied or restored. */
  PROCESS_DIED,
  /** The process died with the machine: the next opening ran on another boot of the kernel. */
  MACHINE_RESTARTED
}
