package dev.dormouse.server.cli;

import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.Stores;
import java.util.List;
import picocli.CommandLine.Command;

/** Gives up what a damaged log holds from the damage on, so that a server can start again. */
@Command(
    name = "salvage",
    sortOptions = false,
    usageHelpAutoWidth = true,
    description = {
      "Cuts a damaged log of a data folder that no server uses at its first bad record. What was"
          + " written after it, most often that of the last seconds, is given up, answered or not;"
          + " the server then starts again. A backup, if there is one, loses no answered write"
          + " that it has.",
      "",
      "The logs are kept as they were, in a folder 'salvaged-...' in the data folder.",
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
