package dev.dormouse.json;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Changes the rules by which an actor class reads messages.
 *
 * <pre>{@code
 * public @JsonRules(refusesUnknownFields = true) class Chat extends JsonActor<Member, In, Out> { … }
 * }</pre>
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface JsonRules {

  /** The depth that {@link #depthMax} allows by default: 32. */
  int DEPTH_DEFAULT = 32;

  /** The greatest depth that {@link #depthMax} takes: 200. */
  int DEPTH_CEILING = 200;

  /**
   * Returns whether a message with a field that its record does not have is refused. By default
   * such a field is passed over, so that newer pages can talk to older servers.
   */
  boolean refusesUnknownFields() default false;

  /** Returns how deep objects and lists of a message may be nested, the message included. */
  int depthMax() default DEPTH_DEFAULT;
}
