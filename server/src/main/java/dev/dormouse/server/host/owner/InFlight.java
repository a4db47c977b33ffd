package dev.dormouse.server.host.owner;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The messages and requests of one gateway that actors had begun to handle when the gateway
 * announced its sockets again, and whose answers will reach the gateway behind the announcement.
 * The gateway sends these messages and requests again, because it cannot know of that. Such a
 * repeat is passed over: its answer is on the way.
 *
 * <p>An entry is forgotten when its last repeat, a later message or the close of its connection has
 * come. Not safe for use by several threads at once.
 */
public final class InFlight {
  /** The messages of one connection: from the first number to the last. */
  private record Messages(long first, long last) {
    Messages and(long sequence) {
      return new Messages(Math.min(first, sequence), Math.max(last, sequence));
    }
  }

  private final Map<Long, Messages> messages = new HashMap<>(0);
  private final Set<Long> requests = new HashSet<>(0);

  /** Notes a message that an actor has begun to handle. */
  public void addMessage(ConnectionId connection, long sequence) {
    messages.merge(
        connection.value(),
        new Messages(sequence, sequence),
        (known, more) -> known.and(more.first));
  }

  /** Notes a request that an actor has begun to handle. */
  public void addRequest(long request) {
    requests.add(request);
  }

  /** Notes the messages and requests that a release answers. */
  void addAnsweredBy(Release release) {
    for (ToGateway record : release.records()) {
      if (record instanceof ToGateway.Handled handled) {
        addMessage(handled.connection(), handled.sequence());
      } else if (record instanceof ToGateway.Responded responded) {
        addRequest(responded.request());
      }
    }
  }

  /** Forgets the requests that a release answers, because the release will not be sent. */
  void forgetRequestsOf(Release release) {
    for (ToGateway record : release.records()) {
      if (record instanceof ToGateway.Responded responded) {
        requests.remove(responded.request());
      }
    }
  }

  /** Returns whether nothing is noted. */
  public boolean isEmpty() {
    return messages.isEmpty() && requests.isEmpty();
  }

  /** Returns whether a record repeats what is noted, so that it must be passed over. */
  boolean passesOver(ToHost.ForActor record) {
    if (isEmpty()) {
      return false;
    }
    if (record instanceof ToHost.Message message) {
      return passesOver(message);
    }
    if (record instanceof ToHost.Request request) {
      boolean isKnown = requests.remove(request.request()) && request.isRepeat();
      requests.removeIf(known -> known < request.settled());
      return isKnown;
    }
    if (record instanceof ToHost.Closed closed) {
      messages.remove(closed.connection().value());
    }
    return false;
  }

  private boolean passesOver(ToHost.Message message) {
    Long connection = message.connection().value();
    Messages known = messages.get(connection);
    if (known == null || message.sequence() < known.first) {
      return false;
    }
    if (message.sequence() >= known.last) {
      messages.remove(connection);
    }
    return message.isRepeat() && message.sequence() <= known.last;
  }
}
