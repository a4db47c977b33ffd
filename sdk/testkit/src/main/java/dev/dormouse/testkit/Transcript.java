package dev.dormouse.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The events of a test in their order, each with its time since the test began. */
final class Transcript {
  private static final int TEXT_MAX = 200;

  /**
   * An event.
   *
   * @param path the path of the actor that the event belongs to
   * @param isOfClient whether a client saw the event; false if only the actor did
   */
  private record Line(Duration at, String path, boolean isOfClient, String who, String what) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%02d:%02d:%02d.%03d  %s  %s",
          at.toHours(),
          at.toMinutesPart(),
          at.toSecondsPart(),
          at.toMillisPart(),
          who,
          what);
    }
  }

  private final Supplier<Duration> clock;
  private final List<Line> lines = new ArrayList<>();

  Transcript(Supplier<Duration> clock) {
    this.clock = clock;
  }

  synchronized void ofClient(String path, String who, String what) {
    lines.add(new Line(clock.get(), path, true, who, what));
  }

  synchronized void ofActor(String path, String who, String what) {
    lines.add(new Line(clock.get(), path, false, who, what));
  }

  /** Returns what clients saw. */
  String ofClients() {
    return text(line -> line.isOfClient);
  }

  /** Returns the events of an actor and of its clients. */
  String of(String path) {
    return text(line -> line.path.equals(path));
  }

  private synchronized String text(Predicate<Line> which) {
    return lines.stream().filter(which).map(line -> line + "\n").collect(Collectors.joining());
  }

  @Override
  public String toString() {
    return text(line -> true);
  }

  /** Returns a text in quotes, cut if it is long. */
  static String quoted(String text) {
    return text.length() <= TEXT_MAX
        ? '"' + text + '"'
        : '"' + text.substring(0, TEXT_MAX) + "…\" (" + text.length() + " characters)";
  }
}
