package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.MemoryDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AutoRepliesTest {
  private static final AutoReply PING = new AutoReply("ping", "pong");

  /** Obeys a message: {@code set a b}, {@code clear a}, {@code fill}, {@code fail a b}. */
  private static final class Obedient extends Script {
    final List<String> caught = new ArrayList<>();

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) throws IOException {
      String[] words = text.split(" ", -1);
      switch (words[0]) {
        case "set" -> self.reply(words[1], words[2]);
        case "clear" -> self.clearReply(words[1]);
        case "fill" -> fill(self);
        case "fail" -> {
          self.reply(words[1], words[2]);
          throw new IOException("as asked");
        }
        default -> from.send(text);
      }
    }

    private void fill(Actor self) {
      for (int i = 0; i < AutoReply.REPLIES_DEFAULT; i++) {
        self.reply("r" + i, "a");
      }
      self.reply("r0", "b");
      attempt(() -> self.reply("one more", ""));
      attempt(() -> self.reply("r0", "x".repeat(AutoReply.BYTES_DEFAULT + 1)));
    }

    private void attempt(Runnable forbidden) {
      try {
        forbidden.run();
      } catch (LimitExceededException e) {
        caught.add(e.getMessage());
      }
    }
  }

  private static ToGateway told(AutoReply... replies) {
    return new ToGateway.AutoReplies(List.of(replies));
  }

  private static List<ToGateway> repliesIn(List<ToGateway> records) {
    return records.stream().filter(ToGateway.AutoReplies.class::isInstance).toList();
  }

  @Test
  void theGatewayHearsOfAChangeOnceItIsStored() {
    TestHost node = new TestHost(new Obedient());
    ConnectionId ada = node.connect("ada");
    assertThat(repliesIn(node.heard())).isEmpty();
    node.store.hold();
    node.message(ada, "set ping pong");
    assertThat(node.heard()).isEmpty();
    node.store.letAllThrough();
    assertThat(node.heard()).containsExactly(told(PING), new ToGateway.Handled(ada, 1));
    node.message(ada, "set ping pong");
    assertThat(node.heard()).containsExactly(new ToGateway.Handled(ada, 2));
    node.message(ada, "set ping PONG");
    assertThat(repliesIn(node.heard())).containsExactly(told(new AutoReply("ping", "PONG")));
    node.message(ada, "clear pong");
    assertThat(repliesIn(node.heard())).isEmpty();
    node.message(ada, "clear ping");
    assertThat(repliesIn(node.heard())).containsExactly(told());
  }

  @Test
  void aTurnThatFailsChangesNone() {
    TestHost node = new TestHost(new Obedient());
    ConnectionId ada = node.connect("ada");
    node.message(ada, "set ping pong");
    node.heard();
    node.message(ada, "fail ping changed");
    assertThat(repliesIn(node.heard())).isEmpty();
    node.connect("bo");
    assertThat(repliesIn(node.heard())).containsExactly(told(PING));
  }

  @Test
  void theyComeWithEachConnectionAfterSleepAndRestartToo() {
    MemoryDisk disk = new MemoryDisk();
    TestHost node = new TestHost(disk, new Obedient());
    ConnectionId ada = node.connect("ada");
    node.message(ada, "set ping pong");
    node.heard();
    ConnectionId bo = node.connect("bo");
    List<ToGateway> records = node.heard();
    assertThat(records)
        .containsExactly(new ToGateway.Accepted(bo, List.of(), List.of()), told(PING));
    assertThat(node.hibernate()).isTrue();
    node.connect("cy");
    assertThat(repliesIn(node.heard())).containsExactly(told(PING));

    TestHost next = new TestHost(disk, new Obedient());
    next.connect("ada");
    assertThat(repliesIn(next.heard())).containsExactly(told(PING));
    assertThat(next.host.actors("room", 10)).hasSize(1);
  }

  @Test
  void whereTheActorsRowSaysThatThereAreNoneNoneAreRead() {
    MemoryDisk disk = new MemoryDisk();
    TestHost node = new TestHost(disk, new Obedient());
    ConnectionId ada = node.connect("ada");
    assertThat(node.hibernate()).isTrue();
    node.connect("bo");
    assertThat(node.store.autoReplyReads()).isZero();

    node.message(ada, "set ping pong");
    node.message(ada, "clear ping");
    assertThat(node.hibernate()).isTrue();
    int reads = node.store.autoReplyReads();
    node.connect("cy");
    assertThat(node.store.autoReplyReads()).isEqualTo(reads);

    node.message(ada, "set ping pong");
    TestHost next = new TestHost(disk, new Obedient());
    next.connect("ada");
    assertThat(repliesIn(next.heard())).containsExactly(told(PING));
    assertThat(next.store.autoReplyReads()).isEqualTo(1);
  }

  @Test
  void afterALostCommitTheGatewayIsToldWhatIsStored() {
    TestHost node = new TestHost(new Obedient());
    ConnectionId ada = node.connect("ada");
    ConnectionId bo = node.connect("bo");
    node.message(ada, "set ping pong");
    node.heard();
    node.store.hold();
    node.message(ada, "clear ping");
    node.store.lose(new CommitResult.Unknown(new IOException("as asked")));
    node.store.letAllThrough();
    node.steps.runAll();
    node.heard();
    node.message(bo, "hello");
    assertThat(repliesIn(node.heard())).containsExactly(told(PING));
    node.message(bo, "hello");
    assertThat(repliesIn(node.heard())).isEmpty();
  }

  @Test
  void sixteenAndNoMore() {
    Obedient script = new Obedient();
    TestHost node = new TestHost(script);
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.message(ada, "fill");
    assertThat(script.caught)
        .containsExactly(
            "the number of automatic replies is 17; the limit is 16",
            "an automatic reply is 2049 bytes; the limit is 2048");
    List<ToGateway> told = repliesIn(node.heard());
    assertThat(told).hasSize(1);
    assertThat(((ToGateway.AutoReplies) told.get(0)).replies())
        .hasSize(16)
        .startsWith(new AutoReply("r0", "b"), new AutoReply("r1", "a"));
  }

  @Test
  void theGatewayHearsNothingOfATurnThatCouldNotReadTheStore() {
    TestHost node =
        new TestHost(
            new Script() {
              private boolean isTriedAgain;

              @Override
              void onMessage(Actor self, Connection<Object> from, String text) {
                if (!isTriedAgain) {
                  isTriedAgain = true;
                  self.reply("ping", "pong");
                  assertThatThrownBy(() -> self.store().get("bad", String.class))
                      .isInstanceOf(UncheckedIOException.class);
                }
              }
            });
    ConnectionId ada = node.connect("ada");
    node.heard();
    node.store.failReads("bad"::equals);
    node.message(ada, "hello");
    node.pass(Duration.ofSeconds(1));
    assertThat(node.heard()).containsExactly(new ToGateway.Handled(ada, 1));
    node.connect("bo");
    assertThat(repliesIn(node.heard())).isEmpty();
  }
}
