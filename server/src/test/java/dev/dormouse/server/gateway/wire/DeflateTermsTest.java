package dev.dormouse.server.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Compression;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeflateTermsTest {
  /** Returns a short form of the answer. */
  private static String inShort(DeflateTerms terms) {
    return terms == null
        ? "no"
        : terms
            .header()
            .replace("permessage-deflate", "yes")
            .replace("server_no_context_takeover", "s")
            .replace("client_no_context_takeover", "c")
            .replace("server_max_window_bits=15", "window");
  }

  @ParameterizedTest(name = "{0} -> {1}, {2}")
  @CsvSource(
      delimiter = '|',
      value = {
        "permessage-deflate | yes; s; c | yes",
        "permessage-deflate; client_max_window_bits | yes; s; c | yes",
        "permessage-deflate; client_max_window_bits=8 | yes; s; c | yes",
        "permessage-deflate; client_no_context_takeover | yes; s; c | yes; c",
        "permessage-deflate; server_no_context_takeover | yes; s; c | yes; s",
        "permessage-deflate; client_no_context_takeover;server_no_context_takeover"
            + " | yes; s; c | yes; s; c",
        "permessage-deflate; server_max_window_bits=15 | yes; s; c; window | yes; window",
        "permessage-deflate; server_max_window_bits=\"15\"; client_max_window_bits=\"9\""
            + " | yes; s; c; window | yes; window",
        "permessage-deflate; server_max_window_bits=10, permessage-deflate | yes; s; c | yes",
        "permessage-deflate; server_max_window_bits=9, permessage-deflate;"
            + " server_no_context_takeover | yes; s; c | yes; s",
        "x-unknown, permessage-deflate; client_max_window_bits | yes; s; c | yes",
        "permessage-deflate; server_max_window_bits=10 | no | no",
        "permessage-deflate; server_max_window_bits=8 | no | no",
        "permessage-deflate; server_max_window_bits=16 | no | no",
        "permessage-deflate; server_max_window_bits=015 | no | no",
        "permessage-deflate; server_max_window_bits | no | no",
        "permessage-deflate; client_max_window_bits=7 | no | no",
        "permessage-deflate; client_max_window_bits=16 | no | no",
        "permessage-deflate; client_max_window_bits= | no | no",
        "permessage-deflate; client_no_context_takeover=1 | no | no",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover | no | no",
        "permessage-deflate; server_max_window_bits=15; server_max_window_bits=15 | no | no",
        "permessage-deflate; unknown | no | no",
        "permessage-deflate; | no | no",
        "x-webkit-deflate-frame | no | no",
      })
  @DisplayName("the first offer that can be kept is accepted, without or with context takeover")
  void theFirstOfferThatCanBeKeptIsAcceptedWithoutOrWithContextTakeover(
      String offer, String without, String with) {
    assertThat(inShort(DeflateTerms.answer(List.of(offer), Compression.ON))).isEqualTo(without);
    assertThat(inShort(DeflateTerms.answer(List.of(offer), Compression.WITH_CONTEXT)))
        .isEqualTo(with);
    assertThat(DeflateTerms.answer(List.of(offer), Compression.OFF)).isNull();
  }

  @Test
  @DisplayName("offers may come in several headers")
  void offersMayComeInSeveralHeaders() {
    assertThat(
            inShort(
                DeflateTerms.answer(List.of("x-unknown", "permessage-deflate"), Compression.ON)))
        .isEqualTo("yes; s; c");
  }
}
