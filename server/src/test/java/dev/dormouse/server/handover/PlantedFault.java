package dev.dormouse.server.handover;

import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * A fault that is made on purpose, either in the production code, by replacing a piece of one
 * source file, or in the model.
 *
 * @param name the effect of the fault, in words
 * @param scenario the name of the scenario that finds it
 * @param model the fault of the model; null if it is one of the production code
 * @param file the source file, in {@code dev/dormouse/server}
 * @param from the text that is replaced; it occurs exactly once
 * @param to the text that takes its place
 */
record PlantedFault(
    String name, String scenario, @Nullable ModelFault model, String file, String from, String to) {
  private static final Path SOURCES = Path.of("src/main/java/dev/dormouse/server");

  static PlantedFault of(ModelFault model, String scenario) {
    return new PlantedFault(model.toString(), scenario, model, "", "", "");
  }

  /**
   * Explores the scenario with the fault.
   *
   * @param folder a folder for compiled classes
   * @return the broken promise and the way to it; null if none was found
   */
  @Nullable String find(Path folder) throws Exception {
    if (model != null) {
      return Scenarios.violation(scenario, model.name());
    }
    try (URLClassLoader loader = new Apart(compile(folder))) {
      return (String)
          loader
              .loadClass(Scenarios.class.getName())
              .getMethod("violation", String.class, String.class)
              .invoke(null, scenario, "");
    }
  }

  private Path compile(Path folder) throws IOException {
    String source = Files.readString(SOURCES.resolve(file));
    int at = source.indexOf(from);
    if (at < 0 || source.indexOf(from, at + 1) >= 0) {
      throw new AssertionError(
          "the fault '%s' wants to replace what is to be in %s exactly once:%n%s"
              .formatted(name, file, from));
    }
    Path faulty = folder.resolve(file);
    Files.createDirectories(faulty.getParent());
    Files.writeString(faulty, source.replace(from, to));
    Path classes = Files.createDirectories(folder.resolve("classes"));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options =
          List.of(
              "-proc:none",
              "-nowarn",
              "-d",
              classes.toString(),
              "-classpath",
              System.getProperty("java.class.path"));
      if (!compiler
          .getTask(null, files, null, options, null, files.getJavaFileObjects(faulty))
          .call()) {
        throw new AssertionError("the fault '" + name + "' does not compile");
      }
    }
    return classes;
  }

  /** Loads the faulty classes and everything that knows them, apart from the tests' own. */
  private static final class Apart extends URLClassLoader {
    private static final List<String> APART =
        List.of(
            "dev.dormouse.server.handover.",
            "dev.dormouse.server.gateway.owner.",
            "dev.dormouse.server.host.owner.");

    Apart(Path classes) throws MalformedURLException {
      super(
          new URL[] {classes.toUri().toURL(), home(Scenarios.class), home(mainClass())},
          PlantedFault.class.getClassLoader());
    }

    private static Class<?> mainClass() {
      return dev.dormouse.server.host.owner.Ownerships.class;
    }

    private static URL home(Class<?> type) {
      return type.getProtectionDomain().getCodeSource().getLocation();
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (APART.stream().noneMatch(name::startsWith)) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded != null ? loaded : findClass(name);
      }
    }
  }
}
