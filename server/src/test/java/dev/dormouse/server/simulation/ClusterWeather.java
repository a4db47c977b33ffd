package dev.dormouse.server.simulation;

import dev.dormouse.server.host.HostOptions;
import dev.dormouse.server.host.RetryPolicy;
import java.time.Duration;

/**
 * The roughness of a run of a cluster, drawn from the seed before all else. As in {@link Weather},
 * many troubles are absent from many runs.
 *
 * @param steps the number of steps before everything is healed
 * @param hosts the number of hosts
 * @param gateways the number of gateways
 * @param actors the number of actors
 * @param connectionsMax the most connections open at a time
 * @param isRough whether the carriers reorder frames
 * @param lossPercent the percentage of frames that are lost; likewise the next one
 * @param repeatPercent the percentage of frames that come twice
 * @param linkRecordsMax the most records that a link keeps
 * @param electWeight how often a leader is elected without need, against 1,000 of other steps;
 *     likewise the next ones
 * @param handOverWeight how often a group is handed over in good order
 * @param hostCrashWeight how often a host dies
 * @param gatewayCrashWeight how often a gateway dies
 * @param pauseWeight how often a node stands still
 * @param cutWeight how often a wire is cut, or a host is cut off from the others
 * @param fullWeight how often a disk becomes full, or has room again
 * @param jumpWeight how often much time passes at once
 * @param throwPercent the percentage of handlers that throw
 * @param waitPercent the percentage of handlers that wait for a stage
 * @param options the options of the hosts
 */
record ClusterWeather(
    int steps,
    int hosts,
    int gateways,
    int actors,
    int connectionsMax,
    boolean isRough,
    int lossPercent,
    int repeatPercent,
    int linkRecordsMax,
    int electWeight,
    int handOverWeight,
    int hostCrashWeight,
    int gatewayCrashWeight,
    int pauseWeight,
    int cutWeight,
    int fullWeight,
    int jumpWeight,
    int throwPercent,
    int waitPercent,
    HostOptions options) {

  static ClusterWeather draw(Dice dice) {
    boolean isRough = dice.chance(60);
    return new ClusterWeather(
        dice.between(200, 1_500),
        dice.between(2, 3),
        dice.between(1, 3),
        dice.between(1, 4),
        dice.between(1, 10),
        isRough,
        isRough ? some(dice, 25) : 0,
        isRough ? some(dice, 15) : 0,
        dice.chance(30) ? dice.between(20, 60) : 10_000,
        some(dice, 8),
        some(dice, 8),
        some(dice, 6),
        some(dice, 4),
        some(dice, 8),
        some(dice, 10),
        some(dice, 3),
        some(dice, 6),
        some(dice, 15),
        some(dice, 30),
        new HostOptions(
            Duration.ofMillis(dice.between(50, 20_000)),
            Duration.ofSeconds(30),
            dice.chance(30) ? dice.between(3, 8) : 1_000,
            dice.chance(30) ? dice.between(1, 5) : 1_000,
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
