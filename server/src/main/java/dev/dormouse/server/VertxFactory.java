package dev.dormouse.server;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;

/** Starts Vert.x the way the server wants it. */
public final class VertxFactory {

  private VertxFactory() {}

  /** Returns a new Vert.x that uses the native transport where there is one. */
  public static Vertx create() {
    return Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  }
}
