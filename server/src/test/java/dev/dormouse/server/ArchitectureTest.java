package dev.dormouse.server;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.dormouse.server.cli.ServerCommand;
import dev.dormouse.server.protocol.Time;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/** Checks which packages import which. */
// The classes under inspection are the same on each JVM.
@Tag("once")
class ArchitectureTest {
  private static final String SDK = "dev.dormouse.sdk..";
  private static final String STORAGE = "dev.dormouse.storage..";
  private static final String CODEC = "dev.dormouse.storage.codec..";
  private static final String ROWS = "dev.dormouse.storage.rows..";
  private static final String PROTOCOL = "dev.dormouse.server.protocol..";
  private static final String GATEWAY = "dev.dormouse.server.gateway..";
  private static final String HOST = "dev.dormouse.server.host..";
  private static final String CLUSTER = "dev.dormouse.server.cluster";
  private static final String LINK = "dev.dormouse.server.cluster.link..";
  private static final String RAFT = "dev.dormouse.server.cluster.raft..";
  private static final String ENTRY_LOG = "dev.dormouse.storage.entrylog..";
  private static final String JRAFT = "com.alipay..";
  private static final String PROTOBUF = "com.google.protobuf..";
  private static final String OBSERVE = "dev.dormouse.server.observe";
  private static final String ADMIN = "dev.dormouse.server.admin";
  private static final String DASHBOARD = "dev.dormouse.server.admin.dashboard..";
  private static final String METRICS = "dev.dormouse.server.admin.metrics..";
  private static final String TRACING = "dev.dormouse.server.observe.tracing..";
  private static final String INSPECTOR = "dev.dormouse.server.admin.inspector..";
  private static final String ACCESS_LOG = "dev.dormouse.server.observe.accesslog..";
  private static final String JDK = "java..";
  private static final String JDK_TLS = "javax.net.ssl..";
  private static final String JDK_CRYPTO = "javax.crypto..";
  private static final String JDK_MANAGEMENT = "com.sun.management..";
  private static final String JSPECIFY = "org.jspecify..";
  private static final String SLF4J = "org.slf4j..";
  private static final String LOG = "dev.dormouse.log..";
  private static final String VERTX = "io.vertx..";
  private static final String NETTY = "io.netty..";
  private static final String MICROMETER = "io.micrometer..";
  private static final String OPENTELEMETRY = "io.opentelemetry..";
  private static final String ROCKSDB = "org.rocksdb..";
  private static final String KRYO = "com.esotericsoftware..";

