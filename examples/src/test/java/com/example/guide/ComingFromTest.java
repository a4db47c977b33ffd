package com.example.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.dormouse.server.Dormouse;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import org.junit.jupiter.api.Test;

class ComingFromTest {
  @Test
  void theActorsOfThePageDoWhatTheirModelsDo() throws Exception {
    var actors =
        Dormouse.server()
            .actor("/room/:key", Room.class, Room::new)
            .actor("/party/:key", Party.class, Party::new)
            .actor("/clicks/:key", Clicks.class, Clicks::new);
    var options = ServerOptions.defaults().port(0).adminPort(0).durability(Durability.MEMORY);
    try (var server = actors.open(options)) {
      TestSocket member = new TestSocket(server, "/room/a?name=ada");
      member.send("ping");
      assertEquals("pong", member.hear());
      member.send("hello");
      assertEquals("ada: hello", member.hear());
      TestSocket guest = new TestSocket(server, "/party/a");
      assertEquals("welcome to a", guest.hear());
      TestSocket other = new TestSocket(server, "/party/a");
      assertEquals("welcome to a", other.hear());
      other.send("hi");
      assertEquals("hi", guest.hear());
      TestSocket user = new TestSocket(server, "/clicks/a?user=ada");
      user.send("increment");
      assertEquals("count 1", user.hear());
    }
  }
}
