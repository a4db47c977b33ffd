package dev.dormouse.sdk.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.WebSocketActor;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ActorInvokerTest {
  private static final ActorId ID = new ActorId("chat", "lobby");

  private final List<ActorId> activated = new ArrayList<>();

  private final class Room extends WebSocketActor<Void> {
    @Override
    protected void onActivate() {
      activated.add(id());
    }
  }

  /** Returns a context that knows the actor's name and nothing else. */
  @SuppressWarnings("unchecked")
  private static ActorContext<Void> named(ActorId id) {
    return (ActorContext<Void>)
        Proxy.newProxyInstance(
            ActorContext.class.getClassLoader(),
            new Class<?>[] {ActorContext.class},
            (proxy, method, arguments) -> method.getName().equals("id") ? id : null);
  }

  @Test
  void aHandlerThatIsCalledReachesTheContextOfItsActor() throws Exception {
    ActorInvoker.of(new Room(), named(ID)).activate();
    assertThat(activated).containsExactly(ID);
  }

  @Test
  void anActorObjectHasOneContextForItsLife() throws Exception {
    Room room = new Room();
    ActorInvoker<Void> first = ActorInvoker.of(room, named(ID));
    assertThatThrownBy(() -> ActorInvoker.of(room, named(new ActorId("chat", "hall"))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            Room.class.getName()
                + " was handed out twice: its factory must make a new object each time");
    first.activate();
    assertThat(activated).containsExactly(ID);
  }

  @Test
  void theMakerOfInvokersCannotBeReplaced() {
    ActorInvoker.of(new Room(), named(ID));
    assertThatThrownBy(
            () ->
                ActorInvoker.makeWith(
                    new ActorInvoker.Maker() {
                      @Override
                      public <A> ActorInvoker<A> invoker(
                          WebSocketActor<A> actor, ActorContext<A> context) {
                        throw new AssertionError("replaced");
                      }
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("there is a maker of invokers already");
  }
}
