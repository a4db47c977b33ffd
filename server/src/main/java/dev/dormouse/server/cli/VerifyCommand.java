package dev.dormouse.server.cli;

import dev.dormouse.log.Counted;
import dev.dormouse.storage.FolderReport;
import dev.dormouse.storage.StoredFolder;
import dev.dormouse.storage.codec.ValueCodec;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Reads a whole backup or data folder, and names what is damaged. */
@Command(
    name = "verify",
    sortOptions = false,
    usageHelpAutoWidth = true,
    description = {
      "Reads all of a backup, or of a data folder that no server uses. Checks every"
          + " checksum, and whether this application's classes can read the stored"
          + " values. Names what is damaged, and ends with 3 if something is. Also names"
          + " stored fields that the classes no longer have.",
      ""
    })
final class VerifyCommand extends FolderCommand {
  /** The most faults that are named; the others are only counted. */
  private static final int NAMED_MAX = 1_000;

  private final Function<String, @Nullable ValueCodec> codecs;
  private long named;

  @Parameters(
      arity = "0..1",
      paramLabel = "FOLDER",
      description = "The backup or data folder. Default: the one of --data")
  private @Nullable Path folder;

  VerifyCommand(Function<String, @Nullable ValueCodec> codecs) {
    this.codecs = codecs;
  }

  @Override
  int run() {
    Path verified = folder == null ? data() : folder;
    FolderReport report;
    try (StoredFolder stored = StoredFolder.open(verified)) {
      report = stored.verify(codecs, this::name, note -> say("note: " + note));
    }
    if (report.faults() > NAMED_MAX) {
      out().printf(Locale.ROOT, "and %d more%n", report.faults() - NAMED_MAX);
    }
    out()
        .printf(
            Locale.ROOT,
            "%s: %s, %s; %s, %s, %s, %s; %s%n",
            verified,
            Counted.of(report.files(), "file"),
            Counted.of(report.bytes(), "byte"),
            Counted.of(report.actors(), "actor"),
            Counted.of(report.connections(), "connection"),
            Counted.of(report.values(), "value"),
            Counted.of(report.alarms(), "alarm"),
            report.faults() == 0 ? "whole" : Counted.of(report.faults(), "fault"));
    return report.faults() == 0 ? DONE : DAMAGED;
  }

  private void name(String fault) {
    if (named++ < NAMED_MAX) {
      say(fault);
    }
  }
}
