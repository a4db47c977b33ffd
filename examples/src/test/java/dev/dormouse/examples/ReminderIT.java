package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.examples.Admin.Actor;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReminderIT {
  @TempDir private Path directory;

  @Test
  void anAlarmWakesAHibernatedActorAndComesThoughTheProcessWasKilled() throws Exception {
    Path data = directory.resolve("data");
    try (ServerProcess server = ServerProcess.start(data);
        Client ada = server.connect("/reminder/desk");
        Client bo = server.connect("/reminder/desk")) {
      assertThat(ada.ask("3 wake up")).isEqualTo("set");
      assertThat(server.admin().hibernate("reminder", "desk")).isEqualTo(new Actor("asleep", 2, 1));
      assertThat(ada.nextText()).isEqualTo("wake up");
      assertThat(bo.nextText()).isEqualTo("wake up");
      assertThat(server.admin().actor("reminder", "desk").activation()).isEqualTo(2);

      assertThat(bo.ask("1e9 never")).isEqualTo("set");
      assertThat(bo.ask("1 after the crash")).isEqualTo("set");
      server.kill9();
      server.awaitExit();
    }
    try (ServerProcess server = ServerProcess.start(data);
        Client cy = server.connect("/reminder/desk")) {
      assertThat(cy.nextText()).isEqualTo("wake up");
      assertThat(cy.nextText()).isEqualTo("after the crash");
      assertThat(Http.get(server.admin().path("/actors/reminder/desk")).body())
          .contains("\"alarms\":1", "\"name\":\"never\"", "\"attempt\":1");
      assertThat(cy.ask("nonsense")).startsWith("a message is");
      assertThat(cy.ask("forget")).isEqualTo("forgotten");
      assertThat(Http.get(server.admin().path("/actors/reminder/desk")).body())
          .contains("\"alarms\":0");
    }
  }
}
