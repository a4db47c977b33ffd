package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.Script.Note;
import dev.dormouse.server.protocol.ToGateway;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Checks that sleep changes nothing: an actor that hibernates after some events, after every event,
 * or never, says the same and leaves the same behind.
 */
class TranscriptTest {

  enum Kind {
    CONNECT,
    SAY,
    ATTACH,
    TAG,
    UNTAG,
    PUT,
    DELETE,
    LIST,
    BROADCAST,
    EACH,
    FAIL,
    KICK,
    CLOSE,
    REQUEST
  }

  /** An event, and whether the actor is sent to sleep after it. */
  record Event(Kind kind, int who, int what, boolean thenSleep) {}

  /** Obeys a message, and answers with everything it can see. */
  private static final class Obedient extends Script {
    @Override
    void onUpgrade(Actor self, Upgrade<Object> upgrade) {
      String name = upgrade.head().query("name").orElse("");
      upgrade.accept(new Note(name, 0), "new").send("welcome " + name);
      self.all().broadcast(name + " joined " + self.all().count());
    }

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) {
      String[] words = text.split(" ");
      String argument = words[1];
      switch (Kind.valueOf(words[0])) {
        case SAY -> from.send(argument + " " + from.attachment() + " " + from.tags());
        case ATTACH -> from.attach(((Note) from.attachment()).counted());
        case TAG -> from.tag("t" + argument);
        case UNTAG -> from.untag("t" + argument);
        case PUT -> self.store().put("k" + argument, from.id() + text);
        case DELETE -> from.send("" + self.store().delete("k" + argument));
        case LIST -> from.send(contents(self));
        case BROADCAST -> self.all().tagged("t" + argument).except(from).broadcast(text);
        case EACH ->
            self.all()
                .tagged("t" + argument)
                .forEach(c -> c.attach(((Note) c.attachment()).counted()));
        case FAIL -> {
          self.store().put("k" + argument, "must not be seen");
          from.attach(new Note("must not be seen", 0));
          from.send("must not be heard");
          throw new IllegalStateException("as asked");
        }
        case KICK -> from.close(4000, "bye " + argument);
        default -> throw new AssertionError(text);
      }
    }

    @Override
    void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
      self.store().put("last", gone.attachment() + " " + gone.tags() + " " + reason.code());
      self.all().broadcast("left " + gone.attachment());
    }

    @Override
    HttpResponse onRequest(Actor self, HttpRequest request) {
      return HttpResponse.text(200, contents(self));
    }

    private static String contents(Actor self) {
      String stored =
          self.store().list(KeyRange.all().reversed(), String.class).stream()
              .map(e -> e.key() + "=" + e.value())
              .collect(Collectors.joining(","));
      String present =
          self.all().stream()
              .map(c -> c.id() + ":" + c.attachment() + c.tags())
              .collect(Collectors.joining(","));
      return stored + "|" + present + "|" + self.all().count();
    }
  }

  private static List<ToGateway> transcript(List<Event> events, boolean always, boolean never) {
    TestHost node = new TestHost(new Obedient());
    List<ConnectionId> open = new ArrayList<>();
    List<ToGateway> transcript = new ArrayList<>();
    for (Event event : events) {
      happen(node, open, event);
      transcript.addAll(node.heard());
      if (!never && (always || event.thenSleep)) {
        assertThat(node.hibernate()).isTrue();
        assertThat(node.host.activeActors()).isZero();
      }
    }
    node.request();
    transcript.addAll(node.heard());
    return transcript;
  }

  private static void happen(TestHost node, List<ConnectionId> open, Event event) {
    if (event.kind == Kind.CONNECT || open.isEmpty()) {
      open.add(node.connect("n" + event.what));
    } else if (event.kind == Kind.REQUEST) {
      node.request();
    } else if (event.kind == Kind.CLOSE) {
      node.close(open.remove(event.who % open.size()), 1000 + event.what);
    } else {
      ConnectionId who = open.get(event.who % open.size());
      node.message(who, event.kind + " " + event.what);
      if (event.kind == Kind.KICK) {
        open.remove(who);
        node.close(who, 4000);
      }
    }
  }

  @Property(tries = 300)
  void hibernatingAfterEveryEventOrNeverGivesTheSameTranscript(
      @ForAll("events") List<Event> events) {
    List<ToGateway> awake = transcript(events, false, true);
    assertThat(transcript(events, true, false)).isEqualTo(awake);
    assertThat(transcript(events, false, false)).isEqualTo(awake);
    assertThat(awake.toString()).doesNotContain("must not be");
  }

  @Provide
  Arbitrary<List<Event>> events() {
    return Combinators.combine(
            Arbitraries.of(Kind.class),
            Arbitraries.integers().between(0, 3),
            Arbitraries.integers().between(0, 3),
            Arbitraries.of(true, false))
        .as(Event::new)
        .list()
        .ofMaxSize(40);
  }
}
