package com.example.chat;

import dev.dormouse.spring.ActorServer;
import java.util.concurrent.CompletionStage;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class ChatController {
  private final ActorServer actors;

  public ChatController(ActorServer actors) {
    this.actors = actors;
  }

  @PostMapping("/rooms/{room}/announcements")
  public CompletionStage<Integer> announce(
      @PathVariable("room") String room, @RequestBody String text) {
    return actors.actor(ChatRoom.class, room).ask(new ChatRoom.Announce(text));
  }
}
