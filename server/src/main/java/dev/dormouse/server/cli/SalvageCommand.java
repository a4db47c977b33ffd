package dev.dormouse.server.cli;

import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.Stores;
import java.util.List;
import picocli.CommandLine.Command;

/** Cuts a damaged log at its first bad record, so that a server can start again. */
@Command(
    name = "salvage",
    sortOptions = false,
    usageHelpAutoWidth = true,
    description = {
      "Cuts a damaged log at its first bad record, in a data folder that no server"
          + " uses, so that a server can start again. All writes after that record are"
          + " lost, even answered ones; most often these are the writes of the last"
          + " seconds. If there is a backup, restoring it loses no write that the backup"
          + " has.",
      "",
      "A copy of the logs as they were stays in a folder 'salvaged-...' in the data" + " folder.",
      ""
    })
final class SalvageCommand extends FolderCommand {
  @Override
  int run() {
    List<String> given = Stores.salvage(data(), Time.system().instant());
    given.forEach(out()::println);
    if (given.isEmpty()) {
      out().println(data() + ": no log is damaged; nothing was changed");
    }
    return DONE;
  }
}
