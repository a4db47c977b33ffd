package dev.dormouse.server.gateway;

import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.DormouseObserver.RequestEnded;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one HTTP connection that are not answered yet, as observers hear of them; in the
 * order in which they came, which is that of the answers. Those that came while nobody listened are
 * kept without a time, and not told. The connection's event loop only.
 */
final class RequestWatch {
  private static final Asked UNWATCHED = new Asked("", 0);

  private record Asked(String method, long startedNs) {}

  private final GatewayParts parts;
  private final ArrayDeque<Asked> unanswered = new ArrayDeque<>(1);

  /** Of the answer that is being written; 0 if none is. */
  private int status;

  RequestWatch(GatewayParts parts) {
    this.parts = parts;
  }

  /** A head came. */
  void came(HttpRequest request) {
    parts.counters().activeRequests.increment();
    unanswered.add(
        parts.observers().isAny()
            ? new Asked(request.method().name(), parts.time().nowNs())
            : UNWATCHED);
  }

  /** The head of an answer is on its way. */
  void answering(HttpResponse answer) {
    if (answer.status().codeClass() != HttpStatusClass.INFORMATIONAL) {
      status = answer.status().code();
    } else if (answer.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS)) {
      end();
    }
  }

  /** An answer is on its way, to its end. */
  void answered() {
    tell(end());
  }

  /** The HTTP connection is no more. */
  void gone() {
    while (!unanswered.isEmpty()) {
      tell(end());
    }
  }

  private @Nullable Asked end() {
    Asked first = unanswered.poll();
    if (first != null) {
      parts.counters().activeRequests.decrement();
    }
    return first;
  }

  private void tell(@Nullable Asked ended) {
    int answer = status;
    status = 0;
    if (ended != null && !ended.equals(UNWATCHED) && parts.observers().isAny()) {
      long tookNs = parts.time().nowNs() - ended.startedNs;
      parts
          .observers()
          .tell(DormouseObserver::requestEnded, new RequestEnded(ended.method, answer, tookNs));
    }
  }
}
