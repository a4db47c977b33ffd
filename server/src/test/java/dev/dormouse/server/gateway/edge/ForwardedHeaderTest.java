package dev.dormouse.server.gateway.edge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.gateway.edge.ForwardedHeader.Hop;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForwardedHeaderTest {

  @Test
  @DisplayName("the examples of RFC 7239, sections 4, 6 and 7")
  void theExamplesOfTheRfcAreRead() {
    assertThat(parse("for=\"_gazonk\"")).containsExactly(new Hop("_gazonk", null, null));
    assertThat(parse("For=\"[2001:db8:cafe::17]:4711\""))
        .containsExactly(new Hop("[2001:db8:cafe::17]:4711", null, null));
    assertThat(parse("for=192.0.2.60;proto=http;by=203.0.113.43"))
        .containsExactly(new Hop("192.0.2.60", "http", null));
    assertThat(parse("for=192.0.2.43, for=198.51.100.17"))
        .containsExactly(new Hop("192.0.2.43", null, null), new Hop("198.51.100.17", null, null));
    assertThat(parse("for=_hidden, for=_SEVKISEK")).hasSize(2);
    assertThat(parse("for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown"))
        .extracting(Hop::node)
        .containsExactly("192.0.2.43", "[2001:db8:cafe::17]", "unknown");
    assertThat(parse("for=192.0.2.43", "for=\"[2001:db8:cafe::17]\", for=unknown")).hasSize(3);
    assertThat(parse("proto=https;HOST=example.org"))
        .containsExactly(new Hop(null, "https", "example.org"));
  }

  @Test
  @DisplayName("space, empty entries, escapes, and names that are not known")
  void spaceAndEmptyEntriesAndEscapesAndUnknownNamesAreRead() {
    assertThat(parse()).isEmpty();
    assertThat(parse("")).isEmpty();
    assertThat(parse(" , ,")).isEmpty();
    assertThat(parse("for=a; ;proto=b ; host=c ,\t, for=d;"))
        .containsExactly(new Hop("a", "b", "c"), new Hop("d", null, null));
    assertThat(parse("for=\"a\\\"b\\\\\"")).containsExactly(new Hop("a\"b\\", null, null));
    assertThat(parse("for=\"a,b;c\", for=\"\""))
        .containsExactly(new Hop("a,b;c", null, null), new Hop("", null, null));
    assertThat(parse("secret=x;for=a;ext=\"y\"")).containsExactly(new Hop("a", null, null));
    assertThat(parse("=x, y")).containsExactly(none(), none());
    assertThat(parse("secret=x")).containsExactly(new Hop(null, null, null));
  }

  @ParameterizedTest
  @CsvSource({
    "for",
    "=a",
    "for=a b",
    "for=a;for=b",
    "for=a;For=b",
    "for=\u00e4",
    "192.0.2.1",
    "'for=\"a'",
    "'for=\"a\\\"'",
    "'for=\"a\\'",
    "'for=a,\"'",
    "'for=\"x\", for=\"a'",
    "'\"'",
    "'\"\"\"'",
  })
  @DisplayName("F08: what cannot be read is no address, and what stands beside it is read")
  void whatCannotBeReadIsNoAddressAndWhatStandsBesideItIsRead(String line) {
    List<Hop> hops = parse("for=192.0.2.1", line, "for=192.0.2.2;proto=https");
    assertThat(hops).hasSizeGreaterThanOrEqualTo(3);
    assertThat(hops.get(0)).isEqualTo(new Hop("192.0.2.1", null, null));
    assertThat(hops.get(hops.size() - 1)).isEqualTo(new Hop("192.0.2.2", "https", null));
    String node = hops.get(hops.size() - 2).node();
    assertThat(node == null ? null : Addresses.parseNode(node)).isNull();
    assertThat(parse(line + ", for=192.0.2.2;proto=https"))
        .last()
        .isEqualTo(new Hop("192.0.2.2", "https", null));
  }

  @ParameterizedTest
  @CsvSource({
    "for=2001:db8::1, 2001:db8::1",
    "for=[2001:db8::1], [2001:db8::1]",
    "for=[::ffff:203.0.113.7]:443, [::ffff:203.0.113.7]:443",
    "'for = a', a",
    "'for=\ta ; proto=x', a",
    "for=a;for=a, a",
    "for=a;proto-version=, a",
    "for=a;=;;x;\u00e4=\u00e4, a",
    "'for=\"a\":80', a:80",
    "for=a/b, a/b",
  })
  @DisplayName("F08: dialects are read")
  void dialectsOfThatHeaderAreRead(String line, String node) {
    assertThat(parse(line)).extracting(Hop::node).containsExactly(node);
  }

  /** Checks that the last hop is the proxy's, whatever a client wrote. */
  @Property
  void whatAProxyAppendsIsRead(@ForAll("lines") String hostile) {
    assertThat(parse(hostile + ", for=192.0.2.99;proto=https"))
        .last()
        .isEqualTo(new Hop("192.0.2.99", "https", null));
    assertThat(parse(hostile + ", for=\"[2001:db8::7]:99\";host=\"a\\\"b,c;d\""))
        .last()
        .isEqualTo(new Hop("[2001:db8::7]:99", null, "a\"b,c;d"));
  }

  @Provide
  Arbitrary<String> lines() {
    return Arbitraries.strings().withChars("for=ab,;\"\\ [:]\t\u00ff").ofMaxLength(40);
  }

  private static Hop none() {
    return new Hop(null, null, null);
  }

  private static List<Hop> parse(String... lines) {
    return ForwardedHeader.parse(List.of(lines));
  }
}
