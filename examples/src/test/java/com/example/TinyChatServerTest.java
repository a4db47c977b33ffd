package com.example;

import dev.dormouse.testkit.TestClient;
import dev.dormouse.testkit.TestServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TinyChatServerTest {
  // tag::test
  @RegisterExtension
  final TestServer server = TestServer.of("/chat/:key", TinyChat.class, TinyChat::new);

  @Test
  void everyMemberHearsWhoJoinsSpeaksAndLeaves() {
    TestClient ada = server.connect("/chat/tea?name=ada");
    ada.expect("welcome");
    TestClient bo = server.connect("/chat/tea?name=bo");
    bo.expect("welcome");
    ada.send("hello");
    bo.expect("ada: hello");
    bo.close();
    ada.expect("bo joined", "ada: hello", "bo left");
  }
  // end::test
}
