package dev.dormouse.server.gateway.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OriginPolicyTest {
  private static final OriginPolicy OWN = new OriginPolicy(Set.of());

  private static Target plain(String authority) {
    return new Target(true, false, authority, false);
  }

  private static Target encrypted(String authority) {
    return new Target(true, true, authority, false);
  }

  @ParameterizedTest(name = "{0} at {1}: {2}")
  @CsvSource({
    "http://example.org, example.org, true",
    "HTTP://Example.ORG, example.org, true",
    "http://example.org, EXAMPLE.org, true",
    "http://example.org:80, example.org, true",
    "http://example.org, example.org:80, true",
    "http://example.org:8080, example.org:8080, true",
    "https://example.org, example.org, true",
    "https://example.org, example.org:443, true",
    "http://127.0.0.1:8080, 127.0.0.1:8080, true",
    "http://[::1]:8080, [::1]:8080, true",
    "http://[0:0::1]:8080, [::1]:8080, true",
    "http://xn--bcher-kva.example, xn--bcher-kva.example, true",
    "http://example.org., example.org., true",
    "http://example.org:8080, example.org, false",
    "http://example.org, example.org:443, false",
    "https://example.org, example.org:80, false",
    "http://example.org:, example.org, false",
    "http://example.org, example.com, false",
    "http://www.example.org, example.org, false",
    "http://example.org, www.example.org, false",
    "https://example.org.evil.com, example.org, false",
    "https://evil-example.org, example.org, false",
    "https://example.org@evil.com, example.org, false",
    "https://example.org@evil.com, evil.com, false",
    "https://example.org:443@evil.com, evil.com, false",
    "https://example.org%2eevil.com, example.org, false",
    "https://example.org#.evil.com, example.org, false",
    "https://example.org/.evil.com, example.org, false",
    "https://example.org\\.evil.com, example.org, false",
    "https://example.org?.evil.com, example.org, false",
    "http://example.org., example.org, false",
    "http://example.org, example.org., false",
    "http://example.org/, example.org, false",
    "http://b\u00fccher.example, xn--bcher-kva.example, false",
    "http://\u0435xample.org, example.org, false",
    "http://[::1]:8080, 127.0.0.1:8080, false",
    "http://[::1, [::1], false",
    "http://[127.0.0.1], 127.0.0.1, false",
    "http://2130706433, 127.0.0.1, false",
    "http:example.org, example.org, false",
    "//example.org, example.org, false",
    "example.org, example.org, false",
    "ftp://example.org, example.org, false",
    "'http://example.org, http://example.org', example.org, false",
    "'http://example.org http://evil.com', example.org, false",
    "'', example.org, false",
    "null, null, false",
    "*, example.org, false",
    "http://*, example.org, false",
    "http://example.org:99999999999, example.org, false",
  })
  @DisplayName("a page is the server's own if scheme, host and port are; no look-alike is")
  void aPageIsTheServersOwnIfSchemeHostAndPort(String origin, String authority, boolean isAllowed) {
    assertThat(OWN.allows(origin, plain(authority))).isEqualTo(isAllowed);
  }

  @ParameterizedTest(name = "{0} at {1}: {2}")
  @CsvSource({
    "https://example.org, example.org, true",
    "https://example.org:8443, example.org:8443, true",
    "http://example.org, example.org, false",
    "http://example.org:8443, example.org:8443, false",
    "http://example.org:443, example.org, false",
  })
  @DisplayName("an encrypted request may come only from an encrypted page")
  void whereTheRequestWasEncryptedSoMustThePageBe(
      String origin, String authority, boolean isAllowed) {
    assertThat(OWN.allows(origin, encrypted(authority))).isEqualTo(isAllowed);
  }

  @Test
  @DisplayName("listed pages may connect to any host, and others than those may not")
  void listedPagesMayConnectToAnyHostAndOthersThanThoseMayNot() {
    OriginPolicy policy =
        new OriginPolicy(
            Set.of(
                "https://B.example:443",
                "http://127.0.0.1:3000",
                "https://[0:0::1]:1",
                "capacitor://localhost"));
    for (Target target : new Target[] {plain("a.example"), encrypted("a.example")}) {
      assertThat(policy.allows("https://b.example", target)).isTrue();
      assertThat(policy.allows("http://127.0.0.1:3000", target)).isTrue();
      assertThat(policy.allows("https://[::1]:1", target)).isTrue();
      assertThat(policy.allows("capacitor://localhost", target)).isTrue();
      assertThat(policy.allows("https://a.example", target)).isTrue();
      assertThat(policy.allows("http://b.example", target)).isFalse();
      assertThat(policy.allows("https://b.example:8443", target)).isFalse();
      assertThat(policy.allows("https://b.example.evil.com", target)).isFalse();
      assertThat(policy.allows("https://sub.b.example", target)).isFalse();
      assertThat(policy.allows("capacitor://evil", target)).isFalse();
      assertThat(policy.allows("null", target)).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file://",
        "null",
        "FILE://",
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "app://.",
        "app://-",
        "app://obsidian.md",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "moz-extension://0B2C7B36-5d6e-4f4c-8b0c-2f3c9a9f0a11",
        "safari-web-extension://0B2C7B36-5D6E-4F4C-8B0C-2F3C9A9F0A11",
        "vscode-webview://1abc~2",
        "ms-appx-web://a_b.c-d",
        "ws://localhost:3000",
      })
  @DisplayName(
      "F01: what apps, extensions and files send as their origin can be listed, each alone")
  void whatAppsExtensionsAndFilesSendAsTheirOriginCanBeListedEachAlone(String origin) {
    OriginPolicy listed = new OriginPolicy(Set.of("https://b.example", origin));
    assertThat(listed.allows(origin, encrypted("a.example"))).isTrue();
    assertThat(OWN.allows(origin, plain("a.example"))).isFalse();
    for (String other : Set.of("file://", "null", "capacitor://localhost", "http://localhost")) {
      assertThat(listed.allows(other, plain("a.example")))
          .isEqualTo(origin.equalsIgnoreCase(other));
    }
    assertThat(listed.allows("", plain("a.example"))).isFalse();
  }

  @Test
  @DisplayName("all pages may only if that is written out")
  void allPagesMayOnlyIfThatIsWrittenOut() {
    OriginPolicy policy = new OriginPolicy(Set.of("*"));
    assertThat(policy.allows("null", plain("a.test"))).isTrue();
    assertThat(policy.allows("https://evil.com", encrypted("a.test"))).isTrue();
    assertThatThrownBy(() -> new OriginPolicy(Set.of("*", "https://a.test")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'*'")
        .hasMessageContaining("alone");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "example.org",
        "https://example.org/",
        "https://example.org/path",
        "https://*.example.org",
        "https://",
        "https://user@example.org",
        "https://example.org:port",
        "https://b\u00fccher.example",
        "NULL",
        "",
        "file:",
        "file:///",
        "file:///home/x",
        "file://:1",
        "capacitor://localhost/",
        "capacitor:localhost",
        "http://",
        "http://:80",
        "://",
        "localhost:8080",
        "https://[::1",
      })
  @DisplayName("an entry that is no origin is refused by name")
  void anEntryThatIsNoOriginIsRefusedByName(String entry) {
    assertThatThrownBy(() -> new OriginPolicy(Set.of("https://a.test", entry)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + entry + "'");
  }
}
