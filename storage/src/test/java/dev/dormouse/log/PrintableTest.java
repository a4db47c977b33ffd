package dev.dormouse.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PrintableTest {
  private static final String EVIL =
      "a\u001b[2J\r"
          + "b\u0000\u0007\u007f\u009b31m\u2028\u202e\u2066\ufeffc\td \u00e4\u4e2d\ud83d\ude00";

  @Test
  @DisplayName("suspicion: a line has no control characters, and what is printable stays")
  void aLineHasNoControlCharactersAndWhatIsPrintableStays() {
    assertThat(Printable.line(EVIL + "\nx"))
        .isEqualTo(
            "a\\u001b[2J\\rb\\u0000\\u0007\\u007f\\u009b31m\\u2028\\u202e\\u2066\\ufeffc\td"
                + " \u00e4\u4e2d\ud83d\ude00\\nx");
    assertThat(Printable.line("plain \u00e4\t\ud83d\ude00"))
        .isEqualTo("plain \u00e4\t\ud83d\ude00");
  }

  @Test
  @DisplayName(
      "suspicion: a stack trace has none either, and no line that begins as a log line does")
  void aStackTraceHasNoneEitherAndNoLineThatBeginsAsALogLineDoes() {
    IllegalStateException deep = new IllegalStateException(EVIL);
    deep.addSuppressed(new IOException("two\r\n2026-11-30T00:00:00Z ERROR forged"));
    IllegalArgumentException thrown = new IllegalArgumentException("plain", deep);
    deep.initCause(thrown); // the causes form a circle

    StringWriter printed = new StringWriter();
    Throwable printable = Printable.throwable(thrown);
    printable.printStackTrace(new PrintWriter(printed));

    assertThat(printable.getStackTrace()).isEqualTo(thrown.getStackTrace());
    assertThat(printed.toString())
        .contains("java.lang.IllegalArgumentException: plain")
        .contains("Caused by: ")
        .contains("java.lang.IllegalStateException: a\\u001b[2J")
        .contains("two\n\t| 2026-11-30T00:00:00Z ERROR forged")
        .doesNotContain("\u001b", "\u202e", "\u0000", "\r");
    assertThat(printed.toString().lines().skip(1))
        .allMatch(line -> line.startsWith("\t") || line.startsWith("Caused by: "));
  }

  @Test
  @DisplayName("suspicion: a throwable that is printable stays itself")
  void aThrowableThatIsPrintableStaysItself() {
    Exception plain = new IOException("no space left", new IOException((String) null));
    assertThat(Printable.throwable(plain)).isSameAs(plain);
  }
}
