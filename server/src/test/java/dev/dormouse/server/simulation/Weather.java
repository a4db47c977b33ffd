package dev.dormouse.server.simulation;

import dev.dormouse.server.host.HostOptions;
import dev.dormouse.server.host.RetryPolicy;
import java.time.Duration;

/**
 * The roughness of a run. It is drawn from the seed before all else. Many troubles are absent from
 * many runs, so that frequent ones do not drown rare ones.
 *
 * @param steps the number of steps before everything is healed
 * @param actors the number of actors
 * @param connectionsMax the most connections open at a time
 * @param crashWeight how often the node dies, against 1,000 of other steps; likewise the next ones
 * @param stopWeight how often the node is stopped in good order
 * @param refusalWeight how often commits of one actor are refused
 * @param fullWeight how often the disk becomes full, or has room again
 * @param failWeight how often the store fails for good
 * @param fenceWeight how often the store is fenced
 * @param badReadsWeight how often reads begin or cease to fail
 * @param hangPercent the percentage of handlers that are held up, some of them for too long
 * @param throwPercent the percentage of handlers that throw
 * @param waitPercent the percentage of handlers that wait for a stage
 * @param overdoPercent the percentage of handlers that go beyond a limit
 * @param repeatPercent the percentage of repeats among records that may come twice
 * @param swiftCommitsPercent the percentage of commits that are reported before their call returns
 * @param options the options of the host
 */
record Weather(
    int steps,
    int actors,
    int connectionsMax,
    int crashWeight,
    int stopWeight,
    int refusalWeight,
    int fullWeight,
    int failWeight,
    int fenceWeight,
    int badReadsWeight,
    int hangPercent,
    int throwPercent,
    int waitPercent,
    int overdoPercent,
    int repeatPercent,
    int swiftCommitsPercent,
    HostOptions options) {

  static Weather draw(Dice dice) {
    return new Weather(
        dice.between(100, 1_200),
        dice.between(1, 4),
        dice.between(1, 8),
        some(dice, 6),
        some(dice, 2),
        some(dice, 8),
        some(dice, 6),
        some(dice, 2),
        some(dice, 2),
        some(dice, 4),
        some(dice, 15),
        some(dice, 20),
        some(dice, 25),
        some(dice, 10),
        some(dice, 30),
        dice.chance(30) ? 100 : some(dice, 60),
        new HostOptions(
            Duration.ofMillis(dice.between(1, 20_000)),
            Duration.ofMillis(dice.between(500, 40_000)),
            dice.chance(50) ? dice.between(3, 8) : dice.between(3, 40),
            dice.between(1, 5),
            HostOptions.defaults().unsettledBytesMax(),
            new RetryPolicy(
                dice.between(2, 6),
                Duration.ofMillis(dice.between(1, 500)),
                Duration.ofSeconds(dice.between(1, 10)),
                Duration.ofMillis(dice.between(0, 3_000)))));
  }

  private static int some(Dice dice, int most) {
    return dice.chance(40) ? 0 : dice.between(1, most);
  }
}
