package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Writes records as one line of text each, the same in every run of the JVM. */
final class Words {
  private Words() {}

  static String accept(ConnectionId id, Collection<String> tags) {
    return "accept " + id + " " + List.copyOf(tags);
  }

  static String reject(ConnectionId id, int status) {
    return "reject " + id + " " + status;
  }

  static String send(ConnectionId id, Payload payload) {
    return "send " + id + " " + text(payload);
  }

  static String broadcast(
      Collection<String> tags, Collection<ConnectionId> except, Payload payload) {
    return "broadcast "
        + List.copyOf(tags)
        + " except "
        + new TreeSet<>(except)
        + " "
        + text(payload);
  }

  static String retag(ConnectionId id, Collection<String> tags) {
    return "retag " + id + " " + List.copyOf(tags);
  }

  static String close(ConnectionId id, int code) {
    return "close " + id + " " + code;
  }

  static String respond(long request, int status) {
    return "respond " + request + " " + status;
  }

  static String handled(ConnectionId id, long sequence) {
    return "handled " + id + " " + sequence;
  }

  private static String text(Payload payload) {
    return payload instanceof Payload.Text text
        ? text.string()
        : "binary " + new Payload.Text(payload.bytes()).string();
  }

  static String describe(ToGateway record) {
    if (record instanceof ToGateway.Accepted a) {
      return accept(a.connection(), a.tags());
    } else if (record instanceof ToGateway.Rejected r) {
      return reject(r.connection(), r.response().status());
    } else if (record instanceof ToGateway.Send s) {
      return send(s.connection(), s.payload());
    } else if (record instanceof ToGateway.Broadcast b) {
      return broadcast(b.tags(), b.except(), b.payload());
    } else if (record instanceof ToGateway.Retagged r) {
      return retag(r.connection(), r.tags());
    } else if (record instanceof ToGateway.Close c) {
      return close(c.connection(), c.code());
    } else if (record instanceof ToGateway.Responded r) {
      return respond(r.request(), r.response().status());
    } else if (record instanceof ToGateway.Handled h) {
      return handled(h.connection(), h.sequence());
    } else if (record instanceof ToGateway.Withheld w) {
      return "withheld " + w.connection() + " " + w.sequence();
    } else if (record instanceof ToGateway.Resumed r) {
      return "resumed " + r.connection() + " " + r.sequence();
    }
    return record.toString();
  }

  static String describe(ToHost.ForActor record) {
    if (record instanceof ToHost.Open open) {
      return "open " + open.connection() + " of " + open.actor();
    } else if (record instanceof ToHost.Message m) {
      return "message " + m.connection() + " " + m.sequence() + " of " + m.actor();
    } else if (record instanceof ToHost.Failed failed) {
      return "failed " + failed.connection() + " of " + failed.actor();
    } else if (record instanceof ToHost.Closed closed) {
      return "closed " + closed.connection() + " of " + closed.actor();
    }
    return "request " + ((ToHost.Request) record).request() + " of " + record.actor();
  }

  /** Returns the connection that a record is about; null if it is about no one connection. */
  static @Nullable ConnectionId connection(ToGateway record) {
    if (record instanceof ToGateway.Accepted a) {
      return a.connection();
    } else if (record instanceof ToGateway.Rejected r) {
      return r.connection();
    } else if (record instanceof ToGateway.Send s) {
      return s.connection();
    } else if (record instanceof ToGateway.Retagged r) {
      return r.connection();
    } else if (record instanceof ToGateway.Close c) {
      return c.connection();
    } else if (record instanceof ToGateway.Handled h) {
      return h.connection();
    } else if (record instanceof ToGateway.Withheld w) {
      return w.connection();
    } else if (record instanceof ToGateway.Resumed r) {
      return r.connection();
    }
    return null;
  }
}
