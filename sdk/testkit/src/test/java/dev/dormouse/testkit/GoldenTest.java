package dev.dormouse.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GoldenTest {
  private static final String WRITE = "dormouse.golden.write";

  /** The class as it was. */
  static final class Before extends WebSocketActor<Before.Member> {
    record Member(String name) {}

    @Override
    protected void onUpgrade(Upgrade<Member> upgrade) {
      upgrade.accept(new Member("x"));
    }
  }

  /** The class as it is today, with one more component. */
  static final class After extends WebSocketActor<After.Person> {
    record Person(String name, @Nullable String color) {}

    @Override
    protected void onUpgrade(Upgrade<Person> upgrade) {
      upgrade.accept(new Person("x", null));
    }
  }

  private final TestActors before = TestActors.of("/r/:key", Before.class, Before::new);
  private final TestActors after =
      TestActors.of(
          "/r/:key",
          After.class,
          After::new,
          o -> o.renamed(Before.Member.class.getName(), After.Person.class));

  @AfterEach
  void forget() {
    System.clearProperty(WRITE);
  }

  @Test
  void bytesOfAnOlderClassAreReadByTheNewOne(@TempDir Path folder) throws Exception {
    String file = folder.resolve("golden/member.txt").toString();
    assertThatThrownBy(() -> before.checkGolden(Before.class, file, new Before.Member("ann")))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("there is no golden file")
        .hasMessageContaining("-Ddormouse.golden.write=true");
    System.setProperty(WRITE, "true");
    before.checkGolden(Before.class, file, new Before.Member("ann"));
    String written = Files.readString(Path.of(file));
    assertThat(written).contains("name=ann");
    before.checkGolden(Before.class, file, new Before.Member("ann"));
    after.checkGolden(After.class, file, new After.Person("ann", null));
    assertThat(Files.readString(Path.of(file))).isEqualTo(written);
  }

  @Test
  void valuesThatAreReadOtherwiseAreAnError(@TempDir Path folder) {
    String file = folder.resolve("member.txt").toString();
    System.setProperty(WRITE, "true");
    before.checkGolden(Before.class, file, new Before.Member("ann"));
    assertThatThrownBy(() -> before.checkGolden(Before.class, file, new Before.Member("bob")))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("is read as Member[name=ann], and Member[name=bob] is expected");
    assertThatThrownBy(() -> before.checkGolden(Before.class, file))
        .hasMessageContaining("has 1 values, and 0 are expected");
    assertThatThrownBy(() -> before.checkGolden(Before.class, file, Optional.of("x")))
        .hasMessageContaining("cannot be read as java.util.Optional");
    assertThatThrownBy(() -> before.checkGolden(After.class, file))
        .hasMessageContaining("is no actor type of this test");
  }
}
