package dev.dormouse.sdk.spi;

import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Call;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionFailedException;
import dev.dormouse.sdk.HttpAnswer;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Calls the handlers of one actor object, for programs that run actors: the server, a test kit. The
 * caller sees to it that one call runs at a time, and that {@link #activate} is the first. An
 * exception of a handler reaches the caller as it is.
 *
 * <pre>{@code
 * ActorInvoker<Member> room = ActorInvoker.of(new ChatRoom(), context);
 * room.activate();
 * room.message(ada, "hello");
 * }</pre>
 *
 * @param <A> the type of the attachments
 */
public abstract class ActorInvoker<A extends @Nullable Object> {
  private static volatile @Nullable Maker maker;

  /** Creates an invoker. Only {@link WebSocketActor} has one to create. */
  protected ActorInvoker() {}

  /**
   * Gives an actor object its context, and returns the invoker of its handlers.
   *
   * @throws IllegalStateException if the object has a context already
   */
  public static <A extends @Nullable Object> ActorInvoker<A> of(
      WebSocketActor<A> actor, ActorContext<A> context) {
    Objects.requireNonNull(context, "context");
    // The class of the actor object has called makeWith.
    return Objects.requireNonNull(maker).invoker(actor, context);
  }

  /**
   * Hands over the maker of invokers. {@link WebSocketActor} calls this method, so that its own
   * methods are those that actors need, and no others.
   *
   * @throws IllegalStateException if there is a maker already
   */
  public static synchronized void makeWith(Maker maker) {
    if (ActorInvoker.maker != null) {
      throw new IllegalStateException("there is a maker of invokers already");
    }
    ActorInvoker.maker = maker;
  }

  /**
   * Returns whether an actor class, or one of its base classes, overrides a handler.
   *
   * @param handler the name of the method, such as {@code onMessage}
   * @param parameters the classes of its parameters, without type arguments
   */
  public static boolean overrides(
      Class<? extends WebSocketActor<?>> type, String handler, Class<?>... parameters) {
    for (Class<?> c = type; c != null && c != WebSocketActor.class; c = c.getSuperclass()) {
      for (Method method : c.getDeclaredMethods()) {
        if (method.getName().equals(handler)
            && Arrays.equals(method.getParameterTypes(), parameters)) {
          return true;
        }
      }
    }
    return false;
  }

  /** Makes the invokers of actor objects. */
  public interface Maker {

    /** Returns the invoker of an actor object, which has got this context. */
    <A extends @Nullable Object> ActorInvoker<A> invoker(
        WebSocketActor<A> actor, ActorContext<A> context);
  }

  /** Calls the handler {@code onActivate}. */
  public abstract void activate() throws Exception;

  /** Calls the handler {@code onUpgrade}. */
  public abstract void upgrade(Upgrade<A> upgrade) throws Exception;

  /** Calls the handler {@code onMessage} for a text. */
  public abstract void message(Connection<A> from, String text) throws Exception;

  /** Calls the handler {@code onMessage} for bytes. */
  public abstract void message(Connection<A> from, ByteBuffer bytes) throws Exception;

  /** Calls the handler {@code onError}. */
  public abstract void error(Connection<A> connection, ConnectionFailedException error)
      throws Exception;

  /** Calls the handler {@code onClose}. */
  public abstract void close(Connection<A> gone, CloseReason reason) throws Exception;

  /** Calls the handler {@code onHibernate}. */
  public abstract void hibernate() throws Exception;

  /** Calls the handler {@code onRequest}, and returns its answer. */
  public abstract HttpAnswer request(HttpRequest request) throws Exception;

  /** Calls the handler {@code onAlarm}. */
  public abstract void alarm(Alarm alarm) throws Exception;

  /**
   * Calls a handler {@code onCall} of the actor's class.
   *
   * @return the answer, or a stage of it; null for no answer
   */
  public abstract @Nullable Object call(CallHandlers.Handler handler, Call<?> call)
      throws Exception;
}
