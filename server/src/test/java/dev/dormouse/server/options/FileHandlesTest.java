package dev.dormouse.server.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileHandlesTest {

  @ParameterizedTest
  @CsvSource({
    "1048576, 991620, 256, 64, 4096",
    "65536, 57732, 256, 64, 4096",
    "20000, 17318, 256, 64, 1250",
    "1024, 701, 64, 32, 64",
    "256, 68, 16, 16, 32",
    "-1, 2147483647, 256, 64, 4096",
    "9223372036854775807, 2147483647, 256, 64, 4096",
  })
  @DisplayName("F25: connections, plain ones, the admin port and the store have shares of handles")
  void everybodyHasAShareOfTheHandles(long limit, int connections, int http, int admin, int store) {
    FileHandles handles = FileHandles.of(limit, 4);
    assertThat(handles.connections()).isEqualTo(connections);
    assertThat(handles.httpConnections()).isEqualTo(http);
    assertThat(handles.adminConnections()).isEqualTo(admin);
    assertThat(handles.storeFiles()).isEqualTo(store);
  }

  @ParameterizedTest
  @ValueSource(longs = {202, 256, 1_000, 1_024, 4_096, 20_000, 65_536, 1 << 20})
  @DisplayName("F25: the shares add up to less than the process has")
  void theSharesAddUpToLessThanTheLimit(long limit) {
    FileHandles handles = FileHandles.of(limit, 4);
    long shares =
        (long) handles.connections()
            + handles.httpConnections()
            + handles.adminConnections()
            + handles.storeFiles();
    long others = 64 + 4 * 4;
    assertThat(shares + others).isLessThanOrEqualTo(limit - 32 - limit / 20);
    assertThat(handles.connections()).isGreaterThanOrEqualTo(16);
  }

  @Test
  @DisplayName("F25: with too few handles the server does not start, and says how many it lacks")
  void tooFewHandlesAreRefused() {
    assertThatThrownBy(() -> FileHandles.of(128, 4))
        .isInstanceOf(ServerStartException.class)
        .hasMessageContaining("may have 128 files open, which is 74 too few")
        .hasMessageContaining("ulimit -n");
    assertThatThrownBy(() -> FileHandles.of(128 + 73, 4)).hasMessageContaining(" 1 too few");
    assertThat(FileHandles.of(128 + 74, 4).connections()).isEqualTo(16);
  }

  @Test
  @DisplayName("A4: more connections than the handles can carry are lowered to what they can")
  void moreConnectionsThanHandlesAreLowered() {
    FileHandles handles = FileHandles.of(1_024, 4);
    assertThat(
            fitted(
                handles,
                ConnectionLimits.none()
                    .connectionsMax(5_000)
                    .perAddressMax(3)
                    .upgradesPerSecondPerAddress(2)))
        .isEqualTo(
            ConnectionLimits.none()
                .connectionsMax(701)
                .perAddressMax(3)
                .upgradesPerSecondPerAddress(2));
    assertThat(fitted(handles, ConnectionLimits.none().connectionsMax(200)))
        .isEqualTo(ConnectionLimits.none().connectionsMax(200));
    assertThat(fitted(handles, ConnectionLimits.none()))
        .isEqualTo(ConnectionLimits.none().connectionsMax(701));
    assertThat(handles.isTooFewFor(701)).isFalse();
    assertThat(handles.isTooFewFor(702)).isTrue();
  }

  private static ConnectionLimits fitted(FileHandles handles, ConnectionLimits asked) {
    ServerOptions options =
        ServerOptions.defaults().gateway(GatewayOptions.defaults().limits(asked));
    GatewayOptions fitted = handles.fitted(options).gateway();
    assertThat(fitted.httpConnectionsMax()).isEqualTo(handles.httpConnections());
    return fitted.limits();
  }
}
