package dev.dormouse.server.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.protocol.Link.Frame;
import dev.dormouse.server.protocol.Link.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests links over carriers that do what each test says, or what a seed says. */
@Tag("once") // a seed gives the same run on every JVM
class LinkTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long MS = TimeUnit.MILLISECONDS.toNanos(1);

  /** A record, numbered within the link of its sender. */
  private record Word(int link, int number) {}

  /** One end, with its user, which checks all that it hears. */
  private static final class End implements Link.Outside<Word, Word> {
    private final String name;
    private final Limits limits;
    final List<Frame<Word>> carried = new ArrayList<>();
    final List<String> breaks = new ArrayList<>();
    Link<Word, Word> link;

    /** The number of links that this end has used up, with the words that it sent into this one. */
    private int links;

    private int said;

    /** What this end has heard in its present link, and the sender's links it heard before. */
    private int heard;

    private int othersLink = -1;
    private int othersLastLink = -1;

    End(String name, Limits limits, long number, long nowNs) {
      this.name = name;
      this.limits = limits;
      this.link = new Link<>(number, limits, word -> 10, word -> 10, this, nowNs);
    }

    /** Begins anew, as a process that was started again. */
    void restart(long number, long nowNs) {
      link = new Link<>(number, limits, word -> 10, word -> 10, this, nowNs);
      begin();
    }

    private void begin() {
      links++;
      said = 0;
      heard = 0;
      othersLastLink = Math.max(othersLastLink, othersLink);
      othersLink = -1;
    }

    void say(long nowNs) {
      said++;
      link.send(new Word(links, said), nowNs);
    }

    @Override
    public void carry(Frame<Word> frame) {
      carried.add(frame);
    }

    @Override
    public void delivered(Word word) {
      if (heard == 0) {
        assertThat(word.link()).as("link of %s at %s", word, name).isGreaterThan(othersLastLink);
        othersLink = word.link();
      }
      heard++;
      assertThat(word).as("at %s", name).isEqualTo(new Word(othersLink, heard));
    }

    @Override
    public void broken(String why) {
      breaks.add(why);
      begin();
    }

    /** Checks that this end has heard all that the other end has sent into its present link. */
    void hasHeardAllOf(End other) {
      assertThat(heard).as("heard at %s", name).isEqualTo(other.said);
      if (heard > 0) {
        assertThat(othersLink).isEqualTo(other.links);
      }
    }

    List<Frame<Word>> takeCarried() {
      List<Frame<Word>> taken = List.copyOf(carried);
      carried.clear();
      return taken;
    }
  }

  private long nowNs = 1_000 * SECOND;
  private final End a = new End("A", Limits.defaults(), 7, nowNs);
  private final End b = new End("B", Limits.defaults(), 3, nowNs);

  /** Brings all frames over, until none is left. */
  private void exchange() {
    for (int i = 0; i < 100 && !(a.carried.isEmpty() && b.carried.isEmpty()); i++) {
      a.takeCarried().forEach(frame -> b.link.receive(frame, nowNs));
      b.takeCarried().forEach(frame -> a.link.receive(frame, nowNs));
    }
    assertThat(a.carried).as("frames that are exchanged for ever").isEmpty();
  }

  private void pass(long ns) {
    nowNs += ns;
    a.link.tick(nowNs);
    b.link.tick(nowNs);
  }

  private void open() {
    pass(0);
    exchange();
    assertThat(a.link.isOpen()).isTrue();
    assertThat(b.link.isOpen()).isTrue();
  }

  @Test
  void whatIsSentBeforeTheLinkIsOpenArrivesInOrder() {
    a.say(nowNs);
    a.say(nowNs);
    assertThat(a.carried).isEmpty();
    open();
    b.hasHeardAllOf(a);
    assertThat(b.heard).isEqualTo(2);
  }

  @Test
  void aLostRecordIsSentAgainAndLaterOnesWaitForIt() {
    open();
    a.say(nowNs);
    a.carried.clear();
    a.say(nowNs);
    exchange();
    assertThat(b.heard).isZero();
    pass(Limits.defaults().resendNs());
    exchange();
    b.hasHeardAllOf(a);
    pass(50 * MS);
    exchange();
    assertThat(a.link.kept()).isZero();
  }

  @Test
  void aRepeatedFrameIsDeliveredOnce() {
    open();
    a.say(nowNs);
    List<Frame<Word>> frames = a.takeCarried();
    for (int i = 0; i < 3; i++) {
      frames.forEach(frame -> b.link.receive(frame, nowNs));
    }
    assertThat(b.heard).isEqualTo(1);
  }

  @Test
  void whatWasLostIsSentAgainAtOnceWhenTheCarrierIsBack() {
    open();
    for (int i = 0; i < 200; i++) {
      a.say(nowNs);
    }
    a.carried.clear();
    a.link.carrierUp(nowNs);
    exchange();
    b.hasHeardAllOf(a);
  }

  @Test
  void manyRecordsAreAcknowledgedWithoutATick() {
    open();
    for (int i = 0; i < 1_000; i++) {
      a.say(nowNs);
      exchange();
    }
    assertThat(a.link.kept()).isLessThan(100);
  }

  @Test
  void aSilentEndIsLostAfterTheDeadline() {
    open();
    a.say(nowNs);
    for (int i = 0; i < 49; i++) {
      pass(100 * MS);
    }
    assertThat(a.breaks).isEmpty();
    pass(100 * MS);
    assertThat(a.breaks).containsExactly("nothing was heard of the other end for 5000 ms");
    assertThat(b.breaks).containsExactly("nothing was heard of the other end for 5000 ms");
    for (int i = 0; i < 100; i++) {
      pass(100 * MS);
    }
    assertThat(a.breaks).as("told once").hasSize(1);
    a.say(nowNs);
    exchange();
    pass(200 * MS);
    exchange();
    b.hasHeardAllOf(a);
    assertThat(b.heard).isEqualTo(1);
  }

  @Test
  void anIdleLinkLasts() {
    open();
    for (int i = 0; i < 1_000; i++) {
      pass(100 * MS);
      exchange();
    }
    assertThat(a.breaks).isEmpty();
    assertThat(b.breaks).isEmpty();
  }

  @Test
  void aLinkThatCarriesOneWayOnlyBreaksAtBothEnds() {
    open();
    for (int i = 0; i < 60; i++) {
      pass(100 * MS);
      a.carried.clear(); // B does not hear A
      b.takeCarried().forEach(frame -> a.link.receive(frame, nowNs));
    }
    assertThat(b.breaks).containsExactly("nothing was heard of the other end for 5000 ms");
    assertThat(a.breaks).containsExactly("the other end has begun its next link");
    a.say(nowNs);
    for (int i = 0; i < 60; i++) {
      pass(100 * MS);
      a.carried.clear();
      b.takeCarried().forEach(frame -> a.link.receive(frame, nowNs));
    }
    assertThat(a.breaks).hasSize(2).endsWith("the other end acknowledged nothing for 5000 ms");
  }

  @Test
  void tooMuchThatWaitsBreaksTheLinkAtBothEnds() {
    open();
    int most = Limits.defaults().recordsMax();
    for (int i = 0; i < most; i++) {
      a.say(nowNs);
    }
    assertThat(a.breaks).isEmpty();
    List<Frame<Word>> late = a.takeCarried();
    a.say(nowNs);
    assertThat(a.breaks).containsExactly("65536 records of 655360 bytes wait for the other end");
    late.subList(0, 3).forEach(frame -> b.link.receive(frame, nowNs));
    assertThat(b.heard).isEqualTo(3);
    exchange();
    assertThat(b.breaks).containsExactly("the other end has begun its next link");
    late.forEach(frame -> b.link.receive(frame, nowNs));
    assertThat(b.heard).as("what is delivered of the broken link").isZero();
    open();
  }

  @Test
  void aRestartedEndIsRecognised() {
    open();
    a.say(nowNs);
    exchange();
    b.restart(4, nowNs);
    a.say(nowNs);
    open();
    assertThat(a.breaks).containsExactly("the other end has begun its next link");
    assertThat(b.heard).as("what the restarted end hears of the earlier link").isZero();
    a.say(nowNs);
    exchange();
    b.hasHeardAllOf(a);
  }

  @Test
  void anEndThatWasRestartedWithAnOldNumberTakesALaterOne() {
    open();
    b.restart(1, nowNs);
    for (int i = 0; i < 10; i++) {
      pass(200 * MS);
      exchange();
    }
    assertThat(b.link.number()).isGreaterThan(3);
    assertThat(a.breaks).hasSize(1);
    a.say(nowNs);
    b.say(nowNs);
    exchange();
    b.hasHeardAllOf(a);
    a.hasHeardAllOf(b);
    assertThat(b.heard).isEqualTo(1);
  }

  @Test
  void aReceiverMayAnswerUntilTheLinkBreaks() {
    Limits few = new Limits(3, 1_000, 5 * SECOND, 200 * MS);
    List<Word> heard = new ArrayList<>();
    List<String> breaks = new ArrayList<>();
    List<Frame<Word>> carried = new ArrayList<>();
    var answering =
        new Link.Outside<Word, Word>() {
          @Nullable Link<Word, Word> link;

          @Override
          public void carry(Frame<Word> frame) {
            carried.add(frame);
          }

          @Override
          public void delivered(Word word) {
            heard.add(word);
            link.send(word, nowNs);
          }

          @Override
          public void broken(String why) {
            breaks.add(why);
          }
        };
    answering.link = new Link<>(9, few, word -> 10, word -> 10, answering, nowNs);
    a.link.tick(nowNs);
    a.takeCarried().forEach(frame -> answering.link.receive(frame, nowNs));
    carried.forEach(frame -> a.link.receive(frame, nowNs));
    for (int i = 0; i < 6; i++) {
      a.say(nowNs);
    }
    List<Frame<Word>> frames = new ArrayList<>(a.takeCarried());
    frames.add(frames.remove(1)); // the first record comes last, and lets the others in
    frames.forEach(frame -> answering.link.receive(frame, nowNs));
    assertThat(breaks).containsExactly("3 records of 30 bytes wait for the other end");
    assertThat(heard).as("what is delivered until the break").hasSize(4);
  }

  // The hostile carrier follows.

  /** A frame under way. */
  private record Flight(End to, Frame<Word> frame, long arrivesNs) {}

  /** Two ends and a carrier that does what a seed says. */
  private static final class Storm {
    private final SplittableRandom dice;
    private final Limits limits;
    private final int lossPercent;
    private final int repeatPercent;
    private final long delayMaxNs;
    private final boolean isRestarting;
    private final boolean isBlackedOut;
    private final List<Flight> flights = new ArrayList<>();
    private final End a;
    private final End b;
    private long nowNs = 50 * SECOND;
    private long numbers = 1;
    private long darkAToBUntilNs = nowNs;
    private long darkBToAUntilNs = nowNs;
    private boolean isCalm;

    Storm(long seed) {
      dice = new SplittableRandom(seed);
      boolean isNarrow = dice.nextInt(3) == 0;
      limits =
          new Limits(
              isNarrow ? dice.nextInt(2, 40) : 10_000,
              isNarrow && dice.nextBoolean() ? 100 : 1 << 20,
              5 * SECOND,
              200 * MS);
      lossPercent = dice.nextInt(40);
      repeatPercent = dice.nextInt(30);
      delayMaxNs = dice.nextInt(4) == 0 ? 8 * SECOND : dice.nextInt(1, 300) * MS;
      isRestarting = dice.nextInt(3) == 0;
      isBlackedOut = dice.nextInt(2) == 0;
      a = new End("A", limits, numbers++, nowNs);
      b = new End("B", limits, numbers++, nowNs);
    }

    void blow() {
      int steps = dice.nextInt(100, 1_500);
      for (int i = 0; i < steps; i++) {
        step();
      }
    }

    private void step() {
      switch (dice.nextInt(12)) {
        case 0, 1, 2 -> a.say(nowNs);
        case 3, 4 -> b.say(nowNs);
        case 5 -> (dice.nextBoolean() ? a : b).link.carrierUp(nowNs);
        case 6 -> mayRestart();
        case 7 -> mayGoDark();
        default -> pass();
      }
      carry();
    }

    private void mayRestart() {
      if (isRestarting && dice.nextInt(20) == 0) {
        (dice.nextBoolean() ? a : b).restart(100 * numbers++, nowNs);
      }
    }

    private void mayGoDark() {
      if (isBlackedOut && dice.nextInt(10) == 0) {
        long until = nowNs + dice.nextInt(9_000) * MS;
        int way = dice.nextInt(3);
        darkAToBUntilNs = way == 0 ? darkAToBUntilNs : until;
        darkBToAUntilNs = way == 1 ? darkBToAUntilNs : until;
      }
    }

    /** Lets time pass; whatever has arrived by then comes in any order. */
    private void pass() {
      nowNs += dice.nextInt(120) * MS;
      List<Flight> arrived = new ArrayList<>();
      flights.removeIf(flight -> flight.arrivesNs - nowNs <= 0 && arrived.add(flight));
      while (!arrived.isEmpty()) {
        Flight flight = arrived.remove(dice.nextInt(arrived.size()));
        flight.to.link.receive(flight.frame, nowNs);
      }
      a.link.tick(nowNs);
      b.link.tick(nowNs);
    }

    private void carry() {
      a.takeCarried().forEach(frame -> carry(frame, b, darkAToBUntilNs));
      b.takeCarried().forEach(frame -> carry(frame, a, darkBToAUntilNs));
    }

    private void carry(Frame<Word> frame, End to, long darkUntilNs) {
      if (nowNs - darkUntilNs < 0 || (!isCalm && dice.nextInt(100) < lossPercent)) {
        return;
      }
      long delayNs = isCalm ? 20 * MS : dice.nextLong(delayMaxNs);
      flights.add(new Flight(to, frame, nowNs + delayNs));
      if (!isCalm && dice.nextInt(100) < repeatPercent) {
        carry(frame, to, darkUntilNs);
      }
    }

    /** Lets the carrier be good; then all must come to rest and everything arrive. */
    void heal() {
      isCalm = true;
      darkAToBUntilNs = nowNs;
      darkBToAUntilNs = nowNs;
      long end = nowNs + 30 * SECOND;
      while (nowNs - end < 0) {
        pass();
        carry();
      }
      a.say(nowNs);
      b.say(nowNs);
      for (int i = 0; i < 20; i++) {
        pass();
        carry();
      }
      a.hasHeardAllOf(b);
      b.hasHeardAllOf(a);
      assertThat(a.heard).isPositive();
      assertThat(b.heard).isPositive();
      assertThat(a.link.kept()).as("kept at A").isZero();
      assertThat(b.link.kept()).as("kept at B").isZero();
    }
  }

  @Test
  void recordsArriveInOrderAndOnceOrBothEndsHearThatTheLinkIsBroken() {
    int unbroken = 0;
    int broken = 0;
    for (long seed = 1; seed <= 4_000; seed++) {
      Storm storm = new Storm(seed);
      try {
        storm.blow();
        storm.heal();
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
      broken += storm.a.breaks.size() + storm.b.breaks.size();
      unbroken += storm.a.breaks.isEmpty() && storm.b.breaks.isEmpty() ? 1 : 0;
    }
    assertThat(unbroken).as("runs without a break").isGreaterThan(500);
    assertThat(broken).as("breaks").isGreaterThan(2_000);
  }

  @Test
  void lossAndDelayAloneDoNotBreakALink() {
    for (long seed = 1; seed <= 4_000; seed++) {
      Storm storm = new Storm(seed);
      boolean isMild =
          storm.delayMaxNs < SECOND
              && storm.limits.recordsMax() == 10_000
              && !storm.isBlackedOut
              && !storm.isRestarting;
      if (isMild) {
        storm.blow();
        assertThat(storm.a.breaks).as("seed %d", seed).isEmpty();
        assertThat(storm.b.breaks).as("seed %d", seed).isEmpty();
      }
    }
  }
}
