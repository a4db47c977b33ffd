package com.example;

import dev.dormouse.testkit.TestActors;
import dev.dormouse.testkit.TestClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TinyChatTest {
  @RegisterExtension
  final TestActors actors = TestActors.of("/chat/:key", TinyChat.class, TinyChat::new);

  // tag::test
  @Test
  void theRoomSurvivesSleepAndCrash() {
    TestClient ada = actors.connect("/chat/tea?name=ada");
    TestClient bo = actors.connect("/chat/tea?name=bo");
    actors.hibernate("/chat/tea");
    ada.send("hello");
    bo.close();
    ada.expect("welcome", "bo joined", "ada: hello", "bo left");
    actors.crash(); // as kill -9
    ada.expectClosed(1006);
  }

  // end::test

  // tag::sleep
  @Test
  void sleepChangesNothing() {
    actors.checkThatSleepChangesNothing(this::theRoomSurvivesSleepAndCrash);
  }
  // end::sleep
}
