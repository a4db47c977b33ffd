package dev.dormouse.server.protocol;

import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Carries records between a gateway and a host of one process, by direct calls. */
public final class DirectTransport implements Transport {
  private volatile @Nullable Consumer<ToHost> host;
  private volatile @Nullable Consumer<Release> gateway;
  private volatile LongSupplier underWay = () -> 0;

  @Override
  public void connect(Consumer<ToHost> host, Consumer<Release> gateway) {
    this.host = host;
    this.gateway = gateway;
  }

  @Override
  public void toHost(ToHost record) {
    connected(host).accept(record);
  }

  @Override
  public void toGateway(Release release) {
    connected(gateway).accept(release);
  }

  @Override
  public void measure(LongSupplier underWay) {
    this.underWay = underWay;
  }

  @Override
  public long underWayBytes() {
    return underWay.getAsLong();
  }

  private static <T> Consumer<T> connected(@Nullable Consumer<T> end) {
    if (end == null) {
      throw new IllegalStateException(
          "a record was handed to the transport before connect() named its two ends");
    }
    return end;
  }
}
