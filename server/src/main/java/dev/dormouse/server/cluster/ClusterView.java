package dev.dormouse.server.cluster;

import dev.dormouse.sdk.ActorId;
import org.jspecify.annotations.Nullable;

/** Shows the cluster as one of its nodes knows it. Any thread may call every method. */
public interface ClusterView {

  /** Returns the state of the cluster. */
  ClusterStatus status();

  /** Returns the name of the node that runs an actor; null if this node knows of none. */
  @Nullable String ownerOf(ActorId actor);
}
