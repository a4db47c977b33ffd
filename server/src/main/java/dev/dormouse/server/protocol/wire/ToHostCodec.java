package dev.dormouse.server.protocol.wire;

import dev.dormouse.server.protocol.ToHost;
import org.jspecify.annotations.Nullable;

/** Writes and reads the records that gateways send to hosts. */
final class ToHostCodec {
  private ToHostCodec() {}

  static void write(WireWriter out, ToHost record) {
    record.dispatch(new Writer(out));
  }

  /** Writes each kind of record; the fields come in the order of the record's own. */
  @SuppressWarnings("NullAway") // the visitors' result type admits null here
  private record Writer(WireWriter out)
      implements ToHost.Receiver, ToHost.ClientEvent.Visitor<@Nullable Void, RuntimeException> {

    @Override
    public void event(ToHost.ClientEvent event) {
      event.accept(this);
    }

    @Override
    public @Nullable Void open(ToHost.Open open) {
      int begin = out.begin(Kind.OPEN);
      Values.actor(out, open.actor());
      Values.connection(out, open.connection());
      Values.requestHead(out, open.head());
      Values.textOrNull(out, open.subprotocol());
      out.end(begin);
      return null;
    }

    @Override
    public @Nullable Void message(ToHost.Message message) {
      int begin = out.begin(Kind.MESSAGE);
      Values.actor(out, message.actor());
      Values.connection(out, message.connection());
      out.int8(message.sequence());
      Values.payload(out, message.payload());
      out.bool(message.isRepeat());
      out.end(begin);
      return null;
    }

    @Override
    public @Nullable Void failed(ToHost.Failed failed) {
      int begin = out.begin(Kind.FAILED);
      Values.actor(out, failed.actor());
      Values.connection(out, failed.connection());
      out.text(failed.error());
      Values.closeReason(out, failed.reason());
      out.end(begin);
      return null;
    }

    @Override
    public @Nullable Void closed(ToHost.Closed closed) {
      int begin = out.begin(Kind.CLOSED);
      Values.actor(out, closed.actor());
      Values.connection(out, closed.connection());
      Values.closeReason(out, closed.reason());
      out.end(begin);
      return null;
    }

    @Override
    public void delivered(ToHost.Delivered delivered) {
      int begin = out.begin(Kind.DELIVERED);
      Values.actor(out, delivered.actor());
      Values.connection(out, delivered.connection());
      out.int8(delivered.report());
      Values.outcome(out, delivered.outcome());
      out.end(begin);
    }

    @Override
    public void seen(ToHost.Seen seen) {
      int begin = out.begin(Kind.SEEN);
      Values.actor(out, seen.actor());
      Values.connection(out, seen.connection());
      out.int8(seen.report());
      Values.instantOrNull(out, seen.at());
      out.end(begin);
    }

    @Override
    public @Nullable Void request(ToHost.Request request) {
      int begin = out.begin(Kind.REQUEST);
      Values.actor(out, request.actor());
      out.int8(request.request());
      Values.requestHead(out, request.head());
      out.bytes(request.body());
      out.int8(request.settled());
      out.bool(request.isRepeat());
      out.end(begin);
      return null;
    }

    @Override
    public void announce(ToHost.Announce announce) {
      int begin = out.begin(Kind.ANNOUNCE);
      out.int4(announce.group());
      out.int8(announce.firstNew());
      out.longs(announce.connections());
      out.longs(announce.states());
      out.bool(announce.isFirst());
      out.bool(announce.isLast());
      out.end(begin);
    }
  }

  static ToHost read(WireReader in) {
    Kind kind = in.kind();
    int outer = in.begin("record");
    ToHost record =
        switch (kind) {
          case OPEN ->
              new ToHost.Open(
                  Values.actor(in),
                  Values.connection(in),
                  Values.requestHead(in),
                  Values.textOrNull(in, "subprotocol"));
          case MESSAGE ->
              new ToHost.Message(
                  Values.actor(in),
                  Values.connection(in),
                  in.int8("sequence"),
                  Values.payload(in),
                  in.bool("isRepeat"));
          case FAILED ->
              new ToHost.Failed(
                  Values.actor(in),
                  Values.connection(in),
                  in.text("error"),
                  Values.closeReason(in));
          case CLOSED ->
              new ToHost.Closed(Values.actor(in), Values.connection(in), Values.closeReason(in));
          case DELIVERED ->
              new ToHost.Delivered(
                  Values.actor(in), Values.connection(in), in.int8("report"), Values.outcome(in));
          case SEEN ->
              new ToHost.Seen(
                  Values.actor(in),
                  Values.connection(in),
                  in.int8("report"),
                  Values.instantOrNull(in));
          case REQUEST ->
              new ToHost.Request(
                  Values.actor(in),
                  in.int8("request"),
                  Values.requestHead(in),
                  in.bytes("body"),
                  in.int8("settled"),
                  in.bool("isRepeat"));
          case ANNOUNCE -> announce(in);
          default -> throw in.misplaced(kind);
        };
    in.end(outer);
    return record;
  }

  private static ToHost announce(WireReader in) {
    int group = Values.group(in);
    long firstNew = in.int8("firstNew");
    long[] connections = part(in);
    long[] states = in.longs("states");
    if (states.length != connections.length) {
      throw in.fault("states", states.length + " are not one for each of " + connections.length);
    }
    return new ToHost.Announce(
        group, firstNew, connections, states, in.bool("isFirst"), in.bool("isLast"));
  }

  private static long[] part(WireReader in) {
    long[] connections = in.longs("connections");
    if (connections.length > ToHost.Announce.PART_MAX) {
      throw in.fault(
          "connections",
          connections.length + " ids are more than the " + ToHost.Announce.PART_MAX + " of a part");
    }
    return connections;
  }
}
