package dev.dormouse.json;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names a message, or a field of one, in JSON. Without it, a message has the simple name of its
 * record, and a field has the name of the record's component.
 *
 * <pre>{@code
 * // {"type":"say","txt":"hello"}
 * public @JsonName("say") record Say(@JsonName("txt") String text) implements In {}
 * }</pre>
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.RECORD_COMPONENT})
public @interface JsonName {

  /** Returns the name, which has 1 to 64 characters. */
  String value();
}
