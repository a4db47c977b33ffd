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

/** Takes a backup: the server that runs does, if there is one. */
@Command(
    name = "backup",
    sortOptions = false,
    usageHelpAutoWidth = true,
    description = {
      "Takes a backup of a data folder.",
      "",
      "If a server uses the folder, that server takes the backup, told to through its admin port,"
          + " and goes on meanwhile. All that it has answered before is in the backup, and of what"
          + " comes meanwhile whole turns only.",
      "",
      "On the file system of the data folder a backup takes a moment and little room: it shares"
          + " the files that never change with the data folder (hard links). Elsewhere all is"
          + " copied.",
      ""
    })
final class BackupCommand extends FolderCommand {
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
  private static final int OK = 200;

  @Option(
      names = "--to",
      paramLabel = "FOLDER",
      required = true,
      description = "Where the backup is to be: a folder that is not there yet, or empty.")
  private Path to = Path.of("");

  @Option(
      names = "--admin-port",
      paramLabel = "PORT",
      description =
          "The admin port of the server that uses the folder. Default: the one that the server has"
              + " noted in the folder")
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
      return failed(why + ", and what answers on admin port " + adminPort + " is no Dormouse");
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
