package dev.dormouse.server.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.StorageKey;
import dev.dormouse.sdk.StoredValueException;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.Dormouse;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.codec.ValueCodec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ActorDefinitionTest {
  record Member(String name) {}

  abstract static class Base<X, T extends @Nullable Object> extends WebSocketActor<T> {
    @Override
    protected void onUpgrade(Upgrade<T> upgrade) {
      upgrade.reject(403, "nobody");
    }
  }

  static final class Open extends WebSocketActor<Member> {}

  static final class OpenToNull extends WebSocketActor<@Nullable Member> {}

  abstract static class Any<T extends @Nullable Object> extends WebSocketActor<T> {}

  static final class AnyNull extends Any<@Nullable Member> {}

  static final class AnyMember extends Any<Member> {}

  abstract static class Maybe<T> extends WebSocketActor<@Nullable T> {}

  static final class MaybeMember extends Maybe<Member> {}

  abstract static class Middle<M> extends Base<String, M> {}

  static final class Chat extends Middle<Member> {}

  static final class Lists extends Base<String, List<Member>> {}

  static final class Deep extends Middle<Map<String, List<Member[]>>> {}

  enum Mood {
    GOOD
  }

  sealed interface Mark permits Star, Cross {}

  record Star(int points) implements Mark {}

  record Cross(Mood mood) implements Mark {}

  record Player(Member member, List<Mark> marks) {}

  abstract static class Team<P> extends Middle<Map<String, ? extends List<P[]>>> {}

  static final class Players extends Team<Player> {}

  record Line(String text) {}

  abstract static class Keeping<T> extends WebSocketActor<Void> {
    @SuppressWarnings("UnusedVariable") // its type is read
    private final @Nullable StorageKey<Map<String, T>> byName = null;
  }

  static final class Keeper extends Keeping<Member> {
    @SuppressWarnings("UnusedVariable") // its type is read
    private static final StorageKey<List<Line>> LINES = new StorageKey<>("lines") {};
  }

  static final class Plain extends WebSocketActor<Void> {}

  static final class Threads extends Base<String, List<Thread>> {}

  static final class Two extends Base<String, Map<Thread, Runtime>> {}

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
    assertThat(of(Lists.class).attachment().getTypeName())
        .isEqualTo("java.util.List<" + Member.class.getName() + ">");
    assertThat(roundTrip(of(Lists.class), new ArrayList<>(List.of(ada)))).isEqualTo(List.of(ada));
    Member[] members = {ada};
    assertThat(
            roundTrip(
                of(Deep.class),
                new HashMap<>(Map.of("a", new ArrayList<>(List.<Member[]>of(members))))))
        .usingRecursiveComparison()
        .isEqualTo(Map.of("a", List.<Member[]>of(members)));
    assertThat(of(Plain.class).attachment()).isEqualTo(Object.class);
  }

  @Test
  void anActorWithAttachmentsNeedsAnOnUpgradeUnlessTheyMayBeNull() {
    for (Class<? extends WebSocketActor<?>> type :
        List.<Class<? extends WebSocketActor<?>>>of(Open.class, AnyMember.class)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> of(type))
          .withMessage(
              "it has attachments of "
                  + Member.class.getName()
                  + " but no onUpgrade; override onUpgrade and call upgrade.accept(attachment), or"
                  + " extend WebSocketActor<Void>");
    }
    assertThat(of(Chat.class).isAttachmentOptional()).isFalse();
    assertThat(of(OpenToNull.class).isAttachmentOptional()).isTrue();
    assertThat(of(AnyNull.class).isAttachmentOptional()).isTrue();
    assertThat(of(MaybeMember.class).isAttachmentOptional()).isTrue();
    assertThat(of(Plain.class).isAttachmentOptional()).isTrue();
  }

  @Test
  void theTypeArgumentsOfBaseClassesAreFilledInAndWhatIsFoundIsRegistered() {
    Player ada = new Player(new Member("ada"), List.of(new Star(5), new Cross(Mood.GOOD)));
    Player[] players = {ada};
    ActorDefinition actor = of(Players.class);
    Object read = roundTrip(actor, Map.of("a", List.<Player[]>of(players)));
    assertThat(read).usingRecursiveComparison().isEqualTo(Map.of("a", List.<Player[]>of(players)));
    byte[] other = actor.codec().encode(Map.of("a", List.of(ada)), 16 << 10);
    assertThatExceptionOfType(StoredValueException.class)
        .isThrownBy(() -> actor.codec().decode(other, actor.attachment()))
        .withMessageStartingWith("it is no java.util.Map<java.lang.String, java.util.List<")
        .withMessageContaining("wanted " + Player.class.getName() + "[]");
  }

  @Test
  void theTypesOfStorageKeysThatAreFieldsOfTheActorAreRegistered() {
    ValueCodec codec = of(Keeper.class).codec();
    List<Record> values = List.of(new Line("x"), new Member("ada"));
    assertThat(codec.decode(codec.encode(values, 16 << 10))).isEqualTo(values);
  }

  @DisplayName("F35, N10: mistakes of all actor types are told at the start, a line each")
  @Test
  void whatCannotBeAnActorIsRefusedAtTheStartAllAtOnce() {
    Dormouse server =
        Dormouse.server()
            .actor("/threads/:key", Threads.class, Threads::new)
            .actor("/two", Two.class, Two::new, o -> o.name("Two"))
            .actor("/chat", Chat.class, Chat::new)
            .actor("/lists/:key", Lists.class, Lists::new)
            .actor("/lists/:key", Lists.class, Lists::new);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> server.open(ServerOptions.defaults()))
        .satisfies(
            e ->
                assertThat(e.getMessage().lines())
                    .hasSize(7)
                    .anyMatch(l -> l.startsWith("actor Two at /two: the path '/two' has no ':key'"))
                    .anyMatch(l -> l.startsWith("actor Two at /two: actor type 'Two' is not 1 to"))
                    .anyMatch(
                        l -> l.startsWith("actor Threads at /threads/:key: class java.lang.T"))
                    .anyMatch(l -> l.startsWith("actor Two at /two: class java.lang.Thread"))
                    .anyMatch(l -> l.startsWith("actor Two at /two: class java.lang.Runtime"))
                    .anyMatch(l -> l.startsWith("actor Chat at /chat: the path '/chat' has no"))
                    .anyMatch(l -> l.contains("two actor types are named 'lists'; name one of")));
  }
}
