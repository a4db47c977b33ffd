package dev.dormouse.server.gateway.socket;

import static dev.dormouse.server.gateway.RawClient.CLOSE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.sdk.OutboundPolicy;
import dev.dormouse.server.gateway.limits.Counters;
import dev.dormouse.server.gateway.wire.DeflateTerms;
import dev.dormouse.server.protocol.Payload;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Sends messages at random to a network that takes some now and then. */
class SlowClientRandomTest {
  private static LeakWatch leaks;

  private static final int SEEDS = 4;
  private static final int MESSAGES = 400;

  private static final DeflateTerms PLAIN = null;
  private static final DeflateTerms WITHOUT_CONTEXT = new DeflateTerms(false, false, false);
  private static final DeflateTerms WITH_CONTEXT = new DeflateTerms(true, true, false);

  private record Sent(String key, String text) {}

  /** The ways in which a run ends. */
  private enum End {
    NONE,
    ACTOR_CLOSES,
    CLIENT_LOST
  }

  private final List<Sent> sent = new ArrayList<>();

  @BeforeAll
  static void lookForLeaks() {
    leaks = new LeakWatch();
  }

  @AfterAll
  static void noLeaks() {
    leaks.close();
  }

  static Stream<Arguments> runs() {
    return Stream.of(OutboundPolicy.values())
        .flatMap(
            policy ->
                Stream.of(PLAIN, WITHOUT_CONTEXT, WITH_CONTEXT)
                    .flatMap(
                        terms ->
                            LongStream.range(0, SEEDS)
                                .mapToObj(seed -> Arguments.of(policy, terms, seed))));
  }

  @ParameterizedTest(name = "{0}, {1}, seed {2}")
  @MethodSource("runs")
  @DisplayName("order, one outcome for each message, never over the limit, nothing left behind")
  void eachMessageHasOneOutcomeInOrderAndNothingIsLeftBehind(
      OutboundPolicy policy, DeflateTerms terms, long seed) throws Exception {
    Random random = new Random(seed);
    try (StuckSocket client = new StuckSocket(policy, terms)) {
      while (sent.size() < MESSAGES && client.counters.slowClosed.sum() == 0) {
        doSomething(client, random);
        assertThat(client.socket.waitingBytes()).isLessThanOrEqualTo(StuckSocket.BYTES_MAX);
      }
      End end = End.values()[random.nextInt(3)];
      if (end == End.ACTOR_CLOSES) {
        client.socket.close(new CloseReason(1_000, "", Cause.ACTOR));
      } else if (end == End.CLIENT_LOST) {
        client.lose();
      }
      client.socket.flush();
      client.channel.allowAll();
      Set<Integer> delivered = delivered(client.channel);
      check(policy, end, client.outcomes, delivered);
      checkCounters(client);
    }
  }

  private void doSomething(StuckSocket client, Random random) {
    switch (random.nextInt(8)) {
      case 0 -> client.channel.allow(random.nextInt(12));
      case 1 -> client.channel.stop();
      case 2 -> client.channel.allow(1);
      default -> {
        String key = random.nextBoolean() ? null : "k" + random.nextInt(4);
        String text = sent.size() + ":" + "so long ".repeat(random.nextInt(500));
        sent.add(new Sent(key, text));
        if (random.nextBoolean()) {
          client.send(sent.size(), key, text);
        } else {
          client.socket.send(Payload.text(text), null, key, sent.size());
        }
      }
    }
  }

  /**
   * Returns the numbers of the messages that the network took. Each must be as it was sent, and in
   * that order.
   */
  private Set<Integer> delivered(StuckChannel channel) throws DataFormatException {
    Set<Integer> delivered = new HashSet<>();
    int last = -1;
    Inflater context = new Inflater(true);
    try {
      for (StuckChannel.Frame frame : channel.frames()) {
        if (frame.opcode() != CLOSE) {
          byte[] bytes = frame.payload();
          String text =
              new String(
                  frame.isCompressed() ? ClientDeflate.inflate(context, bytes) : bytes, UTF_8);
          int number = Integer.parseInt(text.substring(0, text.indexOf(':')));
          assertThat(number).isGreaterThan(last);
          assertThat(text).isEqualTo(sent.get(number).text);
          delivered.add(number);
          last = number;
        }
      }
    } finally {
      context.end();
    }
    return delivered;
  }

  private void check(
      OutboundPolicy policy, End end, Map<Long, Outcome> outcomes, Set<Integer> delivered) {
    assertThat(outcomes).hasSize(sent.size());
    Map<String, Integer> latest = new HashMap<>();
    for (int i = 0; i < sent.size(); i++) {
      Outcome outcome = outcomes.get(i + 1L);
      assertThat(delivered.contains(i)).isEqualTo(outcome == Outcome.WRITTEN);
      assertThat(outcome).isIn(possible(policy, sent.get(i)));
      latest.put(sent.get(i).key, i);
    }
    latest.forEach(
        (key, i) -> assertThat(outcomes.get(i + 1L)).as(key).isNotEqualTo(Outcome.CONFLATED));
    if (policy == OutboundPolicy.DROP_OLDEST && end != End.CLIENT_LOST) {
      assertThat(outcomes.get((long) sent.size())).isEqualTo(Outcome.WRITTEN);
    }
    if (end != End.CLIENT_LOST) {
      assertThat(outcomes.values().stream().filter(Outcome.CONNECTION_CLOSED::equals).count())
          .isLessThanOrEqualTo(1);
    }
  }

  private static List<Outcome> possible(OutboundPolicy policy, Sent message) {
    return switch (policy) {
      case CLOSE -> List.of(Outcome.WRITTEN, Outcome.CONNECTION_CLOSED);
      case DROP_OLDEST -> List.of(Outcome.WRITTEN, Outcome.CONNECTION_CLOSED, Outcome.DROPPED);
      case CONFLATE ->
          message.key == null
              ? List.of(Outcome.WRITTEN, Outcome.CONNECTION_CLOSED)
              : List.of(Outcome.WRITTEN, Outcome.CONNECTION_CLOSED, Outcome.CONFLATED);
    };
  }

  private void checkCounters(StuckSocket client) {
    Map<Outcome, Long> counted = new HashMap<>();
    client.outcomes.values().forEach(outcome -> counted.merge(outcome, 1L, Long::sum));
    Counters counters = client.counters;
    assertThat(counters.slowDropped.sum()).isEqualTo(counted.getOrDefault(Outcome.DROPPED, 0L));
    assertThat(counters.conflated.sum()).isEqualTo(counted.getOrDefault(Outcome.CONFLATED, 0L));
    assertThat(
            counters.messagesOut.sum()
                + counters.droppedOut.sum()
                + counters.slowDropped.sum()
                + counters.conflated.sum())
        .isEqualTo(sent.size());
  }
}
