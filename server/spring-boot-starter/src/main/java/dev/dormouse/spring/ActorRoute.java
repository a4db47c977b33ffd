package dev.dormouse.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.context.annotation.Scope;
import org.springframework.stereotype.Component;

/**
 * Makes a subclass of {@link dev.dormouse.sdk.WebSocketActor} an actor type of the application. The
 * class is a prototype bean: Spring makes a new object each time an actor wakes, and injects its
 * services. One object is made at the start of the application too, so that a service that is
 * missing stops the start and not the first client.
 *
 * <p>Actor objects cannot be proxies. Put {@code @Transactional}, {@code @Async} and their like on
 * the services that the actor uses.
 *
 * <pre>{@code
 * @ActorRoute(path = "/chat/:key")
 * class ChatRoom extends WebSocketActor<String> {
 *   private final Translator translator;
 *
 *   ChatRoom(Translator translator) {
 *     this.translator = translator;
 *   }
 * }
 * }</pre>
 */
@Documented
@Component
@Scope(ConfigurableBeanFactory.SCOPE_PROTOTYPE)
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface ActorRoute {

  /**
   * Returns where clients reach the actors; the parameter {@code :key} is the actor's key, as in
   * {@code /chat/:key}.
   */
  String path();
}
