package dev.dormouse.examples.bench;

import io.vertx.core.json.JsonObject;

/**
 * The task of the load client in one round, which its process receives as JSON.
 *
 * @param load the name of the {@link Load}
 * @param port the server's port
 * @param adminPort the server's admin port; 0 if it has none
 * @param pid the server's process
 * @param path the path to connect to; {@code %d} is the connection's number
 * @param connections the number of connections
 * @param bytes the length of a message
 * @param warmUpMs how long the client runs before it measures
 * @param measuredMs how long the client measures
 * @param perSecond the messages a second of the open loop
 * @param idleMs how long after its last message a server's actor is surely hibernated
 */
record Task(
    String load,
    int port,
    int adminPort,
    long pid,
    String path,
    int connections,
    int bytes,
    long warmUpMs,
    long measuredMs,
    int perSecond,
    long idleMs) {

  JsonObject toJson() {
    return new JsonObject()
        .put("load", load)
        .put("port", port)
        .put("adminPort", adminPort)
        .put("pid", pid)
        .put("path", path)
        .put("connections", connections)
        .put("bytes", bytes)
        .put("warmUpMs", warmUpMs)
        .put("measuredMs", measuredMs)
        .put("perSecond", perSecond)
        .put("idleMs", idleMs);
  }

  static Task of(JsonObject json) {
    return new Task(
        json.getString("load"),
        json.getInteger("port"),
        json.getInteger("adminPort"),
        json.getLong("pid"),
        json.getString("path"),
        json.getInteger("connections"),
        json.getInteger("bytes"),
        json.getLong("warmUpMs"),
        json.getLong("measuredMs"),
        json.getInteger("perSecond"),
        json.getLong("idleMs"));
  }
}
