package dev.dormouse.storage;

/** What a commit that is done has survived. */
public enum Durability {
  /** The machine: one fsync for all commits that wait for it. A power cut loses nothing. */
  FSYNC("each reply waits for the disk: survives kill -9 and a power cut"),
  /** The process: the bytes are with the operating system. A power cut may lose the last ones. */
  WAL(
      "each reply waits for the operating system: survives kill -9; a power cut may lose the last seconds"),
  /** Nothing: for tests. */
  MEMORY("nothing is written to disk: everything is lost when the process ends");

  private final String promise;

  Durability(String promise) {
    this.promise = promise;
  }

  /** What holds, in words for the start-up screen. */
  public String promise() {
    return promise;
  }
}
