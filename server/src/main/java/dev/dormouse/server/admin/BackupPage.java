package dev.dormouse.server.admin;

import dev.dormouse.storage.BackupException;
import dev.dormouse.storage.BackupReport;
import dev.dormouse.storage.NoFileHandlesException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@code POST /backup?to={folder}}: takes a backup while the server continues to run, and
 * answers 200 with a {@link BackupReport} in JSON when the backup is complete. The folder must be
 * an absolute path, and missing or empty. If it is not, or the backup cannot be written, or another
 * backup is under way, the answer is 409 with the reason; it is 503 if the process has too few file
 * handles now. With {@code &data={folder}}, the answer is 409 if that is not the data folder of
 * this server.
 */
public final class BackupPage implements AdminPage {
  private final Vertx vertx;
  private final Path data;
  private final Function<Path, BackupReport> backup;

  /**
   * Creates the page of a server.
   *
   * @param data the server's data folder
   * @param backup takes a backup to a folder; called on a thread of its own
   */
  public BackupPage(Vertx vertx, Path data, Function<Path, BackupReport> backup) {
    this.vertx = vertx;
    this.data = data;
    this.backup = backup;
  }

  @Override
  public void mount(Router router) {
    router.post("/backup").handler(this::take);
  }

  private void take(RoutingContext context) {
    Path to = folder(context, "to");
    String wanted = context.request().getParam("data");
    if (to == null) {
      AdminServer.answer(context, 400, "the parameter to is no absolute path of a folder");
    } else if (wanted != null && !isOurs(wanted)) {
      AdminServer.answer(context, 409, "the data folder of this server is " + absolute(data));
    } else {
      taken(to)
          .onSuccess(report -> AdminServer.answer(context, 200, json(report)))
          .onFailure(error -> refuse(context, error));
    }
  }

  private static @Nullable Path folder(RoutingContext context, String parameter) {
    String text = context.request().getParam(parameter);
    try {
      Path folder = text == null ? null : Path.of(text);
      return folder != null && folder.isAbsolute() ? folder : null;
    } catch (InvalidPathException e) {
      return null;
    }
  }

  private boolean isOurs(String folder) {
    try {
      return Files.isSameFile(Path.of(folder), data);
    } catch (IOException | InvalidPathException e) {
      return false;
    }
  }

  private static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }

  /** Takes a backup on a thread of its own, since copying a large folder takes long. */
  private Future<BackupReport> taken(Path to) {
    Promise<BackupReport> taken = Promise.promise();
    Thread thread =
        new Thread(
            () -> {
              try {
                taken.complete(backup.apply(to));
              } catch (RuntimeException | Error e) {
                taken.fail(e);
              }
            },
            "dormouse-backup");
    thread.setDaemon(true);
    Future<BackupReport> onLoop =
        Future.fromCompletionStage(taken.future().toCompletionStage(), vertx.getOrCreateContext());
    thread.start();
    return onLoop;
  }

  private static void refuse(RoutingContext context, Throwable error) {
    int status = statusOf(error);
    if (status == 503) {
      context.response().putHeader("Retry-After", "1");
    }
    AdminServer.answer(context, status, String.valueOf(error.getMessage()));
  }

  private static int statusOf(Throwable error) {
    if (error instanceof NoFileHandlesException
        || (error instanceof BackupException known && known.isPassing())) {
      return 503;
    }
    boolean isRefused =
        error instanceof BackupException
            || error instanceof UnsupportedOperationException
            || error instanceof IllegalStateException;
    return isRefused ? 409 : 500;
  }

  private static JsonObject json(BackupReport report) {
    return new JsonObject()
        .put("folder", report.folder().toString())
        .put("files", report.files())
        .put("bytes", report.bytes())
        .put("linkedBytes", report.linkedBytes());
  }
}
