package dev.dormouse.examples.yjs;

import java.io.Serial;

/** Bytes of a client that no Yjs client can read; the message says what is wrong with them. */
final class MalformedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  MalformedException(String message) {
    super(message, null, false, false);
  }
}
