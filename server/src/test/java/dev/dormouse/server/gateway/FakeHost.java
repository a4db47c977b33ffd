package dev.dormouse.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * A host that follows a test's script: it records each event and answers at once, on the thread
 * that brought the event.
 */
public final class FakeHost {
  private final DirectTransport transport = new DirectTransport();
  private final BlockingQueue<ToHost> heard = new LinkedBlockingQueue<>();
  private final Runnable fence;
  private volatile Function<ToHost, List<ToGateway>> script = event -> List.of();

  /**
   * Makes a host without connections.
   *
   * @param fence a call that returns when the gateway has done all work that was due
   */
  FakeHost(Runnable fence) {
    this.fence = fence;
  }

  Transport transport() {
    return transport;
  }

  void connect(Transport.GatewayEnd gateway) {
    transport.connect((run, epoch, record) -> accept((ToHost.ForActor) record), gateway);
  }

  /** Accepts an event; releases leave one after the other. */
  private synchronized void accept(ToHost.ForActor event) {
    List<ToGateway> answer = script.apply(event);
    if (!answer.isEmpty()) {
      transport.toGateway(0, new Release(event.actor(), 1, answer));
    }
    heard.add(event); // releases of an actor come one after the other
  }

  /** Answers by this script from now on. */
  public void script(Function<ToHost, List<ToGateway>> script) {
    this.script = script;
  }

  /** Accepts every client from now on, with these tags, and handles every message. */
  public void acceptAll(String... tags) {
    script(
        event -> {
          if (event instanceof ToHost.Open open) {
            return List.of(new ToGateway.Accepted(open.connection(), List.of(tags), List.of()));
          }
          return handled(event);
        });
  }

  /** Accepts every client from now on, and leaves messages unanswered. */
  public void acceptOnly() {
    script(
        event ->
            event instanceof ToHost.Open open
                ? List.of(new ToGateway.Accepted(open.connection(), List.of(), List.of()))
                : List.of());
  }

  /** Accepts every client from now on, and sends every message back. */
  public void echo() {
    script(
        event -> {
          if (event instanceof ToHost.Open open) {
            return List.of(new ToGateway.Accepted(open.connection(), List.of(), List.of()));
          }
          if (event instanceof ToHost.Message message) {
            return List.of(
                new ToGateway.Send(message.connection(), message.payload()),
                new ToGateway.Handled(message.connection(), message.sequence()));
          }
          return List.of();
        });
  }

  public static List<ToGateway> handled(ToHost event) {
    return event instanceof ToHost.Message message
        ? List.of(new ToGateway.Handled(message.connection(), message.sequence()))
        : List.of();
  }

  public synchronized void release(ActorId actor, ToGateway... records) {
    transport.toGateway(0, new Release(actor, 1, List.of(records)));
  }

  /** Waits for the next event, which must be of this kind. */
  public <T extends ToHost> T next(Class<T> kind) throws InterruptedException {
    ToHost next = heard.poll(10, TimeUnit.SECONDS);
    assertThat(next).isInstanceOf(kind);
    return kind.cast(next);
  }

  /** Waits for an upgrade; its connection. */
  public ConnectionId nextOpen() throws InterruptedException {
    return next(ToHost.Open.class).connection();
  }

  /** Waits for a text message. */
  public String nextText() throws InterruptedException {
    return ((Payload.Text) next(ToHost.Message.class).payload()).string();
  }

  /** Waits for the end of a connection. */
  public CloseReason nextClosed() throws InterruptedException {
    return next(ToHost.Closed.class).reason();
  }

  /**
   * Checks that nothing came so far. The content of a request is heard before its answer is sent.
   */
  public void heardNothing() {
    assertThat(heard.peek()).isNull();
  }

  /**
   * Checks that nothing came, and that nothing follows from messages that clients have sent before.
   */
  public void hearsNothing() {
    fence.run();
    assertThat(heard.poll()).isNull();
  }
}
