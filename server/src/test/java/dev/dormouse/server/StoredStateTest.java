package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.StoredValueException;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.host.ActorStatus;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Backups;
import dev.dormouse.storage.Durability;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/**
 * Starts a server on state that an earlier version of an application has stored, or that was
 * damaged since. The connections in it belong to a process that died: the state is a backup that
 * was taken while they were open.
 */
@Timeout(120)
class StoredStateTest {
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  /** The earlier version of the application. */
  static final class Before extends WebSocketActor<Before.User> {
    record User(String nick, int said) {}

    @Override
    protected void onUpgrade(Upgrade<User> upgrade) {
      upgrade.accept(new User(upgrade.head().query("name").orElseThrow(), 0));
    }

    @Override
    protected void onMessage(Connection<User> from, String text) {
      from.attach(new User(from.attachment().nick(), from.attachment().said() + 1));
      storage().put("last", from.attachment());
      from.send(text);
    }
  }

  /** The application of today: the class was renamed, and both of its fields have changed. */
  static final class Now extends WebSocketActor<Now.@Nullable Member> {
    record Member(String name, String said) {}

    @Override
    protected void onMessage(Connection<Member> from, String text) {
      from.send(text);
    }

    @Override
    protected void onClose(Connection<Member> gone, CloseReason reason) {
      String who;
      try {
        Member member = gone.attachment();
        who = member == null ? "a newcomer" : member.name() + " " + member.said();
      } catch (StoredValueException e) {
        who = "somebody";
      }
      storage().put("gone", storage().get("gone", String.class).orElse("") + who + " left, ");
    }

    @Override
    protected HttpResponse onRequest(HttpRequest request) {
      String last;
      try {
        last = storage().get("last", Member.class).map(Member::name).orElse("nobody");
      } catch (StoredValueException e) {
        last = "unreadable";
      }
      String gone = storage().get("gone", String.class).orElse("");
      return HttpResponse.text(200, gone + "last " + last);
    }
  }

  private static ActorOptions migrating(ActorOptions options) {
    return options
        .renamed(Before.User.class.getName(), Now.Member.class)
        .migrates(
            Now.Member.class,
            old ->
                new Now.Member(
                    old.get("nick", String.class).orElse("?"),
                    old.get("said", Integer.class).orElse(0) + " times"));
  }

  @TempDir Path parent;
  private Path data;

  @BeforeEach
  void storeWhatWasBefore() throws Exception {
    Path backup = parent.resolve("backup");
    data = parent.resolve("data");
    ServerOptions options = options(parent.resolve("before"));
    try (DormouseServer server =
        Dormouse.server().actor("/room/:key", Before.class, Before::new).open(options)) {
      for (String room : List.of("one", "two")) {
        for (String name : List.of("ada", "bo")) {
          assertThat(new Client(server, "/room/" + room + "?name=" + name).ask("x")).isEqualTo("x");
        }
      }
      server.backup(backup);
    }
    Backups.restore(backup, data);
  }

  private static ServerOptions options(Path data) {
    return ServerOptions.defaults()
        .port(0)
        .adminPort(0)
        .data(data)
        .durability(Durability.WAL)
        .eventLoops(1);
  }

  private DormouseServer open(UnaryOperator<ActorOptions> choices) {
    return Dormouse.server().actor("/room/:key", Now.class, Now::new, choices).open(options(data));
  }

  private static String get(DormouseServer server, String path) throws Exception {
    return get(server.port(), path);
  }

  private static String get(int port, String path) throws Exception {
    var answer =
        HTTP.send(
            java.net.http.HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .build(),
            java.net.http.HttpResponse.BodyHandlers.ofString());
    return answer.statusCode() + " " + answer.body().strip();
  }

  private static JsonObject counts(DormouseServer server) throws Exception {
    return new JsonObject(get(server.adminPort(), "/counts").substring("200 ".length()));
  }

  @Test
  @DisplayName("Attachments and values of a renamed class with other fields are migrated")
  void attachmentsAndValuesOfARenamedClassWithOtherFieldsAreMigrated() throws Exception {
    try (DormouseServer server = open(StoredStateTest::migrating)) {
      assertThat(get(server, "/room/one"))
          .isEqualTo("200 ada 1 times left, bo 1 times left, last bo");
      assertThat(counts(server).getLong("unreadableAttachments")).isZero();
    }
  }

