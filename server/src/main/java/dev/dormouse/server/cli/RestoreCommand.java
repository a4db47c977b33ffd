package dev.dormouse.server.cli;

import dev.dormouse.log.Counted;
import dev.dormouse.storage.BackupReport;
import dev.dormouse.storage.Backups;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Copies a backup to a new data folder. */
@Command(
    name = "restore",
    sortOptions = false,
    usageHelpAutoWidth = true,
    description = {
      "Copies a backup to a data folder, which must be missing or empty.",
      "",
      "A server that starts on this folder has the state of the time of the backup."
          + " Connections of that time are closed with 1006, as after a crash; alarms"
          + " that have come due since then ring.",
      ""
    })
final class RestoreCommand extends FolderCommand {
  @Option(
      names = "--from",
      paramLabel = "FOLDER",
      required = true,
      description = "The folder of the backup, which does not change.")
  private Path from = Path.of("");

  @Override
  int run() {
    BackupReport report = Backups.restore(from, data());
    out()
        .printf(
            Locale.ROOT,
            "%s: %s, %s%n",
            report.folder(),
            Counted.of(report.files(), "file"),
            Counted.of(report.bytes(), "byte"));
    return DONE;
  }
}
