package com.example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.dormouse.testkit.TestActors;
import dev.dormouse.testkit.TestClient;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class MeetingRoomTest {
  @RegisterExtension
  final TestActors actors = TestActors.of("/room/:key", MeetingRoom.class, MeetingRoom::new);

  @Test
  void newMembersHearWhatWasSaid() {
    TestClient ada = actors.connect("/room/tea?name=ada");
    ada.send("hello");
    ada.expect("here: ada", "ada: hello");

    TestClient bo = actors.connect("/room/tea?name=bo");
    bo.expect("earlier ada: hello", "here: ada, bo");
  }

  @Test
  void everyoneKnowsWhoIsHere() {
    TestClient ada = actors.connect("/room/tea?name=ada");
    TestClient bo = actors.connect("/room/tea?name=bo");
    bo.drop(); // its network is gone
    ada.expect("here: ada", "here: ada, bo", "here: ada");
    String here =
        actors
            .actor(MeetingRoom.class, "tea")
            .ask(new MeetingRoom.WhoIsHere())
            .toCompletableFuture()
            .join();
    assertEquals("ada", here);
  }

  @Test
  void aReminderComesThroughSleepAndCrash() {
    actors.connect("/room/tea?name=ada").send("/remind 3600 tea");
    actors.hibernate("/room/tea");
    actors.crash(); // as kill -9: connections are gone, what was answered stays
    TestClient ada = actors.connect("/room/tea?name=ada");
    actors.advance(Duration.ofHours(1));
    ada.expect("here: ada", "reminder: tea");
  }

  @Test
  void aClientWithoutNameIsRefused() {
    assertEquals(400, actors.request("/room/tea").refusal().status());
  }

  @Test
  void sleepChangesNothing() {
    actors.checkThatSleepChangesNothing(this::newMembersHearWhatWasSaid);
    actors.checkThatSleepChangesNothing(this::everyoneKnowsWhoIsHere);
  }
}
