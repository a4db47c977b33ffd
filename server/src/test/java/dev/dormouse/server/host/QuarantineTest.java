package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionFailedException;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.StoredValueException;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.Script.Note;
import dev.dormouse.server.host.rows.Quarantine;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.host.rows.UnreadableCounts;
import dev.dormouse.server.observe.LogFence;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.codec.Codecs;
import dev.dormouse.storage.codec.ValueCodec;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.Table;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Checks that an unreadable row costs nobody else anything, and is still there in the end. */
class QuarantineTest {
  private static final ActorId ROOM = new ActorId("room", "one");
  private static final ActorId OTHER = new ActorId("room", "other");
  private static final ValueCodec CODEC = Codecs.kryo(List.of(Note.class));
  private static final Logger LOG = (Logger) LoggerFactory.getLogger(Quarantine.class);

  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private final List<String> closes = new ArrayList<>();
  private final MemoryDisk disk = new MemoryDisk();

  /** Obeys its messages. */
  private final Script script =
      new Script() {
        @Override
        void onUpgrade(Actor self, Upgrade<Object> upgrade) {
          upgrade.accept(new Note("new", 0), "member");
        }

        @Override
        void onMessage(Actor self, Connection<Object> from, String text) {
          switch (text) {
            case "attachment" -> from.send(String.valueOf(from.attachment()));
            case "attach" -> from.attach(new Note("healed", 1));
            case "attach and fail" -> {
              from.attach(new Note("void", 1));
              throw new IllegalStateException("as asked");
            }
            case "tag" -> from.tag("more");
            case "tags" -> from.send(from.tags().toString());
            case "everyone" -> self.all().forEach(other -> other.send("hello"));
            case "members" -> self.all().tagged("member").forEach(other -> other.send("member"));
            case "put" -> self.store().put("key", 1);
            case "list" -> from.send("" + self.store().list("", Integer.class));
            case "get" -> from.send("" + self.store().get("key", Integer.class));
            case "delete" -> from.send("" + self.store().delete("key"));
            case "reply" -> self.reply("ping", "pong");
            default -> from.send(text);
          }
        }

        @Override
        void onError(Actor self, Connection<Object> connection, ConnectionFailedException error) {
          connection.send("error " + error.getMessage());
        }

        @Override
        void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
          try {
            closes.add(self.name() + " " + gone.id() + " " + gone.attachment());
          } catch (StoredValueException e) {
            closes.add(self.name() + " " + gone.id() + " unreadable");
          }
        }

