package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionFailedException;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.Script.Note;
import dev.dormouse.server.protocol.ToGateway.Close;
import dev.dormouse.server.protocol.ToGateway.Responded;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.Table;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class CloseEventsTest {

  @Test
  @DisplayName(
      "S34 S35 A connection is listed in its own close handler, and hears nothing any more")
  void aConnectionIsListedInItsOwnCloseHandlerAndHearsNothingAnyMore() {
    List<String> seen = new ArrayList<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
                seen.add(reason.code() + " " + gone.attachment() + " of " + self.all().count());
                gone.send("goodbye");
                self.all().except(gone).forEach(other -> other.send("left"));
              }
            });
    ConnectionId ada = node.connect("ada");
    node.connect("bo");
    node.heard();
    node.close(ada, 1000);
    assertThat(seen).containsExactly("1000 " + new Note("ada", 0) + " of 2");
    assertThat(node.texts()).containsExactly("2:left");
    assertThat(node.status().connections()).isEqualTo(1);
  }

  @Test
  @DisplayName("S31 A close that is told twice takes effect once")
  void aCloseThatIsToldTwiceTakesEffectOnce() {
    List<Integer> closes = new ArrayList<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
                closes.add(reason.code());
              }
            });
    ConnectionId ada = node.connect("ada");
    node.connect("bo");
    node.close(ada, 1000);
    node.close(ada, 1006);
    assertThat(closes).containsExactly(1000);
    assertThat(node.status().connections()).isEqualTo(1);
  }

  @Test
  void theRowOfTheActorCountsTheConnectionsOfEachGateway() {
    MemoryDisk disk = new MemoryDisk();
    TestHost first = new TestHost(disk, new Script() {});
    first.connect("ada");
    ConnectionId bo = first.connect("bo");
    first.close(bo, 1000);
    assertThat(gateways(first)).containsExactly(new ActorRow.Gateway(1, 1));

    TestHost next = new TestHost(disk, new Script() {});
    next.connect("cy");
    assertThat(gateways(next))
        .containsExactly(new ActorRow.Gateway(1, 1), new ActorRow.Gateway(2, 1));
    var unused = next.host.closeLeftovers();
    next.steps.runAll();
    assertThat(gateways(next)).containsExactly(new ActorRow.Gateway(2, 1));
  }

  private static List<ActorRow.Gateway> gateways(TestHost node) {
    return ActorRow.decodeOrNone(node.store.get(TestHost.ROOM, Table.ACTOR, ActorRow.KEY))
        .gateways();
  }

  @Test
  void aCloseHandlerThatThrowsDoesNotKeepTheConnection() {
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
                self.store().put("trace", true);
                throw new IllegalStateException("as asked");
              }

              @Override
              HttpResponse onRequest(Actor self, HttpRequest request) {
                boolean isKept = self.store().get("trace", Boolean.class).isPresent();
                return HttpResponse.text(200, self.all().count() + " " + isKept);
              }
            });
    node.close(node.connect("ada"), 1001);
    node.heard();
    assertThat(node.status().connections()).isZero();
    node.request();
    assertThat(node.heard()).containsExactly(new Responded(1, HttpResponse.text(200, "0 false")));
  }

  @Test
  @DisplayName("S29 S41 A handle kept after the close is inert")
  void aHandleKeptAfterTheCloseIsInert() {
    List<Connection<Object>> kept = new ArrayList<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
                kept.add(gone);
              }

              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                Connection<Object> gone = kept.get(0);
                gone.send("hello?");
                gone.attach(new Note("ghost", 1));
                gone.tag("ghost");
                gone.close(1000, "");
                from.send(gone.isOpen() + " " + self.all().count());
              }
            });
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.close(ada, 1000);
    node.heard();
    node.message(bo, "poke");
    assertThat(node.texts()).containsExactly("2:false 1");
    assertThat(node.status().connections()).isEqualTo(1);
  }

  /** Calls every method of a handle, with arguments that would break a limit of an open one. */
  private static void useInEveryWay(Connection<Object> handle) {
    for (int code : new int[] {1000, 1005, 1006, 1015, 0, -1, 70_000}) {
      handle.close(code, "x".repeat(200));
    }
    handle.close();
    handle.send("x");
    handle.send("x".repeat((32 << 20) + 1));
    handle.send(ByteBuffer.allocate(1));
    handle.sendLatest("k".repeat(1_000), "x");
    handle.sendLatest("k".repeat(1_000), ByteBuffer.allocate(1));
    handle.send("x").outcome();
    handle.attach(new Note("ghost", 1));
    handle.attach(new Note("too long: " + "x".repeat(100_000), 1));
    handle.attach(new Object());
    handle.attachment();
    String[] tooMany = new String[100];
    Arrays.setAll(tooMany, i -> "t" + i);
    handle.tag(tooMany);
    handle.tag("t".repeat(1_000));
    handle.untag("t1");
    handle.tags();
    handle.lastSeen();
    handle.id();
  }

  @Test
  @DisplayName(
      "O1 S41 a closed connection's handle does nothing and throws nothing, whatever it is")
  void closedHandlesAreInert() {
    Connection<?>[] kept = new Connection<?>[1];
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              @SuppressWarnings("unchecked")
              void onMessage(Actor self, Connection<Object> from, String text) {
                if (text.equals("close")) {
                  from.attach(new Note("closed", 7));
                  from.close(4000, "");
                  useInEveryWay(from);
                } else {
                  useInEveryWay((Connection<Object>) kept[0]);
                  from.send("still here");
                }
              }

              @Override
              void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
                kept[0] = gone;
                gone.close(reason.code(), reason.reason());
                self.store().put("left/" + gone.id(), reason.code());
                useInEveryWay(gone);
              }

              @Override
              HttpResponse onRequest(Actor self, HttpRequest request) {
                int left = self.store().list("left/", Integer.class).size();
                return HttpResponse.text(200, left + " " + self.all().count());
              }
            });
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    ConnectionId cy = node.connect("cy");
    ConnectionId dee = node.connect("dee");
    node.heard();
    node.close(ada, 1005);
    node.close(bo, 1006);
    node.message(cy, "close");
    assertThat(node.heard())
        .filteredOn(Close.class::isInstance)
        .containsExactly(new Close(cy, 4000, ""));
    node.close(cy, 4000);
    node.message(dee, "use the handle kept");
    assertThat(node.texts()).containsExactly("4:still here");
    node.close(dee, 1006);
    assertThat(node.ask()).isEqualTo("4 0");
  }

  @Test
  @DisplayName("O1 S41 in onError a connection may be closed with any code, and onClose follows")
  void aFailedConnectionMayBeClosedWithAnyCode() {
    List<ConnectionFailedException> errors = new ArrayList<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onError(
                  Actor self, Connection<Object> connection, ConnectionFailedException error) {
                errors.add(error);
                for (int code : new int[] {1005, 1006, 1015, 0, 70_000}) {
                  connection.close(code, "x".repeat(200));
                }
                self.store().put("failed", true);
              }

              @Override
              void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
                self.store().put("code", reason.code());
              }

              @Override
              HttpResponse onRequest(Actor self, HttpRequest request) {
                String failed = String.valueOf(self.store().get("failed", Boolean.class));
                String code = String.valueOf(self.store().get("code", Integer.class));
                return HttpResponse.text(200, failed + " " + code);
              }
            });
    ConnectionId ada = node.connect("ada");
    node.heard();
    CloseReason lost = CloseReason.abnormal(CloseReason.Cause.CONNECTION_LOST);
    node.host.accept(new ToHost.Failed(TestHost.ROOM, ada, "the connection was reset", lost));
    node.steps.runAll();
    assertThat(node.heard()).isEmpty();
    node.close(ada, 1006);
    assertThat(errors)
        .singleElement()
        .satisfies(e -> assertThat(e).hasMessage("the connection was reset"))
        .extracting(ConnectionFailedException::reason)
        .isEqualTo(lost);
    assertThat(node.ask()).isEqualTo("Optional[true] Optional[1006]");
  }

  @Test
  @DisplayName("O1 a reserved code and a long reason stay clear errors for an open connection")
  void openHandlesAreChecked() {
    List<String> errors = new ArrayList<>();
    TestHost node =
        new TestHost(
            new Script() {
              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                for (int code : new int[] {1005, 1006, 1015}) {
                  try {
                    from.close(code, "");
                  } catch (IllegalArgumentException e) {
                    errors.add(e.getMessage());
                  }
                }
                from.send(String.valueOf(from.isOpen()));
              }
            });
    node.message(node.connect("ada"), "close");
    assertThat(errors).hasSize(3).allMatch(error -> error.contains("may not be sent"));
    assertThat(node.texts()).containsExactly("1:true");
  }
}
