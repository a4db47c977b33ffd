package dev.dormouse.server.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.observe.DormouseObserver.ActorReset;
import dev.dormouse.server.protocol.Time;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ObserversTest {
  private static final ActorReset RESET =
      new ActorReset(new ActorId("chat", "lobby"), "a test", true);

  private static final class Hearing implements DormouseObserver {
    final List<ActorReset> heard = new ArrayList<>();

    @Override
    public void actorReset(ActorReset reset) {
      heard.add(reset);
    }
  }

  private static final class Throwing implements DormouseObserver {
    @Override
    public void actorReset(ActorReset reset) {
      throw new AssertionError("an observer's fault");
    }
  }

  private final Observers observers = new Observers(Time.system());

  @Test
  @DisplayName("N13 an observer that throws is no matter to the others, nor to who tells")
  void anObserverThatThrowsDisturbsNeitherTheOthersNorWhoTells() {
    Hearing hearing = new Hearing();
    observers.add(new Throwing());
    observers.add(hearing);
    observers.tell(DormouseObserver::actorReset, RESET);
    observers.tell(DormouseObserver::actorReset, RESET);
    assertThat(hearing.heard).containsExactly(RESET, RESET);
    assertThat(observers.failures()).isEqualTo(2);
  }

  @Test
  @DisplayName("A11: what an observer leaves on its thread is taken away, but no interrupt before")
  void anObserverLeavesItsThreadAsItWas() {
    Thread thread = Thread.currentThread();
    String name = thread.getName();
    observers.add(
        new DormouseObserver() {
          @Override
          public void actorReset(ActorReset reset) {
            thread.setName("renamed");
            thread.interrupt();
          }
        });
    observers.tell(DormouseObserver::actorReset, RESET);
    assertThat(thread.getName()).isEqualTo(name);
    assertThat(Thread.interrupted()).isFalse();

    thread.interrupt();
    observers.tell(DormouseObserver::actorReset, RESET);
    assertThat(Thread.interrupted()).as("it is for what runs here").isTrue();
  }

  @Test
  @DisplayName("N12 nobody is told of frames who does not want to hear of them")
  void nobodyIsToldOfFramesWhoDoesNotWantToHearOfThem() {
    assertThat(observers.isAny()).isFalse();
    Runnable removal = observers.add(new Hearing());
    assertThat(observers.isAny()).isTrue();
    assertThat(observers.isAnyOfFrames()).isFalse();
    observers.add(
        new DormouseObserver() {
          @Override
          public boolean wantsFrames() {
            return true;
          }
        });
    assertThat(observers.isAnyOfFrames()).isTrue();
    removal.run();
    removal.run();
    assertThat(observers.isAny()).isTrue();
  }

  @Test
  @DisplayName("N12 nothing else is made for an observer of actors only")
  void whoHearsOfActorsOnlyHasNothingElseMadeForIt() {
    Hearing hearing = new Hearing();
    Runnable removal = observers.addOfActors(hearing);
    assertThat(observers.isAny()).isFalse();
    assertThat(observers.isAnyOfFrames()).isFalse();
    assertThat(observers.isAnyOfActors()).isTrue();
    observers.tell(DormouseObserver::actorReset, RESET);
    assertThat(hearing.heard).isEmpty();
    observers.tellOfActor(DormouseObserver::actorReset, RESET);
    assertThat(hearing.heard).containsExactly(RESET);
    removal.run();
    removal.run();
    assertThat(observers.isAnyOfActors()).isFalse();
    observers.add(hearing);
    assertThat(observers.isAnyOfActors()).isTrue();
    observers.tellOfActor(DormouseObserver::actorReset, RESET);
    assertThat(hearing.heard).containsExactly(RESET, RESET);
  }
}