        @Override
        HttpResponse onRequest(Actor self, HttpRequest request) {
          return HttpResponse.text(200, "fine");
        }
      };

  private DamagedLife life(ValueCodec codec, Class<?> attachment) {
    return new DamagedLife(disk, script, codec, attachment);
  }

  private DamagedLife life() {
    return life(CODEC, Note.class);
  }

  private static RowKey value(String key) {
    return new RowKey(Table.VALUE, key.getBytes(StandardCharsets.UTF_8));
  }

  @BeforeEach
  void listen() {
    logged.start();
    LOG.addAppender(logged);
    LOG.setAdditive(false);
  }

  @AfterEach
  void stopListening() {
    LOG.detachAppender(logged);
    LOG.setAdditive(true);
  }

  private List<String> logged() {
    LogFence.awaitLines();
    return logged.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  /** Puts a room with two connections to sleep, the first of which has an unreadable attachment. */
  private ConnectionId withUnreadableAttachment(DamagedLife life) {
    ConnectionId ada = life.connect(ROOM);
    life.connect(ROOM);
    life.hibernate(ROOM);
    byte[] attachment = {9, 9, 9};
    life.write(
        ROOM, RowKey.connection(ada), new ConnectionRow(1, List.of("member"), attachment).encode());
    life.heard();
    return ada;
  }

  @Test
  @DisplayName("S25 An unreadable attachment does not orphan its connection: messages")
  void messagesOfAConnectionWithAnUnreadableAttachment() {
    DamagedLife life = life();
    ConnectionId ada = withUnreadableAttachment(life);

    life.message(ROOM, ada, "hello");
    life.message(ROOM, ada, "attachment");
    life.message(ROOM, ada, "tags");
    life.message(ROOM, ada, "everyone");

    assertThat(life.texts()).containsExactly("1.1 hello", "1.1 [member]", "1.1 hello", "1.2 hello");
    life.message(ROOM, ada, "attachment");
    life.hibernate(ROOM);
    life.message(ROOM, ada, "attachment");
    assertThat(logged())
        .containsExactly(
            "actor room/one, attachment 1.1 cannot be read; its bytes are left as they are until"
                + " something is attached anew: the stored bytes have the unknown version 9");
    assertThat(life.host.counts()).isEqualTo(new UnreadableCounts(0, 0, 1, 0, 0, 0));
  }

  @Test
  @DisplayName("S25 An unreadable attachment does not orphan its connection: errors and closes")
  void errorsAndClosesOfAConnectionWithAnUnreadableAttachment() {
    DamagedLife life = life();
    ConnectionId ada = withUnreadableAttachment(life);

    life.accept(
        new ToHost.Failed(
            ROOM, ada, "broken", CloseReason.abnormal(CloseReason.Cause.CONNECTION_LOST)));
    assertThat(life.texts()).containsExactly("1.1 error broken");
    life.close(ROOM, ada);

    assertThat(closes).containsExactly("room/one 1.1 unreadable");
    assertThat(life.host.status(ROOM).connections()).isEqualTo(1);
    assertThat(life.row(ROOM, RowKey.connection(ada))).isNull();
  }

  @Test
  @DisplayName("S25 Unreadable bytes stay as they are until the actor attaches anew")
  void bytesStayUntilSomethingIsAttached() {
    DamagedLife life = life();
    ConnectionId ada = withUnreadableAttachment(life);

    for (String text : List.of("hello", "attachment", "attach and fail", "tag")) {
      life.message(ROOM, ada, text);
      life.hibernate(ROOM);
      assertThat(ConnectionRow.decode(life.row(ROOM, RowKey.connection(ada))).attachment())
          .as(text)
          .isEqualTo(new byte[] {9, 9, 9});
    }
    life.heard();
    life.message(ROOM, ada, "attach");
    life.hibernate(ROOM);
    life.message(ROOM, ada, "attachment");
    life.message(ROOM, ada, "tags");

    assertThat(life.texts()).containsExactly("1.1 " + new Note("healed", 1), "1.1 [member, more]");
  }

  @Test
  @DisplayName("S25 An attachment of a class that is gone, or not wanted any more, is unreadable")
  void attachmentsOfOtherClasses() {
    record Later(String name) {}
    DamagedLife life = life();
    life.connect(ROOM);
    life.connect(ROOM);
    life.hibernate(ROOM);

    DamagedLife later = life(Codecs.kryo(List.of(Later.class)), Later.class);
    CompletableFuture<Long> closing = later.host.closeLeftovers();
    later.steps.runAll();
    assertThat(closing).isCompletedWithValue(2L);
    assertThat(closes).containsExactly("room/one 1.1 unreadable", "room/one 1.2 unreadable");
    assertThat(logged()).hasSize(2).allMatch(line -> line.contains("with the fields name, count"));

    DamagedLife wanting = life(Codecs.kryo(List.of(Later.class, Note.class)), Later.class);
    ConnectionId ada = wanting.connect(ROOM);
    wanting.hibernate(ROOM);
    wanting.message(ROOM, ada, "attachment");
    assertThat(logged().get(2))
        .contains("is of " + Note.class.getName() + ", not of " + Later.class.getName());
  }

  @Test
  @DisplayName("A migrated attachment is stored in its new form once it is touched")
  void aMigratedAttachmentIsStoredInItsNewFormOnceItIsTouched() {
    record Older(String title) {}
    DamagedLife life =
        life(
            Codecs.kryo(
                List.of(),
                Map.of(Older.class.getName(), Note.class),
                Map.of(Note.class, old -> new Note(old.get("title", String.class).orElse(""), 0))),
            Note.class);
    ConnectionId ada = life.connect(ROOM);
    life.hibernate(ROOM);
    RowKey key = RowKey.connection(ada);
    byte[] older = Codecs.kryo(List.of(Older.class)).encode(new Older("lady"), 1_000);
    life.write(ROOM, key, new ConnectionRow(1, List.of(), older).encode());
    life.heard();

    life.message(ROOM, ada, "hello");
    assertThat(ConnectionRow.decode(life.row(ROOM, key)).attachment()).isEqualTo(older);
    life.message(ROOM, ada, "attachment");
    assertThat(life.texts()).containsExactly("1.1 hello", "1.1 " + new Note("lady", 0));
    assertThat(CODEC.decode(ConnectionRow.decode(life.row(ROOM, key)).attachment()))
        .isEqualTo(new Note("lady", 0));
  }

  @Test
  @DisplayName("S25 A connection whose row is damaged is listed, heard and closed, without tags")
  void aDamagedConnection() {
    DamagedLife life = life();
    ConnectionId ada = life.connect(ROOM);
    ConnectionId bo = life.connect(ROOM);
    life.hibernate(ROOM);
    life.heard();
    byte[] bytes = life.row(ROOM, RowKey.connection(ada));
    life.damage.damage(ROOM, RowKey.connection(ada));

    life.message(ROOM, ada, "hello");
    life.message(ROOM, bo, "everyone");
    life.message(ROOM, bo, "members");
    assertThat(life.texts()).containsExactly("1.1 hello", "1.1 hello", "1.2 hello", "1.2 member");
    for (String failing : List.of("attachment", "tags", "tag", "attach and fail")) {
      life.message(ROOM, ada, failing);
      assertThat(life.texts()).isEmpty();
    }
    assertThat(life.damage.isDamaged(ROOM, RowKey.connection(ada))).isTrue();
    assertThat(life.row(ROOM, RowKey.connection(ada))).isEqualTo(bytes);
    assertThat(logged()).hasSize(1);
    assertThat(life.host.counts()).isEqualTo(new UnreadableCounts(0, 1, 0, 0, 0, 0));

    life.message(ROOM, ada, "attach");
    assertThat(life.heard()).contains(new ToGateway.Retagged(ada, List.of()));
    life.hibernate(ROOM);
    life.message(ROOM, ada, "tag");
    life.message(ROOM, ada, "tags");
    life.message(ROOM, ada, "attachment");
    assertThat(life.texts()).containsExactly("1.1 [more]", "1.1 " + new Note("healed", 1));
  }

  @Test
  @DisplayName("S25 A connection whose row is damaged has its close event, and is gone")
  void aDamagedConnectionCloses() {
    DamagedLife life = life();
    ConnectionId ada = life.connect(ROOM);
    life.hibernate(ROOM);
    life.damage.damage(ROOM, RowKey.connection(ada));
    life.close(ROOM, ada);
    assertThat(closes).containsExactly("room/one 1.1 unreadable");
    assertThat(life.host.status(ROOM).connections()).isZero();
  }

  @Test
  @DisplayName("S25 An actor whose row is damaged is refused clearly; others are served")
  void aDamagedActor() {
    DamagedLife life = life();
    ConnectionId ada = life.connect(ROOM);
    ConnectionId other = life.connect(OTHER);
    life.message(ROOM, ada, "put");
    life.hibernate(ROOM);
    life.heard();
    List<String> before = rowsOfRoom(life, ada);
    life.damage.damage(ROOM, RowKey.ACTOR);

    HttpResponse refusal = HttpResponse.text(500, "what is stored of the actor cannot be read");
    ConnectionId bo = life.connect(ROOM);
    assertThat(life.heard()).containsExactly(new ToGateway.Rejected(bo, refusal));
    life.accept(new ToHost.Request(ROOM, 7, DamagedLife.head(), new byte[0]));
    assertThat(life.heard()).containsExactly(new ToGateway.Responded(7, refusal));
    life.message(ROOM, ada, "hello");
    assertThat(life.heard())
        .containsExactly(
            new ToGateway.Handled(ada, 2),
            new ToGateway.Close(ada, 1011, "the actor cannot be read"));
    life.close(ROOM, ada);
    assertThat(life.heard()).isEmpty();
    life.message(OTHER, other, "hello");
    assertThat(life.texts()).containsExactly("1.2 hello");

    assertThat(rowsOfRoom(life, ada)).isEqualTo(before);
    assertThat(closes).isEmpty();
    assertThat(logged())
        .containsExactly(
            "actor room/one, actor cannot be read; its events are refused until it can be read, and"
                + " its rows are left as they are: actor room/one: the stored value is damaged");
    assertThat(life.host.counts()).isEqualTo(new UnreadableCounts(1, 0, 0, 0, 4, 0));
  }

  private static List<String> rowsOfRoom(DamagedLife life, ConnectionId connection) {
    return Stream.of(RowKey.ACTOR, RowKey.connection(connection), value("key"))
        .map(key -> HexFormat.of().formatHex(life.row(ROOM, key)))
        .toList();
  }

  @Test
  @DisplayName("An actor whose row is damaged is read once for each event, and its cell goes")
  void noHotLoop() {
    DamagedLife life = life();
    ConnectionId ada = life.connect(ROOM);
    life.hibernate(ROOM);
    life.damage.damage(ROOM, RowKey.ACTOR);
    for (int i = 0; i < 100; i++) {
      life.message(ROOM, ada, "hello");
    }
    life.close(ROOM, ada);
    for (int i = 0; i < 100; i++) {
      life.time.advance(Duration.ofSeconds(1));
      life.host.tick();
      life.steps.runAll();
    }
    assertThat(life.damage.refusedReads()).isEqualTo(101);
    assertThat(life.host.activeActors()).isZero();
    assertThat(logged()).hasSize(1);
  }

  @Test
  @DisplayName("An actor whose row is damaged is listed as unreadable")
  void aDamagedActorIsListed() {
    DamagedLife life = life();
    life.connect(ROOM);
    life.connect(OTHER);
    life.hibernate(ROOM);
    life.damage.damage(ROOM, RowKey.ACTOR);

    assertThat(life.host.status(ROOM).state()).isEqualTo(ActorStatus.State.UNREADABLE);
    assertThat(life.host.actors("room", 10))
        .extracting(ActorStatus::id)
        .containsExactlyInAnyOrder(ROOM, OTHER);
  }

  @Test
  @DisplayName("Leftovers of a damaged actor hold up no start, and are closed once it is repaired")
  void leftoversOfADamagedActor() {
    DamagedLife first = life();
    first.connect(ROOM);
    first.connect(ROOM);
    first.connect(OTHER);

    DamagedLife second = life();
    second.damage.damage(ROOM, RowKey.ACTOR);
    CompletableFuture<Long> closing = second.host.closeLeftovers();
    second.steps.runAll();
    assertThat(closing).isCompletedWithValue(1L);
    assertThat(closes).containsExactly("room/other 1.3 " + new Note("new", 0));
    assertThat(second.host.counts()).isEqualTo(new UnreadableCounts(1, 0, 0, 0, 0, 2));

    DamagedLife third = life();
    closing = third.host.closeLeftovers();
    third.steps.runAll();
    assertThat(closing).isCompletedWithValue(2L);
    assertThat(closes).hasSize(3);
  }

  @Test
  @DisplayName("Leftovers whose own row is damaged are closed like others")
  void leftoversWhoseOwnRowIsDamagedAreClosedLikeOthers() {
    DamagedLife first = life();
    ConnectionId ada = first.connect(ROOM);
    first.connect(ROOM);

    DamagedLife second = life();
    second.damage.damage(ROOM, RowKey.connection(ada));
    CompletableFuture<Long> closing = second.host.closeLeftovers();
    second.steps.runAll();
    assertThat(closing).isCompletedWithValue(2L);
    assertThat(closes)
        .containsExactly("room/one 1.1 unreadable", "room/one 1.2 " + new Note("new", 0));
  }

  @Test
  @DisplayName("A stored value that cannot be read is an error that names its key, until it is set")
  void aDamagedValue() {
    DamagedLife life = life();
    ConnectionId ada = life.connect(ROOM);
    life.message(ROOM, ada, "put");
    life.damage.damage(ROOM, value("key"));
    life.heard();
    life.message(ROOM, ada, "get");
    life.message(ROOM, ada, "list");
    assertThat(life.texts()).isEmpty();
    assertThat(logged())
        .containsExactly(
            "actor room/one, value key cannot be read; its bytes are left as they are until it is"
                + " set: actor room/one: the stored value is damaged");

    life.message(ROOM, ada, "put");
    life.message(ROOM, ada, "get");
    assertThat(life.texts()).containsExactly("1.1 Optional[1]");
    life.damage.damage(ROOM, value("key"));
    life.message(ROOM, ada, "delete");
    life.message(ROOM, ada, "get");
    assertThat(life.texts()).containsExactly("1.1 true", "1.1 Optional.empty");
  }

  @Test
  @DisplayName("Automatic replies that cannot be read are none, until the actor sets some")
  void damagedAutoReplies() {
    DamagedLife life = life();
    ConnectionId ada = life.connect(ROOM);
    life.message(ROOM, ada, "reply");
    life.close(ROOM, ada);
    life.hibernate(ROOM);
    life.damage.damage(ROOM, RowKey.AUTO_REPLIES);
    life.heard();
    ConnectionId bo = life.connect(ROOM);
    assertThat(life.heard()).anyMatch(ToGateway.Accepted.class::isInstance);
    assertThat(life.host.counts().unreadableValues()).isEqualTo(1);
    life.hibernate(ROOM);
    ActorRow row = ActorRow.decodeOrNone(life.row(ROOM, RowKey.ACTOR));
    assertThat(row.mayHaveAutoReplies()).as("they are looked for again").isTrue();
    life.message(ROOM, bo, "reply");
    assertThat(life.damage.isDamaged(ROOM, RowKey.AUTO_REPLIES)).isFalse();
    assertThat(life.heard()).anyMatch(ToGateway.AutoReplies.class::isInstance);
  }

  @Test
  @DisplayName("Beyond a few thousand, what cannot be read is counted and not logged")
  void logsAreBounded() {
    Quarantine quarantine = new Quarantine();
    for (int i = 0; i < 2 * Quarantine.KNOWN_MAX; i++) {
      quarantine.value(ROOM, "key " + i, new IllegalStateException("damaged"));
    }
    assertThat(logged()).hasSize(Quarantine.KNOWN_MAX + 1);
    assertThat(quarantine.counts().unreadableValues()).isEqualTo(2L * Quarantine.KNOWN_MAX);
  }
}
