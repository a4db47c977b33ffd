package dev.dormouse.json;

import dev.dormouse.sdk.MessageActor;
import dev.dormouse.sdk.MessageCodec;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.sdk.spi.ActorClassCheck;
import dev.dormouse.sdk.spi.CheckedBy;
import org.jspecify.annotations.Nullable;

/**
 * The superclass of actors whose messages are JSON. The messages in both directions are records of
 * a sealed interface. Their field {@code "type"} is the simple name of the record:
 *
 * <pre>{@code
 * public final class Chat extends JsonActor<String, Chat.In, Chat.Out> {
 *   public sealed interface In {}
 *   public record Say(String text) implements In {}             // {"type":"Say","text":"hello"}
 *   public record Rename(String name) implements In {}
 *   public sealed interface Out {}
 *   public record Said(String by, String text) implements Out {}
 *
 *   protected void onUpgrade(Upgrade<String> upgrade) {
 *     upgrade.accept("guest");
 *   }
 *   protected void onMessage(Connection<String> from, In message) {
 *     if (message instanceof Say say) {
 *       broadcast(new Said(from.attachment(), say.text()));
 *     } else if (message instanceof Rename rename) {
 *       from.attach(rename.name());
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>{@link JsonCodec} has the rules of the format, {@link JsonRules} changes some of them, and
 * {@link MessageActor} says what happens to bad input. The types are read from {@code extends
 * JsonActor<…>}, through any number of base classes. If they cannot be messages, the server does
 * not start, and reports each mistake in a line.
 *
 * @param <A> the type of the attachments, as {@link WebSocketActor} says
 * @param <In> the type of the messages that come from clients: a sealed interface of records
 * @param <Out> the type of the messages that go to clients: a sealed interface of records
 */
@CheckedBy(JsonActor.Check.class)
public abstract class JsonActor<A extends @Nullable Object, In, Out>
    extends MessageActor<A, In, Out> {

  /** The codec of each actor class, which is made once. */
  private static final ClassValue<JsonCodec<?, ?>> CODECS =
      new ClassValue<>() {
        @Override
        protected JsonCodec<?, ?> computeValue(Class<?> type) {
          return JsonCodec.ofActor(type);
        }
      };

  /** Creates an actor object; see {@link WebSocketActor#WebSocketActor()}. */
  protected JsonActor() {}

  @Override
  @SuppressWarnings("unchecked") // the codec is made of this class's own type arguments
  protected final MessageCodec<In, Out> codec() {
    return (MessageCodec<In, Out>) CODECS.get(getClass());
  }

  /** Checks that the types of an actor class can be messages; the server makes it at its start. */
  public static final class Check implements ActorClassCheck {

    /** Creates the check. */
    public Check() {}

    @Override
    public void check(Class<? extends WebSocketActor<?>> type) {
      CODECS.get(type);
    }
  }
}
