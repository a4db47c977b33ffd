package com.example.chat;

import dev.dormouse.testkit.TestActors;
import dev.dormouse.testkit.TestClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests the actor alone, without Spring and without a network. */
class ChatRoomTest {
  // tag::test
  @RegisterExtension
  final TestActors actors =
      TestActors.of("/chat/:key", ChatRoom.class, () -> new ChatRoom(new Greeter()));

  @Test
  void aMemberIsGreetedAndHeardAfterSleep() {
    TestClient ada = actors.connect("/chat/tea?name=ada");
    actors.hibernate("/chat/tea");
    ada.send("hello");
    ada.expect("welcome, ada", "ada: hello");
  }
  // end::test
}
