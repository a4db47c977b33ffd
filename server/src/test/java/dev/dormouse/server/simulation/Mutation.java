package dev.dormouse.server.simulation;

import dev.dormouse.server.host.ActorHost;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * A fault put into the production code on purpose: a piece of one source file, replaced.
 *
 * @param name the effect of the fault, in words
 * @param promises the promises whose breach the simulation may notice
 * @param file the source file, in {@code dev/dormouse/server}
 * @param from the text that is replaced; it occurs exactly once
 * @param to the text that takes its place
 */
record Mutation(String name, Set<Promise> promises, String file, String from, String to) {
  private static final Path SOURCES = Path.of("src/main/java/dev/dormouse/server");
  private static final Path CLASSES = folderOf(ActorHost.class);
  private static final Path TEST_CLASSES = folderOf(Mutation.class);

  private static Path folderOf(Class<?> compiled) {
    return Path.of(
        URI.create(compiled.getProtectionDomain().getCodeSource().getLocation().toString()));
  }

  /** Runs seeds with faulty classes. */
  interface Runs extends AutoCloseable {

    /** Returns the promise that the run of a seed breaks; null if none. */
    @Nullable String broken(long seed) throws Exception;

    @Override
    void close() throws IOException;
  }

  /**
   * Compiles the faulty source and loads it, with all other classes, apart from the classes of the
   * tests.
   *
   * @param folder an empty folder for the compiled classes
   * @param simulation the class whose runs are to notice the fault
   */
  Runs compile(Path folder, Class<?> simulation) throws IOException {
    String source = Files.readString(SOURCES.resolve(file));
    int at = source.indexOf(from);
    if (at < 0 || source.indexOf(from, at + 1) >= 0) {
      throw new AssertionError(
          "the mutation '%s' wants to replace what is to be in %s exactly once:%n%s"
              .formatted(name, file, from));
    }
    Path mutated = folder.resolve(file);
    Files.createDirectories(mutated.getParent());
    Files.writeString(mutated, source.replace(from, to));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    Path classes = Files.createDirectories(folder.resolve("classes"));
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options =
          List.of(
              "-proc:none",
              "-nowarn",
              "-d",
              classes.toString(),
              "-classpath",
              CLASSES
                  + System.getProperty("path.separator")
                  + System.getProperty("java.class.path"));
      if (!compiler
          .getTask(null, files, null, options, null, files.getJavaFileObjects(mutated))
          .call()) {
        throw new AssertionError("the mutation '" + name + "' does not compile");
      }
    }
    Apart loader = new Apart(classes, CLASSES, TEST_CLASSES);
    return new Runs() {
      @Override
      public @Nullable String broken(long seed) throws Exception {
        return (String)
            loader
                .loadClass(simulation.getName())
                .getMethod("broken", long.class)
                .invoke(null, seed);
      }

      @Override
      public void close() throws IOException {
        loader.close();
      }
    };
  }

  /** Loads the server's classes itself, and leaves the rest to the tests' loader. */
  private static final class Apart extends URLClassLoader {
    Apart(Path... folders) throws MalformedURLException {
      super(urls(folders), Mutation.class.getClassLoader());
    }

    private static URL[] urls(Path... folders) throws MalformedURLException {
      URL[] urls = new URL[folders.length];
      for (int i = 0; i < urls.length; i++) {
        urls[i] = folders[i].toUri().toURL();
      }
      return urls;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith("dev.dormouse.server.")) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded != null ? loaded : findClass(name);
      }
    }
  }
}
