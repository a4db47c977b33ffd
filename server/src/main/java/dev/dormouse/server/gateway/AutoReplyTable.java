package dev.dormouse.server.gateway;

import dev.dormouse.sdk.AutoReply;
import dev.dormouse.server.protocol.Payload;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which texts are answered for an actor, and how. Immutable. */
final class AutoReplyTable {
  /** Of an actor without automatic replies. */
  static final AutoReplyTable NONE = new AutoReplyTable(List.of());

  private final Payload[] requests;
  private final Payload[] replies;

  private AutoReplyTable(List<AutoReply> all) {
    requests = all.stream().map(AutoReply::request).map(Payload::text).toArray(Payload[]::new);
    replies = all.stream().map(AutoReply::reply).map(Payload::text).toArray(Payload[]::new);
  }

  static AutoReplyTable of(List<AutoReply> all) {
    return all.isEmpty() ? NONE : new AutoReplyTable(all);
  }

  /** The reply to a message; null if it is for the actor. */
  @Nullable Payload replyTo(Payload message) {
    for (int i = 0; i < requests.length; i++) {
      if (requests[i].equals(message)) {
        return replies[i];
      }
    }
    return null;
  }
}
