package dev.dormouse.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.server.cli.ServerCommand;
import dev.dormouse.server.observe.accesslog.AccessLogFormat;
import dev.dormouse.server.options.NetworkTransport;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.lang.reflect.Field;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

// Nothing of the JVM is involved.
@Tag("once")
class DormousePropertiesTest {

  /** Returns the options that these properties make, each with a value after its name. */
  private static ServerOptions options(String... properties) {
    Map<String, String> values = new LinkedHashMap<>();
    for (int i = 0; i < properties.length; i += 2) {
      values.put("dormouse." + properties[i], properties[i + 1]);
    }
    return new Binder(new MapConfigurationPropertySource(values))
        .bindOrCreate("dormouse", DormouseProperties.class)
        .options();
  }

  @Test
  void propertiesHaveTheNamesOfTheCommandLinesOptions() {
    Set<String> properties =
        Stream.of(DormouseProperties.class.getRecordComponents())
            .map(RecordComponent::getName)
            .map(name -> name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT))
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> options = optionsOf(ServerCommand.class);
    options.remove("config"); // Spring Boot has files of its own
    // The options of a cluster are set in a bean of type ServerOptions.
    options.removeAll(Set.of("node", "peers", "role", "cluster-secret-file"));

    assertThat(properties).isEqualTo(options);
  }

  private static Set<String> optionsOf(Class<?> command) {
    Set<String> names = new TreeSet<>();
    for (Field field : command.getDeclaredFields()) {
      if (field.isAnnotationPresent(Mixin.class)) {
        names.addAll(optionsOf(field.getType()));
      } else if (field.isAnnotationPresent(Option.class)) {
        names.add(field.getAnnotation(Option.class).names()[0].substring(2));
      }
    }
    return names;
  }

  @Test
  void withoutPropertiesTheOptionsAreTheDefaultsAndThePortLeavesThatOfSpring() {
    ServerOptions options = options();

    assertThat(options.port()).isEqualTo(8081);
    assertThat(options.data()).isEqualTo(ServerOptions.defaults().data());
    assertThat(options.gateway().pingInterval())
        .isEqualTo(ServerOptions.defaults().gateway().pingInterval());
    assertThat(options.gateway().limits()).isEqualTo(ServerOptions.defaults().gateway().limits());
  }

  @Test
  void eachPropertySetsItsOption() {
    ServerOptions options =
        options(
            "host", "0.0.0.0",
            "port", "0",
            "data", "state",
            "durability", "wal",
            "idle", "20s",
            "stall-exit", "0s",
            "restart", "true",
            "transport", "io_uring",
            "access-log", "false", // YAML reads off as false
            "ping", "0s",
            "max-connections-per-ip", "0",
            "allowed-origins", "https://a.example,https://b.example",
            "trusted-proxies[0]", "10.0.0.0/8",
            "proxy-protocol", "optional");

    assertThat(options.host()).isEqualTo("0.0.0.0");
    assertThat(options.port()).isZero();
    assertThat(options.data()).isEqualTo(Path.of("state"));
    assertThat(options.durability()).isEqualTo(Durability.WAL);
    assertThat(options.idle()).isEqualTo(Duration.ofSeconds(20));
    assertThat(options.stallExit()).isEmpty();
    assertThat(options.restarts()).isTrue();
    assertThat(options.transport()).isEqualTo(NetworkTransport.IO_URING);
    assertThat(options.accessLog()).isEqualTo(AccessLogFormat.OFF);
    assertThat(options.gateway().pingInterval()).isEmpty();
    assertThat(options.gateway().limits().leavesShare()).isFalse();
    assertThat(options.gateway().allowedOrigins())
        .containsExactlyInAnyOrder("https://a.example", "https://b.example");
    assertThat(options.gateway().trustedProxies().isEmpty()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "idle, 1ms, dormouse.idle: ",
    "tls-cert, a.pem, dormouse.tls-cert needs dormouse.tls-key",
    "proxy-protocol, required, dormouse.proxy-protocol needs dormouse.trusted-proxies",
    "trusted-proxies, everyone, dormouse.trusted-proxies: "
  })
  void aWrongValueIsReportedWithTheNameOfItsProperty(String name, String value, String line) {
    assertThatThrownBy(() -> options(name, value))
        .isInstanceOf(ActorServerException.class)
        .hasMessageStartingWith(line);
  }
}
