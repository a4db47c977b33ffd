package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Alarms;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionFailedException;
import dev.dormouse.sdk.Connections;
import dev.dormouse.sdk.HttpAnswer;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.Storage;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;

/** An actor of a test, handler by handler; by default its handlers do little. */
class Script {
  /** An attachment of a test. */
  record Note(String name, int count) {
    Note counted() {
      return new Note(name, count + 1);
    }
  }

  /** An attachment that is changed in place. */
  static final class Tally {
    int count;
  }

  void onActivate(Actor self) throws Exception {}

  void onUpgrade(Actor self, Upgrade<Object> upgrade) throws Exception {
    upgrade.accept(new Note(upgrade.head().query("name").orElse("guest"), 0));
  }

  void onMessage(Actor self, Connection<Object> from, String text) throws Exception {}

  void onMessage(Actor self, Connection<Object> from, ByteBuffer bytes) throws Exception {}

  void onClose(Actor self, Connection<Object> gone, CloseReason reason) throws Exception {}

  void onError(Actor self, Connection<Object> connection, ConnectionFailedException error)
      throws Exception {}

  void onHibernate(Actor self) throws Exception {}

  HttpAnswer onRequest(Actor self, HttpRequest request) throws Exception {
    return HttpResponse.text(404, "nothing here");
  }

  void onAlarm(Actor self, Alarm alarm) throws Exception {}

  /** The actor that follows a script, and opens its methods to the script. */
  static final class Actor extends WebSocketActor<Object> {
    private final Script script;

    Actor(Script script) {
      this.script = script;
    }

    Connections<Object> all() {
      return connections();
    }

    Storage store() {
      return storage();
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

    void await(CompletionStage<?> stage) {
      waitFor(stage);
    }

    void background(CompletionStage<?> stage) {
      inBackground(stage);
    }

    RuntimeException startOver(String why) {
      return reset(why);
    }

    ActorId name() {
      return id();
    }

    long number() {
      return activation();
    }

    @Override
    protected void onActivate() throws Exception {
      script.onActivate(this);
    }

    @Override
    protected void onUpgrade(Upgrade<Object> upgrade) throws Exception {
      script.onUpgrade(this, upgrade);
    }

    @Override
    protected void onMessage(Connection<Object> from, String text) throws Exception {
      script.onMessage(this, from, text);
    }

    @Override
    protected void onMessage(Connection<Object> from, ByteBuffer bytes) throws Exception {
      script.onMessage(this, from, bytes);
    }

    @Override
    protected void onClose(Connection<Object> gone, CloseReason reason) throws Exception {
      script.onClose(this, gone, reason);
    }

    @Override
    protected void onError(Connection<Object> connection, ConnectionFailedException error)
        throws Exception {
      script.onError(this, connection, error);
    }

    @Override
    protected void onHibernate() throws Exception {
      script.onHibernate(this);
    }

    @Override
    protected HttpAnswer onRequest(HttpRequest request) throws Exception {
      return script.onRequest(this, request);
    }

    @Override
    protected void onAlarm(Alarm alarm) throws Exception {
      script.onAlarm(this, alarm);
    }
  }
}
