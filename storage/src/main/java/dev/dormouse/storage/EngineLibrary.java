package dev.dormouse.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.RocksDB;
import org.rocksdb.util.Environment;

/**
 * The engine's native library. It is unpacked from the jar into a {@link Scratch} folder, loaded,
 * and removed at once, because a loaded library no longer needs its file. It must be loaded before
 * any class of the engine is used. Any thread may call every method.
 */
final class EngineLibrary {
  private static boolean isLoaded; // guarded by the class

  private EngineLibrary() {}

  /**
   * Loads the library if it is not loaded yet.
   *
   * @param bases the folders in which it may be unpacked, the best first; the JVM's temporary
   *     folder is tried last
   * @throws StoreOpenException if the jar has no library for this machine, or it cannot be unpacked
   *     or loaded in any of the folders; the message names the folders and the remedy
   */
  static synchronized void load(Path... bases) {
    if (isLoaded) {
      return;
    }
    String library = Environment.getJniLibraryFileName("rocksdb");
    Set<Path> places = new LinkedHashSet<>(List.of(bases));
    places.add(Scratch.temporaryFolder());
    List<String> reasons = new ArrayList<>();
    for (Path place : places) {
      try (Scratch scratch = Scratch.in(place)) {
        NativeLibraryLoader.getInstance().loadLibrary(scratch.path().toString());
        RocksDB.loadLibrary(); // loads nothing more, but notes that the library is there
        isLoaded = true;
        return;
      } catch (IOException e) {
        reasons.add(place + ": " + FileTree.reasonOf(e));
      } catch (UnsatisfiedLinkError e) {
        reasons.add(place + ": " + reasonOf(e));
      } catch (RuntimeException e) {
        checkHas(library, e);
        reasons.add(place + ": " + e.getMessage());
      }
    }
    throw new StoreOpenException(
        "the storage engine's library "
            + library
            + " cannot be loaded ("
            + String.join("; ", reasons)
            + "); it needs a folder that is writable, has 20 MB free and is not mounted noexec:"
            + " name one with java -Djava.io.tmpdir=FOLDER",
        null);
  }

  private static void checkHas(String library, RuntimeException cause) {
    ClassLoader loader = RocksDB.class.getClassLoader();
    String fallback = Environment.getFallbackJniLibraryFileName("rocksdb");
    if (loader.getResource(library) == null
        && (fallback == null || loader.getResource(fallback) == null)) {
      throw new StoreOpenException(
          "this jar has no storage engine for this machine ("
              + library
              + "): it runs on Linux with glibc and on macOS, x86-64 and ARM64; on Alpine and"
              + " others with musl, take an image with glibc",
          cause);
    }
  }

  /** Returns the JVM's message without the file's path, which is part of the place. */
  private static String reasonOf(UnsatisfiedLinkError e) {
    String message = String.valueOf(e.getMessage());
    return message.substring(message.lastIndexOf(": ") < 0 ? 0 : message.indexOf(": ") + 2);
  }
}
