package dev.dormouse.server.handover;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The explorations. */
public final class Scenarios {
  private Scenarios() {}

  private static Builder of(String name, String first, @Nullable String second) {
    return new Builder(name, first, second);
  }

  static final List<Scenario> ALL =
      List.of(
          of("leave", "m", "m").leaves(1).lossless().build(),
          of("leave twice", "mm", null).leaves(2).lossless().pipeline(2).build(),
          of("leave with upgrade", "", null).arrives().requests(1).leaves(1).lossless().build(),
          of("leave with break", "m", null).leaves(1).breaks(1).build(),
          of("move", "mm", null).moves(1).queued().build(),
          of("move with two gateways", "m", "m").moves(1).build(),
          of("move twice", "m", null).moves(2).closes(1).build(),
          of("move while sockets lag", "m", "").moves(1).late().build(),
          of("move with time-outs", "m", null).moves(1).time().build(),
          of("move and read", "p", "m").moves(1).cut().build(),
          of("break", "mm", "").breaks(1).queued().build(),
          of("break twice", "m", null).breaks(2).closes(1).queued().build(),
          of("break while sockets lag", "mm", null).breaks(1).late().build(),
          of("break with time-outs", "m", null).breaks(1).closes(1).time().build(),
          of("host dies", "mp", null).hostCrashes(1).closes(1).build(),
          of("host dies with two gateways", "m", "").hostCrashes(1).build(),
          of("commit unknown", "mm", null).unknowns(1).pipeline(2).build(),
          of("gateway dies", "m", "m").gatewayCrashes(1).time().build(),
          of("gateway dies, slow passes", "", "m").gatewayCrashes(1).time().slow().queued().build(),
          of("upgrade", "", null).arrives().closes(1).moves(1).breaks(1).build(),
          of("upgrade, slow passes", "m", null).arrives().breaks(2).slow().build(),
          of("upgrade given up", "m", null).arrives().breaks(1).time().slow().queued().build(),
          of("request", "", null).requests(1).moves(1).breaks(1).build(),
          of("requests, host dies", "", null).requests(2).hostCrashes(1).build(),
          of("alarm", "", "").alarm().moves(1).build(),
          of("tag", "t", "").moves(1).build(),
          of("tag, break twice", "t", "").breaks(2).build(),
          of("kick", "k", "m").breaks(1).build(),
          of("kick and move", "k", "").moves(1).build());

  /** Returns larger explorations, for hours when nobody waits. */
  static List<Scenario> deep() {
    return List.of(
        of("deep: leave with break", "m", null).leaves(1).breaks(1).time().build(),
        of("deep: moves", "m", "m").onOne().moves(2).queued().build(),
        of("deep: move and break", "m", "m").moves(1).breaks(1).build(),
        of("deep: alarm", "m", "").alarm().moves(1).hostCrashes(1).build(),
        of("deep: leave", "m", "m").leaves(1).lossless().pipeline(2).queued().build(),
        of("deep: leave and crash", "m", "").leaves(1).hostCrashes(1).build(),
        of("deep: given up", "", null).time().slow().queued().breaks(2).build(),
        of("deep: given up and upgrade", "", null)
            .time()
            .slow()
            .queued()
            .arrives()
            .breaks(2)
            .build(),
        of("deep: requests", "", null).requests(2).moves(1).breaks(1).hostCrashes(1).build(),
        of("deep: upgrade", "m", null).arrives().closes(1).moves(1).breaks(1).queued().build(),
        of("deep: unknown", "mm", "").unknowns(1).breaks(1).pipeline(2).build(),
        of("deep: gateway dies", "mm", "m").gatewayCrashes(1).moves(1).time().build());
  }

  /**
   * Explores scenarios with a fault. Called by reflection, too, so the names are texts.
   *
   * @param names the names of the scenarios, with semicolons between
   * @param fault the name of a fault of the model; empty if there is none
   * @return the broken promise and the way to it; null if there is none
   */
  public static @Nullable String violation(String names, String fault) {
    for (String name : names.split(";")) {
      Scenario scenario =
          Stream.concat(ALL.stream(), deep().stream())
              .filter(s -> s.name().equals(name))
              .findFirst()
              .orElseThrow();
      String violation =
          Explorer.explore(scenario, fault.isEmpty() ? null : ModelFault.valueOf(fault), 1_000_000)
              .violation();
      if (violation != null) {
        return violation;
      }
    }
    return null;
  }

  /** Makes a scenario in which nothing happens but what is asked for. */
  static final class Builder {
    private final String name;
    private final String first;
    private final @Nullable String second;
    private boolean areBothOnOne;
    private boolean arrives;
    private boolean isLossless;
    private boolean hasTime;
    private boolean hasAlarm;
    private boolean isLate;
    private boolean isQueued;
    private boolean isSlow;
    private boolean isCut;
    private int requests;
    private int pipeline = 1;
    private int closes;
    private int moves;
    private int leaves;
    private int breaks;
    private int hostCrashes;
    private int gatewayCrashes;
    private int unknowns;

    Builder(String name, String first, @Nullable String second) {
      this.name = name;
      this.first = first;
      this.second = second;
    }

    Builder onOne() {
      areBothOnOne = true;
      return this;
    }

    Builder arrives() {
      arrives = true;
      return this;
    }

    Builder lossless() {
      isLossless = true;
      return this;
    }

    Builder time() {
      hasTime = true;
      return this;
    }

    Builder alarm() {
      hasAlarm = true;
      return this;
    }

    Builder late() {
      isLate = true;
      return this;
    }

    Builder queued() {
      isQueued = true;
      return this;
    }

    Builder slow() {
      isSlow = true;
      return this;
    }

    Builder cut() {
      isCut = true;
      return this;
    }

    Builder requests(int n) {
      requests = n;
      return this;
    }

    Builder pipeline(int n) {
      pipeline = n;
      return this;
    }

    Builder closes(int n) {
      closes = n;
      return this;
    }

    Builder moves(int n) {
      moves = n;
      return this;
    }

    Builder leaves(int n) {
      leaves = n;
      return this;
    }

    Builder breaks(int n) {
      breaks = n;
      return this;
    }

    Builder hostCrashes(int n) {
      hostCrashes = n;
      return this;
    }

    Builder gatewayCrashes(int n) {
      gatewayCrashes = n;
      return this;
    }

    Builder unknowns(int n) {
      unknowns = n;
      return this;
    }

    Scenario build() {
      return new Scenario(
          name,
          first,
          second,
          areBothOnOne,
          arrives,
          isLossless,
          hasTime,
          hasAlarm,
          isLate,
          isQueued,
          isSlow,
          isCut,
          requests,
          pipeline,
          closes,
          moves,
          leaves,
          breaks,
          hostCrashes,
          gatewayCrashes,
          unknowns);
    }
  }
}
