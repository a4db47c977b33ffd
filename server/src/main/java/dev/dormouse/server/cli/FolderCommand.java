package dev.dormouse.server.cli;

import dev.dormouse.sdk.ActorId;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * Describes a command that works on a data folder: {@link BackupCommand}, {@link RestoreCommand},
 * {@link VerifyCommand}, {@link DumpCommand}, {@link SalvageCommand}.
 */
abstract class FolderCommand extends JarCommand {
  static final int DAMAGED = 3;

  @Option(
      names = "--data",
      paramLabel = "FOLDER",
      defaultValue = "./data",
      description = "The data folder. Default: ${DEFAULT-VALUE}")
  private Path data = Path.of("data");

  Path data() {
    return data;
  }

  ActorId actor(String type, String key) {
    try {
      return new ActorId(type, key);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(line(), String.valueOf(e.getMessage()), e);
    }
  }
}
