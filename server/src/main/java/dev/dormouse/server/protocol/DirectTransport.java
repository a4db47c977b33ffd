package dev.dormouse.server.protocol;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Carries records between the gateway and the host of one process, by direct calls. It never loses
 * a record, and its link never breaks.
 */
public final class DirectTransport implements Transport {
  /** The name by which the host knows the one gateway. */
  private static final long GATEWAY = 0;

  private volatile @Nullable HostEnd host;
  private volatile @Nullable GatewayEnd gateway;
  private volatile LongSupplier underWay = () -> 0;

  @Override
  public void connect(HostEnd host, GatewayEnd gateway) {
    this.host = host;
    this.gateway = gateway;
  }

  @Override
  public void toHost(Owner owner, ToHost record) {
    connected(host).accept(GATEWAY, owner.epoch(), record);
  }

  @Override
  public void toGateway(long gatewayRun, FromHost record) {
    connected(gateway).accept(record);
  }

  @Override
  public void measure(LongSupplier underWay) {
    this.underWay = underWay;
  }

  @Override
  public long underWayBytes() {
    return underWay.getAsLong();
  }

  private static <T> T connected(@Nullable T end) {
    if (end == null) {
      throw new IllegalStateException(
          "a record was handed to the transport before connect() named its two ends");
    }
    return end;
  }
}
