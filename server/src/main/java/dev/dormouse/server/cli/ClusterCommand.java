package dev.dormouse.server.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** Groups the commands about a cluster; it does nothing by itself. */
@Command(
    name = "cluster",
    usageHelpAutoWidth = true,
    description = {"Has the commands about a cluster of servers.", ""})
final class ClusterCommand extends JarCommand {
  @Override
  int run() {
    throw new ParameterException(
        line(), "cluster needs the name of a command, as in: cluster wait --admin-port 9090");
  }
}
