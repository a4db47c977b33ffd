package dev.dormouse.server.gateway.socket;

import static dev.dormouse.server.gateway.socket.SocketState.ANSWERING;
import static dev.dormouse.server.gateway.socket.SocketState.CLOSING;
import static dev.dormouse.server.gateway.socket.SocketState.DRAINING;
import static dev.dormouse.server.gateway.socket.SocketState.GONE;
import static dev.dormouse.server.gateway.socket.SocketState.OPEN;
import static dev.dormouse.server.gateway.socket.SocketState.UPGRADING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SocketStateTest {
  /** The states that may follow each state: RFC 6455, section 7.1, and the end of TCP. */
  private static final Map<SocketState, Set<SocketState>> LEGAL =
      Map.of(
          UPGRADING, Set.of(OPEN, GONE),
          OPEN, Set.of(ANSWERING, CLOSING, DRAINING, GONE),
          ANSWERING, Set.of(DRAINING, GONE),
          CLOSING, Set.of(DRAINING, GONE),
          DRAINING, Set.of(GONE),
          GONE, Set.of());

  static List<Arguments> pairs() {
    List<Arguments> pairs = new ArrayList<>();
    for (SocketState from : SocketState.values()) {
      for (SocketState to : SocketState.values()) {
        pairs.add(Arguments.of(from, to));
      }
    }
    return pairs;
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void aStateFollowsAnotherOnlyIfTheLifeOfASocketAllowsIt(SocketState from, SocketState to) {
    if (LEGAL.get(from).contains(to)) {
      assertThat(from.to(to)).isEqualTo(to);
    } else {
      assertThatIllegalStateException()
          .isThrownBy(() -> from.to(to))
          .withMessage("a socket cannot go from " + from + " to " + to);
    }
  }
}