  @Test
  @DisplayName("S25 Without a migration the server starts, and unreadable connections are closed")
  void withoutAMigrationTheServerStartsAndUnreadableConnectionsAreClosed() throws Exception {
    try (DormouseServer server = open(UnaryOperator.identity())) {
      assertThat(get(server, "/room/one"))
          .isEqualTo("200 somebody left, somebody left, last unreadable");
      assertThat(counts(server).getLong("unreadableAttachments")).isEqualTo(4);
      assertThat(new Client(server, "/room/one").ask("still here")).isEqualTo("still here");
    }
    // The bytes are unchanged: an application that can read them finds them.
    try (DormouseServer server = open(StoredStateTest::migrating)) {
      assertThat(get(server, "/room/two")).endsWith("last bo");
    }
  }

  @Test
  @DisplayName("S25 An actor whose row is damaged is refused; the start and others do not suffer")
  void anActorWhoseRowIsDamagedIsRefused() throws Exception {
    damage("actor", "one");
    try (DormouseServer server = open(StoredStateTest::migrating)) {
      String reason = "what is stored of the actor cannot be read";
      assertThat(get(server, "/room/one")).isEqualTo("500 " + reason);
      assertThat(refused(server, "/room/one")).isEqualTo(500);
      assertThat(get(server, "/room/two"))
          .isEqualTo("200 ada 1 times left, bo 1 times left, last bo");
      assertThat(server.status(new ActorId("room", "one")).state())
          .isEqualTo(ActorStatus.State.UNREADABLE);
      assertThat(counts(server))
          .isEqualTo(
              counts(server)
                  .put("unreadableActors", 1)
                  .put("refusedEvents", 2)
                  .put("unclosedLeftovers", 2));
    }
    damage("actor", "one"); // a second flip mends the row
    try (DormouseServer server = open(StoredStateTest::migrating)) {
      assertThat(get(server, "/room/one"))
          .isEqualTo("200 ada 1 times left, bo 1 times left, last bo");
    }
  }

  @Test
  @DisplayName("S25 A connection whose row is damaged is closed; others do not suffer")
  void aConnectionWhoseRowIsDamagedIsClosed() throws Exception {
    damage("connection", "one");
    try (DormouseServer server = open(StoredStateTest::migrating)) {
      assertThat(get(server, "/room/one")).isEqualTo("200 somebody left, bo 1 times left, last bo");
      assertThat(counts(server).getLong("unreadableConnections")).isEqualTo(1);
    }
  }

  /**
   * Flips a bit of the first row of an actor, in a way that the engine's own checksums do not find.
   */
  private void damage(String table, String key) throws RocksDBException {
    String folder = data.resolve("rocksdb").toString();
    List<ColumnFamilyDescriptor> families = new ArrayList<>();
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    try (Options listing = new Options();
        DBOptions options = new DBOptions()) {
      for (byte[] name : RocksDB.listColumnFamilies(listing, folder)) {
        families.add(new ColumnFamilyDescriptor(name));
      }
      try (RocksDB db = RocksDB.open(options, folder, families, handles)) {
        for (ColumnFamilyHandle family : handles) {
          if (new String(family.getName(), StandardCharsets.UTF_8).equals(table)) {
            damageFirst(db, family, key);
          }
        }
        handles.forEach(ColumnFamilyHandle::close);
      }
    }
  }

  private static void damageFirst(RocksDB db, ColumnFamilyHandle family, String key)
      throws RocksDBException {
    try (RocksIterator rows = db.newIterator(family)) {
      for (rows.seekToFirst(); rows.isValid(); rows.next()) {
        if (new String(rows.key(), StandardCharsets.ISO_8859_1).contains("room\0\3" + key)) {
          byte[] value = rows.value();
          value[value.length - 1] ^= 1;
          db.put(family, rows.key(), value);
          return;
        }
      }
    }
    throw new AssertionError("no row of " + key);
  }

  private static int refused(DormouseServer server, String path) throws Exception {
    try {
      new Client(server, path);
      throw new AssertionError("it was let in");
    } catch (ExecutionException e) {
      return ((WebSocketHandshakeException) e.getCause()).getResponse().statusCode();
    }
  }

  /** A client that stays until its server stops. */
  private static final class Client implements WebSocket.Listener {
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final WebSocket socket;

    Client(DormouseServer server, String path) throws Exception {
      socket =
          HTTP.newWebSocketBuilder()
              .buildAsync(URI.create("ws://127.0.0.1:" + server.port() + path), this)
              .get(20, TimeUnit.SECONDS);
    }

    String ask(String text) throws Exception {
      socket.sendText(text, true).get(20, TimeUnit.SECONDS);
      return String.valueOf(heard.poll(20, TimeUnit.SECONDS));
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean isLast) {
      heard.add(text.toString());
      return WebSocket.Listener.super.onText(socket, text, isLast);
    }
  }
}
