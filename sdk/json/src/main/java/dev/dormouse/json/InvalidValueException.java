package dev.dormouse.json;

import org.jspecify.annotations.Nullable;

/**
 * Says which value of a message is wrong and why, in either direction. The path of the value begins
 * with the outermost record, because a client knows its own message.
 */
final class InvalidValueException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String code;

  /** The steps from the outermost record that is known so far to the value. */
  private String path = "";

  /** The name of that record; null if the value is in none. */
  private @Nullable String record;

  /**
   * Creates a failure at a value, without a stack trace.
   *
   * @param code the code of the refusal
   * @param fault continues a sentence whose subject is the value, such as {@code must be a text}
   */
  InvalidValueException(String code, String fault) {
    super(fault, null, false, false);
    this.code = code;
  }

  String code() {
    return code;
  }

  /** Adds the step that leads to the value from the value around it; returns this exception. */
  InvalidValueException at(String step) {
    path = step + path;
    return this;
  }

  /** Sets the name of the record around the value; returns this exception. */
  InvalidValueException in(String name) {
    record = name;
    return this;
  }

  /** Returns the sentence, with the path of the value as its subject. */
  String sentence() {
    return (record == null ? "the message" : record) + path + " " + getMessage();
  }
}
