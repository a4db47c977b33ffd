package dev.dormouse.server.tls;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.dormouse.server.Certificates;
import dev.dormouse.server.Certificates.Identity;
import dev.dormouse.server.gateway.edge.Edge;
import dev.dormouse.server.gateway.edge.EdgeCounts;
import dev.dormouse.server.gateway.edge.ProxyProtocol;
import dev.dormouse.server.gateway.edge.TrustedProxies;
import dev.dormouse.server.observe.LogFence;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Time;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class CertificateWatchTest {
  private static final Identity FIRST = Certificates.selfSigned("first");
  private static final Identity SECOND = Certificates.selfSigned("second");
  private static final Duration DAY = Duration.ofDays(1);

  private final Logger logger = (Logger) LoggerFactory.getLogger(CertificateWatch.class);
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

  @TempDir private Path folder;
  private Path certificates;
  private Path key;

  @BeforeEach
  void listen() throws IOException {
    logged.start();
    logger.addAppender(logged);
    certificates = folder.resolve("chain.pem");
    key = folder.resolve("key.pem");
    FIRST.write(certificates, key);
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(logged);
  }

  private CertificateWatch watch() {
    return CertificateWatch.open(new TlsFiles.Pem(certificates, key), Time.system());
  }

  private static EdgeCounts counts(CertificateWatch watch) {
    Observers nobody = new Observers(Time.system());
    return new Edge(TrustedProxies.none(), ProxyProtocol.OFF, watch.tls(), DAY, nobody).counts();
  }

  private List<String> warnings() {
    LogFence.awaitLines();
    return logged.list.stream()
        .filter(event -> event.getLevel() == Level.WARN)
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }

  // ---- at the start

  @ParameterizedTest
  @ValueSource(strings = {"EC", "RSA"})
  @DisplayName("keys of RSA and elliptic curves are read as new and as old tools write them")
  void keysOfRSAAndEllipticCurvesAreReadAsNewAndAsOldToolsWriteThem(String algorithm)
      throws Exception {
    Instant now = Instant.now();
    Identity identity = Certificates.selfSigned("x", algorithm, now.minus(DAY), now.plus(DAY));
    Files.writeString(certificates, identity.certificatesPem());
    for (String pem : List.of(identity.keyPem(), identity.oldKeyPem())) {
      Files.writeString(key, "a comment\n" + pem);
      watch();
    }
    assertThat(warnings()).isEmpty();
  }

  private void refuses(TlsFiles files, String... words) {
    assertThatThrownBy(() -> CertificateWatch.open(files, Time.system()))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .contains(words);
  }

  private void refuses(String... words) {
    refuses(new TlsFiles.Pem(certificates, key), words);
  }

  @Test
  @DisplayName("files that cannot be used are named, with what is wrong with them")
  void filesThatCannotBeUsedAreNamedWithWhatIsWrongWithThem() throws Exception {
    Files.writeString(key, "no key");
    refuses(key.toString(), "is not PEM");
    Files.writeString(key, FIRST.certificatesPem());
    refuses(key.toString(), "has no PRIVATE KEY");
    Files.writeString(key, FIRST.keyPem().replace("PRIVATE", "ENCRYPTED PRIVATE"));
    refuses(key.toString(), "is encrypted");
    Files.writeString(
        key,
        """
        -----BEGIN RSA PRIVATE KEY-----
        Proc-Type: 4,ENCRYPTED
        DEK-Info: AES-128-CBC,00

        AAAA
        -----END RSA PRIVATE KEY-----
        """);
    refuses(key.toString(), "is encrypted");
    Files.writeString(key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    refuses(certificates.toString(), key.toString());
    Files.writeString(key, FIRST.keyPem().replaceFirst("-----END.*\n", ""));
    refuses(certificates.toString(), key.toString());
    Files.writeString(key, SECOND.keyPem());
    refuses(key.toString(), "is not the key of the first certificate in " + certificates);
    Files.writeString(certificates, FIRST.certificatesPem() + SECOND.certificatesPem());
    refuses(certificates.toString(), "not in order");
    Files.writeString(key, "x".repeat(Contents.BYTES_MAX + 1));
    refuses(key.toString(), "more than 1048576 bytes");
    Files.delete(key);
    refuses("there is no file " + key);
    Files.createDirectory(key);
    refuses(key.toString(), "cannot be read");
    Files.writeString(certificates, SECOND.keyPem());
    Files.delete(key);
    Files.writeString(key, SECOND.keyPem());
    refuses(certificates.toString(), "has no CERTIFICATE");
    Files.writeString(certificates, "");
    refuses(certificates.toString(), "is not PEM");
    Files.writeString(
        certificates, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    refuses(certificates.toString());
    Files.delete(certificates);
    refuses("there is no file " + certificates);
  }

  @Test
  @DisplayName("a key store is opened with the password of its file, or says why not")
  void aKeyStoreIsOpenedWithThePasswordOfItsFileOrSaysWhyNot() throws Exception {
    Path store = folder.resolve("store.p12");
    Path password = folder.resolve("password");
    TlsFiles files = new TlsFiles.Pkcs12(store, password);
    Files.write(store, FIRST.pkcs12("secret"));
    for (String text : List.of("secret", "secret\n", "secret\r\n")) {
      Files.writeString(password, text);
      CertificateWatch.open(files, Time.system());
    }
    Files.writeString(password, "wrong");
    refuses(files, store.toString(), "cannot be opened with the password in " + password);
    Files.writeString(store, "no store");
    refuses(files, store.toString(), "is not PKCS12");
    Files.delete(password);
    refuses(files, "there is no file " + password);
  }

  @Test
  @DisplayName("a key store with no key, or with several, is refused with their number")
  void keysOfPkcs12() throws Exception {
    Path store = folder.resolve("store.p12");
    Path password = Files.writeString(folder.resolve("password"), "secret");
    TlsFiles files = new TlsFiles.Pkcs12(store, password);
    java.security.KeyStore made = java.security.KeyStore.getInstance("PKCS12");
    made.load(null, null);
    made.setCertificateEntry("known", FIRST.certificate());
    write(made, store);
    refuses(files, store.toString(), "has 0 keys");
    for (String alias : List.of("one", "two")) {
      java.security.cert.Certificate[] chain = {FIRST.certificate()};
      made.setKeyEntry(alias, FIRST.keys().getPrivate(), "secret".toCharArray(), chain);
    }
    write(made, store);
    refuses(files, store.toString(), "has 2 keys", "one", "two");
  }

  private static void write(java.security.KeyStore store, Path file) throws Exception {
    try (var out = Files.newOutputStream(file)) {
      store.store(out, "secret".toCharArray());
    }
  }

  @Test
  @DisplayName("certificates that expired, or are of the future, are used, with a warning")
  void certificatesThatExpiredOrAreOfTheFutureAreUsedWithAWarning() throws Exception {
    Instant now = Instant.now();
    Certificates.selfSigned("old", "EC", now.minus(DAY), now.minusSeconds(60))
        .write(certificates, key);
    watch();
    assertThat(warnings()).hasSize(1);
    assertThat(warnings().get(0)).contains("CN=old", "expired at");
    Certificates.selfSigned("new", "EC", now.plusSeconds(3_600), now.plus(DAY))
        .write(certificates, key);
    watch();
    assertThat(warnings()).hasSize(2);
    assertThat(warnings().get(1)).contains("CN=new", "is valid from");
  }

  // ---- when they change

  @Test
  @DisplayName("a file that does not change is left alone")
  void whatDoesNotChangeIsLeftAlone() {
    CertificateWatch watch = watch();
    assertThat(watch.look()).isFalse();
    assertThat(counts(watch)).isEqualTo(new EdgeCounts(0, 0, 0, 0));
  }

  @Test
  @DisplayName("chain and key are written one after the other: nothing is said of what is between")
  void oneAfterTheOther() throws Exception {
    CertificateWatch watch = watch();
    Files.writeString(certificates, SECOND.certificatesPem());
    assertThat(watch.look()).isFalse();
    Files.writeString(key, SECOND.keyPem());
    assertThat(watch.look()).isTrue();
    assertThat(watch.look()).isFalse();
    assertThat(warnings()).isEmpty();
    assertThat(counts(watch)).isEqualTo(new EdgeCounts(0, 0, 1, 0));
  }

  @Test
  @DisplayName("files may be replaced by renaming")
  void filesMayBeReplacedByRenaming() throws Exception {
    CertificateWatch watch = watch();
    Path next = folder.resolve("next");
    Files.writeString(next, SECOND.keyPem());
    Files.move(next, key, ATOMIC_MOVE, REPLACE_EXISTING);
    Files.writeString(next, SECOND.certificatesPem());
    Files.move(next, certificates, ATOMIC_MOVE, REPLACE_EXISTING);
    assertThat(watch.look()).isTrue();
  }

  @Test
  @DisplayName("files may be behind links that are swapped, as Kubernetes mounts secrets")
  void filesMayBeBehindLinksThatAreSwappedAsKubernetesMountsSecrets() throws Exception {
    Path mount = Files.createDirectory(folder.resolve("mount"));
    for (String version : List.of("..first", "..second")) {
      Path real = Files.createDirectory(mount.resolve(version));
      Identity identity = version.equals("..first") ? FIRST : SECOND;
      identity.write(real.resolve("tls.crt"), real.resolve("tls.key"));
    }
    Path data = mount.resolve("..data");
    Files.createSymbolicLink(data, Path.of("..first"));
    certificates = Files.createSymbolicLink(mount.resolve("tls.crt"), Path.of("..data/tls.crt"));
    key = Files.createSymbolicLink(mount.resolve("tls.key"), Path.of("..data/tls.key"));
    CertificateWatch watch = watch();
    Path next = Files.createSymbolicLink(mount.resolve("..next"), Path.of("..second"));
    Files.move(next, data, ATOMIC_MOVE, REPLACE_EXISTING);
    assertThat(watch.look()).isTrue();
    assertThat(watch.look()).isFalse();
  }

  @Test
  @DisplayName("bad files are told and counted once; good ones are taken into use after them")
  void badThenGood() throws Exception {
    CertificateWatch watch = watch();
    Files.writeString(key, SECOND.keyPem());
    for (int i = 0; i < 3; i++) {
      assertThat(watch.look()).isFalse();
    }
    Files.delete(certificates);
    for (int i = 0; i < 3; i++) {
      assertThat(watch.look()).isFalse();
    }
    assertThat(warnings()).hasSize(2);
    assertThat(warnings().get(0)).contains(key.toString(), "is not the key", "the old one stays");
    assertThat(warnings().get(1)).contains("there is no file " + certificates);
    assertThat(counts(watch)).isEqualTo(new EdgeCounts(0, 0, 0, 2));
    Files.writeString(certificates, SECOND.certificatesPem());
    assertThat(watch.look()).isTrue();
    assertThat(warnings()).hasSize(2);
  }

  @Test
  @DisplayName("files that cannot be read for a while change nothing, and are told once")
  void filesThatCannotBeReadForAWhileChangeNothing() throws Exception {
    CertificateWatch watch = watch();
    Path away = Files.move(key, folder.resolve("away"));
    Files.createDirectory(key); // cannot be read as a file
    for (int i = 0; i < 3; i++) {
      assertThat(watch.look()).isFalse();
    }
    assertThat(warnings()).singleElement().asString().contains(key + " cannot be read", "stays");
    Files.delete(key);
    Files.move(away, key);
    for (int i = 0; i < 3; i++) {
      assertThat(watch.look()).isFalse();
    }
    assertThat(warnings()).hasSize(1);
    assertThat(counts(watch)).isEqualTo(new EdgeCounts(0, 0, 0, 0));
    SECOND.write(certificates, key);
    assertThat(watch.look()).isTrue();
  }

  @Test
  @DisplayName("a new certificate that expired is used, with a warning")
  void aNewCertificateThatExpiredIsUsedWithAWarning() throws Exception {
    CertificateWatch watch = watch();
    Instant now = Instant.now();
    Certificates.selfSigned("old", "EC", now.minus(DAY), now.minusSeconds(60))
        .write(certificates, key);
    assertThat(watch.look()).isTrue();
    assertThat(warnings()).hasSize(1);
    assertThat(warnings().get(0)).contains("CN=old", "expired at");
  }
}
