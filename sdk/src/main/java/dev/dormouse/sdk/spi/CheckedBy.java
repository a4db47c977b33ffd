package dev.dormouse.sdk.spi;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names the check that the classes of an actor base class must pass before a server starts. The
 * server reports what it finds together with all other mistakes of actor types.
 *
 * <pre>{@code
 * public abstract @CheckedBy(TopicCheck.class) class TopicActor<A> extends WebSocketActor<A> { … }
 * }</pre>
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface CheckedBy {

  /** Returns the class of the check. */
  Class<? extends ActorClassCheck> value();
}
