package dev.dormouse.server.host.owner;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Divides a release among the gateways that its records concern, and keeps the order of the
 * records. A record about a connection or a request concerns the gateway whose run the id begins
 * with. A record for all connections concerns every gateway that holds connections of the actor.
 */
final class Routes implements ToGateway.Receiver<long[]> {
  private final Map<Long, List<ToGateway>> parts = new LinkedHashMap<>(2);

  private Routes() {}

  /**
   * Returns the parts of a release, by the run of the gateway.
   *
   * @param gateways the runs of the gateways that hold connections of the actor
   */
  static Map<Long, Release> split(Release release, long[] gateways) {
    Routes routes = new Routes();
    for (ToGateway record : release.records()) {
      record.dispatch(routes, gateways);
    }
    Map<Long, Release> releases = new LinkedHashMap<>(2);
    routes.parts.forEach(
        (gateway, records) ->
            releases.put(
                gateway,
                records.size() == release.records().size()
                    ? release
                    : new Release(release.actor(), release.epoch(), records)));
    return releases;
  }

  private void add(long gateway, ToGateway record) {
    parts.computeIfAbsent(gateway, run -> new ArrayList<>(4)).add(record);
  }

  private void add(ConnectionId connection, ToGateway record) {
    add(connection.run(), record);
  }

  private void addToAll(long[] gateways, ToGateway record) {
    for (long gateway : gateways) {
      add(gateway, record);
    }
  }

  @Override
  public void accepted(ToGateway.Accepted accepted, long[] gateways) {
    add(accepted.connection(), accepted);
  }

  @Override
  public void rejected(ToGateway.Rejected rejected, long[] gateways) {
    add(rejected.connection(), rejected);
  }

  @Override
  public void send(ToGateway.Send send, long[] gateways) {
    add(send.connection(), send);
  }

  @Override
  public void broadcast(ToGateway.Broadcast broadcast, long[] gateways) {
    addToAll(gateways, broadcast);
  }

  @Override
  public void retagged(ToGateway.Retagged retagged, long[] gateways) {
    add(retagged.connection(), retagged);
  }

  @Override
  public void close(ToGateway.Close close, long[] gateways) {
    add(close.connection(), close);
  }

  @Override
  public void autoReplies(ToGateway.AutoReplies replies, long[] gateways) {
    addToAll(gateways, replies);
  }

  @Override
  public void askSeen(ToGateway.AskSeen question, long[] gateways) {
    add(question.connection(), question);
  }

  @Override
  public void responded(ToGateway.Responded responded, long[] gateways) {
    add(new ConnectionId(responded.request()), responded);
  }

  @Override
  public void handled(ToGateway.Handled handled, long[] gateways) {
    add(handled.connection(), handled);
  }

  @Override
  public void withheld(ToGateway.Withheld withheld, long[] gateways) {
    add(withheld.connection(), withheld);
  }

  @Override
  public void resumed(ToGateway.Resumed resumed, long[] gateways) {
    add(resumed.connection(), resumed);
  }

  @Override
  public void ended(ToGateway.Ended ended, long[] gateways) {
    add(ended.connection(), ended);
  }
}
