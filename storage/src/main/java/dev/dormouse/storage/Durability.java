package dev.dormouse.storage;

/** The events that a commit survives once it is done. */
public enum Durability {
  /** A commit survives a power cut: one fsync serves all commits that wait for it. */
  FSYNC("each reply waits for the disk: survives kill -9 and a power cut"),
  /** A commit survives the process, but a power cut may lose the commits of the last seconds. */
  WAL(
      "each reply waits for the operating system: survives kill -9; a power cut may lose the last seconds"),
  /** A commit survives nothing, because nothing is written to disk. This is for tests. */
  MEMORY("nothing is written to disk: everything is lost when the process ends");

  private final String promise;

  Durability(String promise) {
    this.promise = promise;
  }

  /** Returns the promise to clients, in words for the start screen. */
  public String promise() {
    return promise;
  }
}
