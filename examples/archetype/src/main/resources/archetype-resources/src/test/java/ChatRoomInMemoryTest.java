package ${package};

import dev.dormouse.testkit.TestActors;
import dev.dormouse.testkit.TestClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests the room in memory: without sockets or threads, and with time that the test moves. */
class ChatRoomInMemoryTest {
  @RegisterExtension
  final TestActors actors = TestActors.of("/chat/:key", ChatRoom.class, ChatRoom::new);

  @Test
  void aRoomKnowsItsMembersAfterItHasSlept() {
    TestClient ada = actors.connect("/chat/lobby?name=ada");
    ada.expect("welcome, ada");
    actors.hibernate("/chat/lobby");
    ada.send("hello");
    ada.expect("ada: hello");
  }
}
