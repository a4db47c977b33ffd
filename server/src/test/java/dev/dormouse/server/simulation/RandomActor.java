package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Alarms;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionFailedException;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Connections;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.Storage;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.simulation.TurnModel.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** An actor whose handlers do whatever the dice say, and tell the oracle. */
final class RandomActor extends WebSocketActor<Object> {
  private interface Handler {
    void run(Deeds deeds) throws Exception;
  }

  private interface Answering<R extends @Nullable Object> {
    R run(Deeds deeds) throws Exception;
  }

  private final Simulation run;

  /** The connections that earlier turns have used. */
  final List<Connection<Object>> kept = new ArrayList<>();

  /** Is true once the object must never be called again. */
  boolean isDropped;

  /** Is true if the end of one of its turns may have failed because of a bad disk. */
  boolean mayBeDropped;

  private RandomActor(Simulation run) {
    this.run = run;
  }

  /** Makes an actor, or fails to. */
  static RandomActor make(Simulation run) {
    if (run.mayMisbehave(run.weather().throwPercent() / 2)) {
      run.oracle().activationFailed(run.node().runningActor());
      throw new IllegalStateException("as the dice say: no object");
    }
    return new RandomActor(run);
  }

  private void handle(Kind kind, @Nullable ConnectionId connection, long about, Handler handler)
      throws Exception {
    answer(
        kind,
        connection,
        about,
        deeds -> {
          handler.run(deeds);
          return null;
        });
  }

  private <R extends @Nullable Object> R answer(
      Kind kind, @Nullable ConnectionId connection, long about, Answering<R> handler)
      throws Exception {
    TurnModel turn = run.oracle().begin(this, kind, connection, about);
    R answer;
    try {
      answer = handler.run(new Deeds(run, this, turn));
    } catch (Throwable e) {
      run.oracle().returned(turn, e);
      throw e;
    }
    run.oracle().returned(turn, null);
    return answer;
  }

  @Override
  protected void onActivate() throws Exception {
    handle(Kind.ACTIVATE, null, 0, Deeds::some);
  }

  @Override
  protected void onUpgrade(Upgrade<Object> upgrade) throws Exception {
    ConnectionId asking = ConnectionId.parse(upgrade.head().query("id").orElseThrow());
    handle(Kind.UPGRADE, asking, 0, deeds -> deeds.upgrade(upgrade));
  }

  @Override
  protected void onMessage(Connection<Object> from, String text) throws Exception {
    long sequence = Long.parseLong(text.substring(1));
    handle(Kind.MESSAGE, from.id(), sequence, deeds -> deeds.message(from));
  }

  @Override
  protected void onMessage(Connection<Object> from, ByteBuffer bytes) throws Exception {
    onMessage(from, StandardCharsets.UTF_8.decode(bytes).toString());
  }

  @Override
  protected void onError(Connection<Object> connection, ConnectionFailedException error)
      throws Exception {
    handle(Kind.ERROR, connection.id(), 0, deeds -> deeds.about(connection));
  }

  @Override
  protected void onClose(Connection<Object> gone, CloseReason reason) throws Exception {
    handle(Kind.CLOSE, gone.id(), 0, deeds -> deeds.about(gone));
  }

  @Override
  protected HttpResponse onRequest(HttpRequest request) throws Exception {
    long number = Long.parseLong(request.head().query("number").orElseThrow());
    return answer(Kind.REQUEST, null, number, Deeds::request);
  }

  @Override
  protected void onAlarm(Alarm alarm) throws Exception {
    handle(Kind.ALARM, null, 0, deeds -> deeds.alarm(alarm));
  }

  @Override
  protected void onHibernate() throws Exception {
    handle(Kind.HIBERNATE, null, 0, Deeds::some);
  }

  // The methods below give the deeds access to protected methods.

  ActorId name() {
    return id();
  }

  Connections<Object> all() {
    return connections();
  }

  Storage store() {
    return storage();
  }

  /** Returns all values in storage. */
  List<String> values() {
    return storage().list(KeyRange.all(), Object.class).stream()
        .map(entry -> entry.key() + "=" + entry.value())
        .toList();
  }

  /** Returns all alarms, with the time they were set for and the number of their failures. */
  List<String> alarmsByName() {
    return alarms().list().stream()
        .map(a -> a.name() + " " + a.due().toEpochMilli() + " " + (a.attempt() - 1))
        .sorted()
        .toList();
  }

  Alarms clock() {
    return alarms();
  }

  void reply(String request, String reply) {
    autoReply(request, reply);
  }

  void clearReply(String request) {
    clearAutoReply(request);
  }

  void inTheBackground(CompletionStage<?> stage) {
    inBackground(stage);
  }

  RuntimeException beginAnew() {
    return reset("as the dice say");
  }

  void await(CompletionStage<?> stage) {
    waitFor(stage);
  }
}
