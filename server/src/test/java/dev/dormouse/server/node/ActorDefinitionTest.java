package dev.dormouse.server.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.Dormouse;
import dev.dormouse.server.options.ServerOptions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ActorDefinitionTest {
  record Member(String name) {}

  abstract static class Base<X, T> extends WebSocketActor<T> {}

  abstract static class Middle<M> extends Base<String, M> {}

  static final class Chat extends Middle<Member> {}

  static final class Lists extends WebSocketActor<List<Member>> {}

  static final class Deep extends Middle<Map<String, List<Member[]>>> {}

  static final class Plain extends WebSocketActor<Void> {}

  static final class Threads extends WebSocketActor<List<Thread>> {}

  static final class Two extends WebSocketActor<Map<Thread, Runtime>> {}

  private static ActorDefinition of(Class<? extends WebSocketActor<?>> type) {
    return ActorDefinition.of("/x/:key", type, Chat::new, ActorOptions.defaults());
  }

  private static Object roundTrip(ActorDefinition actor, Object attachment) {
    byte[] bytes = actor.codec().encode(attachment, 16 << 10);
    return actor.codec().decode(bytes, actor.attachment());
  }

  @DisplayName("F35: the attachment's type is read through base classes and type arguments")
  @Test
  void theClassOfAnAttachmentIsFoundThroughAnyNumberOfBaseClasses() {
    Member ada = new Member("ada");
    assertThat(of(Chat.class).attachment()).isEqualTo(Member.class);
    assertThat(roundTrip(of(Chat.class), ada)).isEqualTo(ada);
    assertThat(of(Lists.class).attachment()).isEqualTo(List.class);
    assertThat(roundTrip(of(Lists.class), new ArrayList<>(List.of(ada)))).isEqualTo(List.of(ada));
    Member[] members = {ada};
    assertThat(
            roundTrip(of(Deep.class), new HashMap<>(Map.of("a", new ArrayList<>(List.of(members)))))
                .toString())
        .isEqualTo("{a=[" + ada + "]}");
    assertThat(of(Plain.class).attachment()).isEqualTo(Object.class);
  }

  @DisplayName("F35, N10: mistakes of all actor types are told at the start, a line each")
  @Test
  void whatCannotBeAnActorIsRefusedAtTheStartAllAtOnce() {
    Dormouse server =
        Dormouse.server()
            .actor("/threads/:key", Threads.class, Threads::new)
            .actor("/two/:key", Two.class, Two::new)
            .actor("/chat", Chat.class, Chat::new)
            .actor("/lists/:key", Lists.class, Lists::new)
            .actor("/lists/:key", Lists.class, Lists::new);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> server.open(ServerOptions.defaults()))
        .satisfies(
            e ->
                assertThat(e.getMessage().lines())
                    .hasSize(5)
                    .anyMatch(
                        l -> l.startsWith("actor Threads at /threads/:key: class java.lang.T"))
                    .anyMatch(l -> l.startsWith("actor Two at /two/:key: class java.lang.Thread"))
                    .anyMatch(l -> l.startsWith("actor Two at /two/:key: class java.lang.Runtime"))
                    .anyMatch(l -> l.startsWith("actor Chat at /chat: the path '/chat' has no"))
                    .anyMatch(l -> l.contains("two actor types are named 'lists'; name one of")));
  }
}
