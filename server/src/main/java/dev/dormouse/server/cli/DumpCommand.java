package dev.dormouse.server.cli;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.StoredFolder;
import dev.dormouse.storage.codec.Codecs;
import dev.dormouse.storage.codec.ValueCodec;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Prints the stored rows of an actor. */
@Command(
    name = "dump",
    sortOptions = false,
    usageHelpAutoWidth = true,
    description = {
      "Prints the stored rows of an actor, in a backup or in a data folder that no"
          + " server uses, as lines of JSON: its own row, its automatic replies,"
          + " connections, values and alarms.",
      "",
      "Objects are shown by their fields, even if this application lacks their"
          + " class. A value that cannot be read is shown in hex, and the command ends"
          + " with 3.",
      ""
    })
final class DumpCommand extends FolderCommand {
  private final Function<String, @Nullable ValueCodec> codecs;
  private boolean isDamaged;

  @Parameters(index = "0", paramLabel = "TYPE", description = "The type of the actor.")
  private String type = "";

  @Parameters(index = "1", paramLabel = "KEY", description = "The key of the actor.")
  private String key = "";

  DumpCommand(Function<String, @Nullable ValueCodec> codecs) {
    this.codecs = codecs;
  }

  @Override
  int run() {
    ActorId actor = actor(type, key);
    ValueCodec codec = codecs.apply(type);
    long rows;
    try (StoredFolder stored = StoredFolder.open(data())) {
      rows = stored.dump(actor, codec == null ? Codecs.kryo(List.of()) : codec, this::print);
    }
    if (rows == 0) {
      return failed("there is no actor " + actor + " in " + data());
    }
    return isDamaged ? DAMAGED : DONE;
  }

  private void print(Map<String, Object> row) {
    isDamaged |= row.containsKey("@unreadable");
    say(new JsonObject(row).encode());
  }
}
