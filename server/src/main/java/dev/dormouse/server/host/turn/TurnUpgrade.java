package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An upgrade that a handler accepts or rejects. The activation's monitor guards its fields. */
final class TurnUpgrade implements Upgrade<@Nullable Object> {
  private final Activation activation;
  private final ToHost.Open open;
  private final List<Header> headers = new ArrayList<>();

  TurnUpgrade(Activation activation, ToHost.Open open) {
    this.activation = activation;
    this.open = open;
  }

  @Override
  public RequestHead head() {
    return open.head();
  }

  @Override
  public Optional<String> subprotocol() {
    return Optional.ofNullable(open.subprotocol());
  }

  @Override
  public void addHeader(String name, String value) {
    synchronized (activation) {
      undecided();
      headers.add(new Header(name, value));
    }
  }

  @Override
  public Connection<@Nullable Object> accept() {
    return accept(null);
  }

  @Override
  public Connection<@Nullable Object> accept(@Nullable Object attachment, String... tags) {
    synchronized (activation) {
      Turn turn = undecided();
      Set<String> tagSet = tags.length == 0 ? Set.of() : new LinkedHashSet<>(List.of(tags));
      TurnConnection connection = activation.accept(open, attachment, tagSet);
      turn.answer(
          new ToGateway.Accepted(open.connection(), List.copyOf(tagSet), List.copyOf(headers)));
      return connection;
    }
  }

  @Override
  public void reject(HttpResponse response) {
    if (response.status() < 300) {
      throw new IllegalArgumentException(
          "status " + response.status() + " is no rejection; use 300 to 599");
    }
    synchronized (activation) {
      Turn turn = undecided();
      HttpResponse answer = response;
      for (Header header : headers) {
        answer = answer.with(header.name(), header.value());
      }
      turn.answer(new ToGateway.Rejected(open.connection(), answer));
    }
  }

  private Turn undecided() {
    Turn turn = activation.turn();
    if (turn.isAnswered()) {
      throw new IllegalStateException("this upgrade was decided already");
    }
    return turn;
  }
}