  private static final JavaClasses PRODUCT =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("/test/")) // a build without Maven
          .importPackages("dev.dormouse");

  private static Stream<Arguments> rooms() {
    return Stream.of(
        room(LOG, LOG, SDK, JDK, JSPECIFY, SLF4J),
        room(SDK, SDK, JDK, JSPECIFY),
        room(STORAGE, STORAGE, SDK, JDK, JSPECIFY, SLF4J, LOG, ROCKSDB, KRYO),
        room(CODEC, CODEC, SDK, JDK, JSPECIFY, KRYO),
        room(ROWS, ROWS, CODEC, SDK, JDK, JSPECIFY, SLF4J, LOG),
        room(PROTOCOL, PROTOCOL, SDK, JDK, JDK_MANAGEMENT, JSPECIFY),
        room(OBSERVE, OBSERVE, PROTOCOL, SDK, JDK, JSPECIFY, SLF4J, LOG, VERTX, NETTY),
        room(ACCESS_LOG, ACCESS_LOG, OBSERVE, PROTOCOL, SDK, JDK, JSPECIFY, SLF4J, LOG, VERTX),
        room(
            GATEWAY, GATEWAY, OBSERVE, PROTOCOL, SDK, JDK, JDK_TLS, JSPECIFY, SLF4J, LOG, VERTX,
            NETTY),
        room(
            METRICS,
            METRICS,
            SDK,
            ADMIN,
            CLUSTER,
            GATEWAY,
            HOST,
            OBSERVE,
            PROTOCOL,
            STORAGE,
            LOG,
            JDK,
            JSPECIFY,
            VERTX,
            MICROMETER),
        room(
            ADMIN,
            ADMIN,
            CLUSTER,
            GATEWAY,
            HOST,
            PROTOCOL,
            SDK,
            STORAGE,
            JDK,
            JDK_CRYPTO,
            JSPECIFY,
            SLF4J,
            LOG,
            VERTX),
        room(
            DASHBOARD,
            DASHBOARD,
            ADMIN,
            CLUSTER,
            GATEWAY,
            HOST,
            OBSERVE,
            PROTOCOL,
            SDK,
            STORAGE,
            JDK,
            JDK_MANAGEMENT,
            JSPECIFY,
            VERTX),
        room(
            INSPECTOR, INSPECTOR, ADMIN, GATEWAY, HOST, OBSERVE, PROTOCOL, SDK, JDK, JSPECIFY,
            VERTX, NETTY),
        room(LINK, LINK, OBSERVE, PROTOCOL, JDK, JDK_CRYPTO, JSPECIFY, SLF4J, LOG, VERTX),
        room(RAFT, RAFT, LINK, PROTOCOL, STORAGE, JDK, JSPECIFY, SLF4J, LOG, JRAFT, PROTOBUF),
        room(ENTRY_LOG, ENTRY_LOG, JDK, JSPECIFY, ROCKSDB),
        room(TRACING, TRACING, OBSERVE, PROTOCOL, SDK, JDK, JSPECIFY, OPENTELEMETRY),
        room(HOST, HOST, OBSERVE, PROTOCOL, SDK, STORAGE, JDK, JSPECIFY, SLF4J, LOG));
  }

  private static Arguments room(String room, String... mayImport) {
    return Arguments.of(room, mayImport);
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void aRoomImportsOnlyWhatTheMapAllows(String room, String[] mayImport) {
    classes()
        .that()
        .resideInAPackage(room)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(mayImport)
        .check(PRODUCT);
  }

  private static Stream<Arguments> fences() {
    return Stream.of(
        Arguments.of(
            GATEWAY,
            "dev.dormouse.server.gateway.*..",
            Set.of(
                "ActorRoute",
                "ConnectionGuard",
                "ConnectionLimits",
                "ConnectionStatus",
                "EdgeCounts",
                "GatewayCounts",
                "GatewayOptions",
                "OwnHosts",
                "ProxyProtocol",
                "Ranges",
                "Refusal",
                "RequestLimit",
                "ServerTls",
                "TrustedProxies",
                "WebSocketUpgrades")),
        Arguments.of(
            HOST,
            "dev.dormouse.server.host.*..",
            Set.of("ActorType", "AlarmCounts", "UnreadableCounts")));
  }

  @ParameterizedTest
  @MethodSource("fences")
  void phasesOfARoomAreUsedFromOutsideByTheirNamedClassesOnly(
      String room, String phases, Set<String> named) {
    noClasses()
        .that()
        .resideOutsideOfPackage(room)
        .should()
        .dependOnClassesThat(
            resideInAPackage(phases)
                .and(
                    describe(
                        "are not named here",
                        type -> {
                          String name = type.getName().replaceFirst(".*\\.", "");
                          return !named.contains(name.replaceFirst("\\$.*", ""));
                        })))
        .check(PRODUCT);
  }

  @Test
  void rocksDbAndKryoStayInStorage() {
    noClasses()
        .that()
        .resideOutsideOfPackage(STORAGE)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROCKSDB, KRYO)
        .check(PRODUCT);
  }

  @Test
  void theEngineOfTheReplicatedLogStaysInItsPackage() {
    noClasses()
        .that()
        .resideOutsideOfPackage(RAFT)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(JRAFT, PROTOBUF)
        .check(PRODUCT);
  }

  @Test
  @DisplayName("F27: no logger of the product writes on the thread that logs")
  void everyLoggerIsTakenFromTheQueue() {
    noClasses()
        .that()
        .resideOutsideOfPackage(LOG)
        .and()
        .areNotAssignableTo(ServerCommand.class) // it prints before anything is served
        .should()
        .dependOnClassesThat()
        .areAssignableTo(LoggerFactory.class)
        .orShould()
        .callMethod(Throwable.class, "printStackTrace")
        .orShould()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .check(PRODUCT);
  }

  @Test
  void javasOwnSerializationIsBanned() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveNameMatching(
            "java\\.io\\.(Object(In|Out)putStream|Externalizable)"
                + "|com\\.esotericsoftware\\.kryo\\.serializers\\.(Java|Externalizable)Serializer")
        .check(PRODUCT);
  }

  @Test
  void noPackagesImportEachOther() {
    slices()
        .matching("dev.dormouse.(**)")
        .should()
        .beFreeOfCycles()
        // An actor holds the seam to the program that runs it, and the seam names the actor's
        // types.
        .ignoreDependency(
            resideInAPackage("dev.dormouse.sdk"), resideInAPackage("dev.dormouse.sdk.spi"))
        .check(PRODUCT);
  }

  @Test
  void timeIsTheOnlyReaderOfClocks() {
    noClasses()
        .that()
        .resideInAPackage("dev.dormouse.server..")
        .and()
        .doNotImplement(Time.class)
        .should()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(Thread.class, "sleep", long.class)
        .check(PRODUCT);
  }

  @Test
  @DisplayName("zlib sees no arrays, because the JVM cannot collect garbage while it uses one")
  void zlibSeesNoArrays() {
    noClasses()
        .should()
        .callMethodWhere(
            describe(
                "zlib is given an array",
                call ->
                    Set.of("java.util.zip.Inflater", "java.util.zip.Deflater")
                            .contains(call.getTargetOwner().getName())
                        && call.getTarget().getRawParameterTypes().stream()
                            .anyMatch(type -> type.isArray())))
        .check(PRODUCT);
  }

  @Test
  @DisplayName("numbers in texts do not depend on the locale: no %d without one")
  void numbersArePlain() throws IOException {
    Pattern localized =
        Pattern.compile(
            "%[-,0-9.]*[dfeg][^\"]*\"(?:\\s*\\+\\s*\"[^\"]*\")*\\s*\\)?\\s*\\.formatted\\(");
    Pattern block = Pattern.compile("(?s)\"\"\"(?:(?!\"\"\").)*%[-,0-9.]*[dfeg]");
    try (Stream<Path> files = Files.walk(Path.of(".."))) {
      List<Path> sources =
          files
              .filter(f -> f.toString().matches(".*/src/main/java/.*\\.java"))
              .filter(f -> !f.toString().contains("/bench/")) // a benchmark is no product
              .toList();
      assertThat(sources).hasSizeGreaterThan(100);
      for (Path source : sources) {
        assertThat(Files.readString(source))
            .as(source.toString())
            .doesNotContainPattern(localized)
            .doesNotContainPattern(block);
      }
    }
  }
}
