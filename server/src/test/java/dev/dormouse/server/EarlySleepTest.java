package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Checks the options by which actors of a whole server fall asleep before the server's time. */
class EarlySleepTest {
  private final BlockingQueue<String> slept = new LinkedBlockingQueue<>();

  /** Tells the test when it falls asleep. */
  public static final class Sleeper extends WebSocketActor<String> {
    private final BlockingQueue<String> slept;

    Sleeper(BlockingQueue<String> slept) {
      this.slept = slept;
    }

    @Override
    protected void onUpgrade(Upgrade<String> upgrade) {
      upgrade.accept("guest");
    }

    @Override
    protected void onMessage(Connection<String> from, String text) {
      from.send(text);
    }

    @Override
    protected void onHibernate() {
      slept.add(id().key());
    }
  }

  private DormouseServer open(ServerOptions options, UnaryOperator<ActorOptions> ofType) {
    return Dormouse.server()
        .actor("/sleeper/:key", Sleeper.class, () -> new Sleeper(slept), ofType)
        .open(
            options
                .port(0)
                .adminPort(0)
                .idle(Duration.ofHours(1))
                .data(Path.of("unused"))
                .durability(Durability.MEMORY));
  }

  private static TextClient afterAnswerTo(TextClient first, DormouseServer server)
      throws Exception {
    assertThat(first.ask("hi")).isEqualTo("hi");
    return new TextClient(server, "/sleeper/b");
  }

  @Test
  void overTheMostActorsInMemoryTheLeastRecentlyUsedFallsAsleep() throws Exception {
    try (DormouseServer server =
            open(ServerOptions.defaults().actorsInMemoryMax(1), options -> options);
        TextClient ada = new TextClient(server, "/sleeper/a");
        TextClient bo = afterAnswerTo(ada, server)) {
      assertThat(bo.ask("hi")).isEqualTo("hi");
      assertThat(slept.poll(30, TimeUnit.SECONDS)).isEqualTo("a");
    }
  }

  @Test
  void anActorTypeHasItsOwnIdleTime() throws Exception {
    try (DormouseServer server =
            open(ServerOptions.defaults(), options -> options.idle(Duration.ofMillis(10)));
        TextClient ada = new TextClient(server, "/sleeper/a")) {
      assertThat(ada.ask("hi")).isEqualTo("hi");
      assertThat(slept.poll(30, TimeUnit.SECONDS)).isEqualTo("a");
    }
  }
}
