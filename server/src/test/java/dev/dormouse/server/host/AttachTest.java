package dev.dormouse.server.host;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.StoredValueException;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.Script.Note;
import dev.dormouse.server.host.Script.Tally;
import dev.dormouse.server.host.turn.ImmutableClasses;
import dev.dormouse.server.observe.Logs;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.codec.Codecs;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Checks that an attachment which cannot be stored is refused in the call, and that each is
 * serialized once.
 */
@Tag("O4")
class AttachTest {
  enum Colour {
    RED {
      @Override
      String shown() {
        return "red";
      }
    };

    abstract String shown();
  }

  record Leaf(@Nullable String text, int number, Colour colour, Instant at, UUID id) {}

  record Branch(Leaf leaf, Branch next) {}

  record Open(Leaf leaf, List<String> names) {}

  record Wide(Open open) {}

  record Bytes(byte[] bytes) {}

  /** Counts how often it is serialized: each time its component is read once. */
  record Watched(int number) {
    static final AtomicInteger READS = new AtomicInteger();

    @Override
    public int number() {
      READS.incrementAndGet();
      return number;
    }
  }

  private static Class<?> refusalOf(Runnable attach) {
    try {
      attach.run();
      return Void.class;
    } catch (RuntimeException e) {
      assertThat(e)
          .hasMessageContaining("the attachment of connection")
          .hasMessageContaining("room/one: ");
      return e.getClass();
    }
  }

