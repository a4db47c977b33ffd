package dev.dormouse.server.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("N3")
class NettyVersionsTest {
  @Test
  @DisplayName("N3: the version that is needed is the one that the server is built with")
  void theVersionThatIsNeededIsTheOneThatTheServerIsBuiltWith() {
    assertThat(NettyVersions.found())
        .containsKeys("netty-common", "netty-transport", "netty-codec-haproxy")
        .allSatisfy((module, version) -> assertThat(version).isEqualTo(NettyVersions.NEEDED));
  }

  @Test
  @DisplayName("N3: the BOM gives applications the version that is needed")
  void theBomGivesApplicationsTheVersionThatIsNeeded() throws IOException {
    assertThat(Files.readString(Path.of("../sdk/bom/pom.xml")))
        .containsPattern(
            "<artifactId>netty-bom</artifactId>\\s+<version>"
                + Pattern.quote(NettyVersions.NEEDED)
                + "</version>");
  }

  @ParameterizedTest
  @CsvSource({
    "4.1.128.Final, 4.1.128.Final",
    "4.2.7.Final, 4.2.7.Final",
    "4.2.18.Final, 4.2.7.Final",
    "4.2.18.Final, 4.2.19.Final"
  })
  @DisplayName("N3: an older Netty, and one of several versions, is named with the remedy")
  void anOlderNettyAndOneOfSeveralVersionsIsNamedWithTheRemedy(String common, String buffer) {
    assertThat(NettyVersions.problemOf(Map.of("netty-common", common, "netty-buffer", buffer)))
        .contains(common, buffer, "<netty.version>" + NettyVersions.NEEDED + "</netty.version>")
        .doesNotContain("\n");
  }

  @ParameterizedTest
  @CsvSource({"4.2.18.Final", "4.2.100.Final", "4.3.0.Final", "5.0.0.Alpha1"})
  @DisplayName("N3: the same Netty, or a later one, will do")
  void theSameNettyOrALaterOneWillDo(String version) {
    assertThat(NettyVersions.problemOf(Map.of("netty-common", version, "netty-buffer", version)))
        .isNull();
    assertThat(NettyVersions.problemOf(Map.of())).isNull();
  }
}
