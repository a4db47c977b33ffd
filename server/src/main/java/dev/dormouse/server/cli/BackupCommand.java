package dev.dormouse.server.cli;

import dev.dormouse.log.Counted;
import dev.dormouse.server.admin.AdminOptions;
import dev.dormouse.server.node.AdminPortNote;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.BackupReport;
import dev.dormouse.storage.Backups;
import dev.dormouse.storage.StoreOpenException;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Takes a backup of a data folder; if a server uses the folder, that server takes the backup. */
@Command(
    name = "backup",
    sortOptions = false,
    usageHelpAutoWidth = true,
    description = {
      "Takes a backup of a data folder.",
      "",
      "If a server uses the folder, this command asks that server, through its"
          + " admin port, to take the backup, and the server continues to run. The backup"
          + " has all that the server answered before, and each later turn is in it"
          + " completely or not at all.",
      "",
      "On the file system of the data folder a backup takes a moment and little"
          + " room: it shares the files that never change with the data folder (hard"
          + " links). On another file system all files are copied.",
      ""
    })
final class BackupCommand extends FolderCommand {
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
  private static final int OK = 200;

  @Option(
      names = "--to",
      paramLabel = "FOLDER",
      required = true,
      description = "The folder of the backup, which must be missing or empty.")
  private Path to = Path.of("");

  @Option(
      names = "--admin-port",
      paramLabel = "PORT",
      description =
          "The admin port of the server that uses the folder. Default: the port"
              + " that the server has written to the folder")
  private @Nullable Integer givenAdminPort;

  @Mixin private final AdminPortOptions admin = new AdminPortOptions();

  @Override
  int run() {
    try {
      BackupReport report = Backups.take(data(), to, Time.system().instant());
      return done(report.folder().toString(), report.files(), report.bytes(), report.linkedBytes());
    } catch (StoreOpenException e) {
      if (!e.isInUse()) {
        throw e;
      }
      return ask(String.valueOf(e.getMessage()));
    }
  }

  private int ask(String why) {
    int adminPort = givenAdminPort == null ? AdminPortNote.in(data()) : givenAdminPort;
    try {
      AdminOptions server = AdminOptions.of(admin.host(), admin.tokenFile());
      HttpResponse<String> answer =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(CONNECT_LIMIT)
              .build()
              .send(request(server, adminPort), HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != OK) {
        return failed(
            "the server on admin port " + adminPort + " answers: " + answer.body().strip());
      }
      JsonObject report = new JsonObject(answer.body());
      return done(
          report.getString("folder"),
          report.getLong("files"),
          report.getLong("bytes"),
          report.getLong("linkedBytes"));
    } catch (IllegalArgumentException e) {
      return failed(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      return failed(
          why + ", which does not answer on admin port " + adminPort + "; see --admin-port");
    } catch (DecodeException e) {
      return failed(why + ", and the server on admin port " + adminPort + " is no Dormouse");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return failed("interrupted");
    }
  }

  private HttpRequest request(AdminOptions server, int adminPort) {
    String path = "/backup?to=" + encoded(to) + "&data=" + encoded(data());
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(server.url(adminPort) + path))
            .POST(HttpRequest.BodyPublishers.noBody());
    String authorization = server.authorization();
    return (authorization == null ? request : request.header("Authorization", authorization))
        .build();
  }

  private static String encoded(Path path) {
    return URLEncoder.encode(path.toAbsolutePath().normalize().toString(), StandardCharsets.UTF_8);
  }

  private int done(String folder, long files, long bytes, long linkedBytes) {
    out()
        .printf(
            Locale.ROOT,
            "%s: %s, %s, %,d of them shared with the data folder%n",
            folder,
            Counted.of(files, "file"),
            Counted.of(bytes, "byte"),
            linkedBytes);
    return DONE;
  }
}
