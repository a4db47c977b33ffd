package dev.dormouse.testkit;

import java.util.List;

/** The way from a client of a test to its server: in memory, or over a real socket. */
interface Wire {
  void send(String text);

  void send(byte[] bytes);

  /** Sends a close frame. */
  void close(int code, String reason);

  /** Ends the TCP connection without a close frame. */
  void drop();

  /** Stops or starts to take what the server sends. */
  void read(boolean isReading);

  /** Hands the client everything that has come; in memory, everything under way is done first. */
  void settle();

  /**
   * Waits for something to come, and hands it to the client.
   *
   * @return false if nothing comes
   */
  boolean await();

  /** Returns the tags of the connection. */
  List<String> tags();

  /** Returns what happened, for the message of a failed expectation. */
  String story();

  /** Adds the exceptions of handlers to the error of an expectation. */
  void explain(Throwable failed);
}