  @Test
  @DisplayName("O4: attach throws in the call what cannot be stored, and the turn may go on")
  void whatCannotBeStoredIsRefusedInTheCall() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                List<Class<?>> refused = new ArrayList<>();
                refused.add(refusalOf(() -> from.attach("x".repeat(20_000))));
                refused.add(refusalOf(() -> from.attach(new Thread())));
                refused.add(refusalOf(() -> from.attach(List.of("x".repeat(20_000)))));
                self.store().put("text", text);
                from.send(refused + " " + from.attachment());
              }
            });
    ConnectionId ada = node.connect("ada");
    node.heard();
    for (int i = 0; i < 2; i++) {
      node.message(ada, "a");
      assertThat(node.texts())
          .containsExactly(
              "1:"
                  + List.of(
                      LimitExceededException.class,
                      StoredValueException.class,
                      LimitExceededException.class)
                  + " "
                  + new Note("ada", 0));
    }
  }

  @Test
  @DisplayName("O4: accept throws in the call what cannot be stored, and the upgrade is undecided")
  void anUpgradeWhoseAttachmentIsRefusedCanStillBeDecided() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onUpgrade(Actor self, Upgrade<Object> upgrade) {
                Class<?> large = refusalOf(() -> upgrade.accept("x".repeat(20_000)));
                Class<?> unnamed = refusalOf(() -> upgrade.accept(new Thread(), "tag"));
                if (upgrade.head().query("name").orElse("").equals("ada")) {
                  upgrade.reject(400, large.getSimpleName() + " " + unnamed.getSimpleName());
                } else {
                  upgrade.accept("small").send("all " + self.all().count());
                }
              }
            });
    node.connect("ada");
    assertThat(node.heard())
        .singleElement()
        .isInstanceOfSatisfying(
            ToGateway.Rejected.class,
            rejected ->
                assertThat(new String(rejected.response().body(), UTF_8))
                    .isEqualTo("LimitExceededException StoredValueException"));
    node.connect("bo");
    assertThat(node.texts()).containsExactly("2:all 1");
    assertThat(node.status().connections()).isEqualTo(1);
  }

  @Test
  void aTypeWithAttachmentsHasNoConnectionWithoutOne() {
    Script script =
        new Script() {
          @Override
          void onUpgrade(Actor self, Upgrade<Object> upgrade) {
            String why =
                messageOf(() -> upgrade.accept()) + "; " + messageOf(() -> upgrade.accept(null));
            upgrade.accept(new Note("ada", self.all().count())).send(why);
          }

          @Override
          void onMessage(Actor self, Connection<Object> from, String text) {
            String why = refusal(() -> from.attach(null));
            from.send(why + "; " + from.attachment());
          }
        };
    DamagedLife life =
        new DamagedLife(new MemoryDisk(), script, Codecs.kryo(List.of(Note.class)), Note.class);
    ConnectionId ada = life.connect(TestHost.ROOM);
    String has = "actor type 'room' has attachments of " + Note.class.getName() + ", so ";
    String accept = has + "a connection cannot be accepted without one; use accept(attachment)";
    assertThat(life.texts()).containsExactly(ada + " " + accept + "; " + accept);
    life.message(TestHost.ROOM, ada, "a");
    assertThat(life.texts())
        .containsExactly(
            ada
                + " "
                + has
                + "null cannot be attached; attach a value, or close the connection; "
                + new Note("ada", 0));
  }

  @Test
  void aConnectionThatWasAcceptedWhenItsTypeHadNoAttachmentsHasNoneToRead() {
    MemoryDisk disk = new MemoryDisk();
    Script script =
        new Script() {
          @Override
          void onUpgrade(Actor self, Upgrade<Object> upgrade) {
            upgrade.accept(null);
          }

          @Override
          void onMessage(Actor self, Connection<Object> from, String text) {
            if (text.equals("attach")) {
              from.attach(new Note(text, 1));
            }
            from.send(messageOf(() -> from.attachment()));
          }
        };
    DamagedLife before =
        new DamagedLife(disk, script, Codecs.kryo(List.of(Note.class)), Object.class);
    ConnectionId ada = before.connect(TestHost.ROOM);
    before.message(TestHost.ROOM, ada, "a");
    assertThat(before.texts()).containsExactly(ada + " null");
    DamagedLife now = new DamagedLife(disk, script, Codecs.kryo(List.of(Note.class)), Note.class);
    now.message(TestHost.ROOM, ada, "a");
    now.message(TestHost.ROOM, ada, "attach");
    assertThat(now.texts())
        .containsExactly(
            ada
                + (" the attachment of connection " + ada + " of room/one: there is none, although")
                + (" its actor type has attachments of " + Note.class.getName())
                + "; attach one with Connection.attach, or close the connection",
            ada + " " + new Note("attach", 1));
  }

  private static String messageOf(Supplier<?> call) {
    try {
      return String.valueOf(call.get());
    } catch (IllegalArgumentException | StoredValueException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static String refusal(Runnable call) {
    return messageOf(
        () -> {
          call.run();
          return "done";
        });
  }

  @Test
  @DisplayName("O4: attach throws in the call when the turn stores too much with it")
  void whatIsTooMuchForTheTurnIsRefusedInTheCall() {
    byte[] twoMebibytesAlmost = new byte[(2 << 20) - 200];
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                for (int i = 0; i < 32; i++) {
                  self.store().put("k" + i, twoMebibytesAlmost);
                }
                try {
                  from.attach("x".repeat(10_000));
                } catch (LimitExceededException e) {
                  from.send(e.getMessage() + " " + from.attachment());
                }
              }
            });
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.message(ada, "a");
    assertThat(node.texts())
        .singleElement()
        .asString()
        .startsWith("1:what one turn sends and stores")
        .endsWith(new Note("ada", 0).toString());
  }

  @Test
  @Tag("N10")
  @DisplayName("N10: errors say in a plain sentence what is wrong, and where")
  void errorsArePlainSentences() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                from.tag(text.split(" "));
              }

              @Override
              HttpResponse onRequest(Actor self, HttpRequest request) {
                self.store().put("k", new AttachTest());
                return HttpResponse.text(200, "stored");
              }
            });
    ConnectionId ada = node.connect("ada");
    try (Logs logs = new Logs()) {
      node.message(ada, "a b c d e f g h i j k");
      node.request();
      assertThat(logs.lines()).hasSize(2);
      assertThat(logs.lines().get(0))
          .contains("(message of connection " + ada + ")")
          .contains("the number of tags of a connection is 11; the limit is 10");
      assertThat(logs.lines().get(1))
          .contains("a turn of actor room/one failed (request);", "the value of key 'k': ")
          .contains("add it with ActorOptions.stores(AttachTest.class)");
    }
  }

  @Test
  void whatIsChangedAfterItWasAttachedIsStoredAsItIsAtTheEnd() {
    MemoryDisk disk = new MemoryDisk();
    Script script =
        new Script() {
          @Override
          void onMessage(Actor self, Connection<Object> from, String text) {
            if (text.equals("set")) {
              Tally tally = new Tally();
              from.attach(tally);
              tally.count = 7;
            }
            from.send(from.attachment() instanceof Tally tally ? "" + tally.count : "none");
          }
        };
    TestHost node = new TestHost(disk, script);
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.message(ada, "set");
    node.hibernate();
    node.message(ada, "get");
    assertThat(node.texts()).containsExactly("1:7", "1:7");
  }

  @Test
  void anImmutableAttachmentIsSerializedOnceForAllTurns() {
    TestHost node =
        new TestHost(
            new MemoryDisk(),
            new Script() {
              @Override
              void onUpgrade(Actor self, Upgrade<Object> upgrade) {
                upgrade.accept(new Watched(1));
              }

              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                if (text.equals("set")) {
                  from.attach(new Watched(2));
                }
                from.send(from.attachment() instanceof Watched ? "ok" : "other");
              }
            },
            List.of(Watched.class));
    int before = Watched.READS.get();
    ConnectionId ada = node.connect("ada");
    assertThat(Watched.READS.get() - before).isEqualTo(1);
    node.message(ada, "get");
    assertThat(Watched.READS.get() - before).isEqualTo(1);
    node.message(ada, "set");
    node.message(ada, "get");
    assertThat(Watched.READS.get() - before).isEqualTo(2);
    assertThat(node.texts()).containsExactly("1:ok", "1:ok", "1:ok");
  }

  @Test
  @SuppressWarnings("GetClassOnEnum") // this is the class of a constant with a body
  void onlyWhatCannotChangeCountsAsImmutable() {
    assertThat(
            List.of(
                String.class,
                Long.class,
                Colour.class,
                Colour.RED.getClass(),
                Leaf.class,
                Branch.class,
                Note.class))
        .allMatch(ImmutableClasses::contains);
    assertThat(
            List.of(
                Object.class,
                Tally.class,
                Open.class,
                Wide.class,
                Bytes.class,
                BigInteger.class,
                List.of().getClass(),
                Map.class,
                Enum.class,
                int[].class))
        .noneMatch(ImmutableClasses::contains);
  }
}
