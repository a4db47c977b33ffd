package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.simulation.TurnModel.Fate;
import dev.dormouse.server.simulation.TurnModel.Kind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The model of a turn in a cluster: what its handler found, did and said. */
final class ClusterTurn {

  /**
   * A text that the turn says.
   *
   * @param to the recipient; null if the text is for all
   */
  record Word(@Nullable ConnectionId to, String text) {}

  final long number;
  final Kind kind;
  final Ledger.View view;
  final @Nullable ConnectionId connection;

  /** The number of the message in its connection, or of the request; otherwise 0. */
  final long about;

  final long beganNs;
  final Picture base;
  final Picture work;
  final List<Word> words = new ArrayList<>();

  /** The place in the truth of the last of the actor's turns that anybody had heard of before. */
  final long heardBefore;

  Fate fate = Fate.OPEN;
  int awaited;

  /** Is true once the writes of the turn were handed in. */
  boolean isHandedIn;

  /** The place of the turn's writes in the truth; 0 if a majority does not keep them. */
  long place;

  ClusterTurn(
      long number,
      Kind kind,
      Ledger.View view,
      @Nullable ConnectionId connection,
      long about,
      long beganNs,
      long heardBefore) {
    this.number = number;
    this.kind = kind;
    this.view = view;
    this.connection = connection;
    this.about = about;
    this.beganNs = beganNs;
    this.base = view.picture;
    this.work = view.picture.copy();
    this.heardBefore = heardBefore;
  }

  ActorId actor() {
    return view.actor;
  }

  boolean isChanged() {
    return !work.equals(base);
  }

  @Override
  public String toString() {
    return "turn T%d of %s at %s in epoch %d (%s%s%s, %s)"
        .formatted(
            number,
            view.actor,
            view.store.node(),
            view.epoch,
            kind,
            connection == null ? "" : " " + connection,
            about == 0 ? "" : " " + about,
            fate);
  }
}
