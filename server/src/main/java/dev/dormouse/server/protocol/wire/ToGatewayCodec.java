package dev.dormouse.server.protocol.wire;

import dev.dormouse.server.protocol.ToGateway;

/** Writes and reads the records that hosts send to gateways inside of releases. */
final class ToGatewayCodec {
  private static final ToGateway.Receiver<WireWriter> WRITER = new Writer();

  private ToGatewayCodec() {}

  static void write(WireWriter out, ToGateway record) {
    record.dispatch(WRITER, out);
  }

  /** Writes each kind of record; the fields come in the order of the record's own. */
  private static final class Writer implements ToGateway.Receiver<WireWriter> {

    @Override
    public void accepted(ToGateway.Accepted accepted, WireWriter out) {
      int begin = out.begin(Kind.ACCEPTED);
      Values.connection(out, accepted.connection());
      out.texts(accepted.tags());
      Values.headers(out, accepted.headers());
      out.end(begin);
    }

    @Override
    public void rejected(ToGateway.Rejected rejected, WireWriter out) {
      int begin = out.begin(Kind.REJECTED);
      Values.connection(out, rejected.connection());
      Values.response(out, rejected.response());
      out.end(begin);
    }

    @Override
    public void send(ToGateway.Send send, WireWriter out) {
      int begin = out.begin(Kind.SEND);
      Values.connection(out, send.connection());
      Values.payload(out, send.payload());
      Values.textOrNull(out, send.key());
      out.int8(send.report());
      out.end(begin);
    }

    @Override
    public void broadcast(ToGateway.Broadcast broadcast, WireWriter out) {
      int begin = out.begin(Kind.BROADCAST);
      out.texts(broadcast.tags());
      Values.connections(out, broadcast.except());
      Values.payload(out, broadcast.payload());
      Values.textOrNull(out, broadcast.key());
      out.end(begin);
    }

    @Override
    public void retagged(ToGateway.Retagged retagged, WireWriter out) {
      int begin = out.begin(Kind.RETAGGED);
      Values.connection(out, retagged.connection());
      out.texts(retagged.tags());
      out.end(begin);
    }

    @Override
    public void close(ToGateway.Close close, WireWriter out) {
      int begin = out.begin(Kind.CLOSE);
      Values.connection(out, close.connection());
      out.int4(close.code());
      out.text(close.reason());
      out.end(begin);
    }

    @Override
    public void autoReplies(ToGateway.AutoReplies replies, WireWriter out) {
      int begin = out.begin(Kind.AUTO_REPLIES);
      out.list(replies.replies(), Values::autoReply);
      out.end(begin);
    }

    @Override
    public void askSeen(ToGateway.AskSeen question, WireWriter out) {
      int begin = out.begin(Kind.ASK_SEEN);
      Values.connection(out, question.connection());
      out.int8(question.report());
      out.end(begin);
    }

    @Override
    public void responded(ToGateway.Responded responded, WireWriter out) {
      int begin = out.begin(Kind.RESPONDED);
      out.int8(responded.request());
      Values.response(out, responded.response());
      out.end(begin);
    }

    @Override
    public void handled(ToGateway.Handled handled, WireWriter out) {
      int begin = out.begin(Kind.HANDLED);
      Values.connection(out, handled.connection());
      out.int8(handled.sequence());
      out.end(begin);
    }

    @Override
    public void withheld(ToGateway.Withheld withheld, WireWriter out) {
      int begin = out.begin(Kind.WITHHELD);
      Values.connection(out, withheld.connection());
      out.int8(withheld.sequence());
      out.end(begin);
    }

    @Override
    public void resumed(ToGateway.Resumed resumed, WireWriter out) {
      int begin = out.begin(Kind.RESUMED);
      Values.connection(out, resumed.connection());
      out.int8(resumed.sequence());
      out.end(begin);
    }

    @Override
    public void ended(ToGateway.Ended ended, WireWriter out) {
      int begin = out.begin(Kind.ENDED);
      Values.connection(out, ended.connection());
      out.end(begin);
    }
  }

  static ToGateway read(WireReader in) {
    Kind kind = in.kind();
    int outer = in.begin("record");
    ToGateway record =
        switch (kind) {
          case ACCEPTED ->
              new ToGateway.Accepted(Values.connection(in), in.texts("tags"), Values.headers(in));
          case REJECTED -> new ToGateway.Rejected(Values.connection(in), Values.response(in));
          case SEND ->
              new ToGateway.Send(
                  Values.connection(in),
                  Values.payload(in),
                  Values.textOrNull(in, "key"),
                  in.int8("report"));
          case BROADCAST ->
              new ToGateway.Broadcast(
                  in.texts("tags"),
                  Values.connections(in),
                  Values.payload(in),
                  Values.textOrNull(in, "key"));
          case RETAGGED -> new ToGateway.Retagged(Values.connection(in), in.texts("tags"));
          case CLOSE ->
              new ToGateway.Close(
                  Values.connection(in), in.int4("close code"), in.text("close reason"));
          case AUTO_REPLIES ->
              new ToGateway.AutoReplies(
                  in.list("automatic replies", 2 * Integer.BYTES, Values::autoReply));
          case ASK_SEEN -> new ToGateway.AskSeen(Values.connection(in), in.int8("report"));
          case RESPONDED -> new ToGateway.Responded(in.int8("request"), Values.response(in));
          case HANDLED -> new ToGateway.Handled(Values.connection(in), in.int8("sequence"));
          case WITHHELD -> new ToGateway.Withheld(Values.connection(in), in.int8("sequence"));
          case RESUMED -> new ToGateway.Resumed(Values.connection(in), in.int8("sequence"));
          case ENDED -> new ToGateway.Ended(Values.connection(in));
          default -> throw in.misplaced(kind);
        };
    in.end(outer);
    return record;
  }
}
