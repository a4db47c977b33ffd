package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Connections;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.server.protocol.ToGateway;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Checks what an actor can ask of its connections, and what each question reads. */
class ConnectionViewsTest {
  private final List<String> answers = new ArrayList<>();

  /** Handles messages whose first word says what to do with the connections of a tag. */
  private final TestHost node =
      new TestHost(
          new Script() {
            @Override
            void onUpgrade(Actor self, Upgrade<Object> upgrade) {
              String name = upgrade.head().query("name").orElseThrow();
              upgrade.accept(new Note(name, 0), name.equals("ada") ? "first" : "other", "any");
            }

            @Override
            void onMessage(Actor self, Connection<Object> from, String text) {
              Connections<Object> any = self.all().tagged("any");
              switch (text) {
                case "count" ->
                    answers.add(
                        any.count()
                            + " any, "
                            + self.all().tagged("first").count()
                            + " first, "
                            + any.tagged("first").count()
                            + " both, "
                            + any.except(from).count()
                            + " others, "
                            + self.all().except(from).count()
                            + " besides");
                case "untag" -> from.untag("first");
                case "tag" -> from.tag("first");
                case "fail" -> {
                  from.untag("any");
                  throw new IllegalStateException("as asked");
                }
                case "empty" ->
                    answers.add(
                        self.all().isEmpty()
                            + " "
                            + self.all().tagged("nobody").isEmpty()
                            + " "
                            + any.isEmpty());
                case "close all" -> self.all().except(from).close(4000, "over");
                case "close first" -> self.all().tagged("first").close(4001, "you");
                case "update" -> {
                  from.update(note -> ((Note) note).counted());
                  answers.add(from.attachment() + " " + from.acceptedAt());
                }
                case "where" -> answers.add(where(from));
                default -> throw new AssertionError(text);
              }
            }
          });

  private static String where(Connection<Object> from) {
    String address = from.remoteAddress();
    try {
      return from.path() + " " + from.query("NAME") + from.query("none") + " " + address;
    } catch (IllegalStateException e) {
      return e.getMessage() + " " + address;
    }
  }

  private String ask(ConnectionId from, String what) {
    answers.clear();
    node.message(from, what);
    return String.join("; ", answers);
  }

  private List<ToGateway> closes() {
    return node.heard().stream().filter(ToGateway.Close.class::isInstance).toList();
  }

  @Test
  void countsByTagAreRightAfterEachChangeAndReadTheRowsOnce() {
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    assertThat(ask(ada, "count")).isEqualTo("2 any, 1 first, 1 both, 1 others, 1 besides");
    int scans = node.store.connectionScans();
    ConnectionId cy = node.connect("cy");
    assertThat(ask(ada, "count")).isEqualTo("3 any, 1 first, 1 both, 2 others, 2 besides");
    ask(cy, "tag");
    assertThat(ask(ada, "count")).isEqualTo("3 any, 2 first, 2 both, 2 others, 2 besides");
    ask(ada, "untag");
    assertThat(ask(ada, "count")).isEqualTo("3 any, 1 first, 1 both, 2 others, 2 besides");
    node.close(cy, 1000);
    node.close(bo, 1000);
    assertThat(ask(ada, "count")).isEqualTo("1 any, 0 first, 0 both, 0 others, 0 besides");
    assertThat(node.store.connectionScans()).isEqualTo(scans);
  }

  @Test
  void countsByTagAreRightAfterAFailedTurnAndAfterSleep() {
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    String all = "2 any, 1 first, 1 both, 1 others, 1 besides";
    assertThat(ask(ada, "count")).isEqualTo(all);
    ask(ada, "fail");
    assertThat(ask(ada, "count")).isEqualTo(all);
    assertThat(node.hibernate()).isTrue();
    node.close(bo, 1000);
    assertThat(ask(ada, "count")).isEqualTo("1 any, 1 first, 1 both, 0 others, 0 besides");
  }

  @Test
  void allConnectionsAreClosedWithoutTheirRowsAndOthersByTag() {
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    ConnectionId cy = node.connect("cy");
    assertThat(node.hibernate()).isTrue();
    node.heard();
    int scans = node.store.connectionScans();
    ask(bo, "close all");
    assertThat(node.store.connectionScans()).isEqualTo(scans);
    assertThat(closes())
        .containsExactly(
            new ToGateway.Close(ada, 4000, "over"), new ToGateway.Close(cy, 4000, "over"));
    ask(bo, "close all");
    assertThat(closes()).isEmpty();
    ask(bo, "tag");
    ask(bo, "close first");
    assertThat(closes()).containsExactly(new ToGateway.Close(bo, 4001, "you"));
  }

  @Test
  void aViewIsEmptyIfNoConnectionIsInIt() {
    ConnectionId ada = node.connect("ada");
    assertThat(ask(ada, "empty")).isEqualTo("false true false");
  }

  @Test
  void anAttachmentIsUpdatedByAFunctionAndTheTimeOfAcceptanceIsKeptInSleep() {
    Instant before = node.time.instant();
    ConnectionId ada = node.connect("ada");
    assertThat(node.hibernate()).isTrue();
    node.time.advance(Duration.ofMinutes(1));
    assertThat(ask(ada, "update")).isEqualTo(new Script.Note("ada", 1) + " " + before);
  }

  @Test
  void pathQueryAndAddressOfTheUpgradeAreKeptInSleep() {
    ConnectionId ada = node.connect("ada");
    String before = ask(ada, "where");
    assertThat(before).isEqualTo("/room/one Optional[ada]Optional.empty " + TestHost.CLIENT);
    assertThat(node.hibernate()).isTrue();
    assertThat(ask(ada, "where")).isEqualTo(before);
  }

  @Test
  void aLongPathAndQueryAreNotKeptAndTheActorIsToldSo() {
    ConnectionId ada = node.connect("x".repeat(1_025));
    assertThat(ask(ada, "where"))
        .contains("took more than 1024 bytes")
        .endsWith(" " + TestHost.CLIENT);
  }
}
