package dev.dormouse.server.protocol.wire;

import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Release;

/** Writes and reads what hosts hand to the transport for gateways. */
final class FromHostCodec {
  /** The bytes of a kind and a length, which each record begins with. */
  private static final int RECORD_LEAST_BYTES = 1 + 4;

  private FromHostCodec() {}

  static void write(WireWriter out, FromHost record) {
    record.dispatch(new Writer(out));
  }

  /** Writes each kind of record; the fields come in the order of the record's own. */
  private record Writer(WireWriter out) implements FromHost.Receiver {

    @Override
    public void release(Release release) {
      int begin = out.begin(Kind.RELEASE);
      Values.actor(out, release.actor());
      out.int8(release.epoch());
      out.list(release.records(), ToGatewayCodec::write);
      out.end(begin);
    }

    @Override
    public void attached(FromHost.Attached attached) {
      int begin = out.begin(Kind.ATTACHED);
      out.int4(attached.group());
      out.int8(attached.epoch());
      out.end(begin);
    }

    @Override
    public void notOwner(FromHost.NotOwner notOwner) {
      int begin = out.begin(Kind.NOT_OWNER);
      out.int4(notOwner.group());
      out.int8(notOwner.refused());
      Values.ownerOrNull(out, notOwner.known());
      out.end(begin);
    }

    @Override
    public void unknown(FromHost.Unknown unknown) {
      int begin = out.begin(Kind.UNKNOWN);
      out.int4(unknown.group());
      out.int8(unknown.epoch());
      out.longs(unknown.connections());
      out.end(begin);
    }
  }

  static FromHost read(WireReader in) {
    Kind kind = in.kind();
    int outer = in.begin("record");
    FromHost record =
        switch (kind) {
          case RELEASE ->
              new Release(
                  Values.actor(in),
                  in.int8("epoch"),
                  in.list("records", RECORD_LEAST_BYTES, ToGatewayCodec::read));
          case ATTACHED -> new FromHost.Attached(Values.group(in), in.int8("epoch"));
          case NOT_OWNER ->
              new FromHost.NotOwner(Values.group(in), in.int8("epoch"), Values.ownerOrNull(in));
          case UNKNOWN ->
              new FromHost.Unknown(Values.group(in), in.int8("epoch"), in.longs("connections"));
          default -> throw in.misplaced(kind);
        };
    in.end(outer);
    return record;
  }
}
