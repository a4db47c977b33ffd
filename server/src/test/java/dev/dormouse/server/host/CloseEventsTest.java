package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.Script.Note;
import dev.dormouse.server.protocol.ToGateway.Responded;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class CloseEventsTest {

  @Test
  @DisplayName(
      "S34 S35 A connection is listed in its own close handler, and hears nothing any more")
  void s34() {
    List<String> seen = new ArrayList<>();
    Node node =
        new Node(
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
  void s31() {
    List<Integer> closes = new ArrayList<>();
    Node node =
        new Node(
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
  void aCloseHandlerThatThrowsDoesNotKeepTheConnection() {
    Node node =
        new Node(
            new Script() {
              @Override
              void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
                self.store().put("trace", true);
                throw new IllegalStateException("as asked");
              }

              @Override
              void onRequest(Actor self, HttpRequest request) {
                boolean isKept = self.store().get("trace", Boolean.class).isPresent();
                request.respond(HttpResponse.text(200, self.all().count() + " " + isKept));
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
  void s41() {
    List<Connection<Object>> kept = new ArrayList<>();
    Node node =
        new Node(
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
}
