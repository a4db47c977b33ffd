package dev.dormouse.server.node;

import dev.dormouse.server.options.ServerStartException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Checks the versions of Netty's modules on the class path, before any class of Netty is loaded.
 * Builds that set versions for their dependencies, as Spring Boot's parent does, may put older
 * modules there than the server was compiled with. The server would then fail later, at a missing
 * class or field.
 */
public final class NettyVersions {
  /** The oldest version of Netty that the server runs with. */
  static final String NEEDED = "4.2.18.Final";

  private static final String FILE = "META-INF/io.netty.versions.properties";
  private static final String SUFFIX = ".version";

  private NettyVersions() {}

  /**
   * Checks the modules on the class path.
   *
   * @throws ServerStartException if a module is too old, or the versions differ; the message names
   *     the versions and the lines that mend the build
   */
  public static void check() {
    String problem = problemOf(found());
    if (problem != null) {
      throw new ServerStartException(problem, null);
    }
  }

  /** Returns the version of each module; of a module that is there twice, the first one counts. */
  static Map<String, String> found() {
    Map<String, String> versions = new TreeMap<>();
    try {
      for (URL file : Collections.list(NettyVersions.class.getClassLoader().getResources(FILE))) {
        Properties properties = new Properties();
        try (InputStream in = file.openStream()) {
          properties.load(in);
        }
        for (String name : properties.stringPropertyNames()) {
          if (name.endsWith(SUFFIX) && !name.contains("tcnative")) {
            String module = name.substring(0, name.length() - SUFFIX.length());
            versions.putIfAbsent(module, properties.getProperty(name));
          }
        }
      }
    } catch (IOException e) {
      return Map.of(); // without the files that name the versions, there is nothing to check
    }
    return versions;
  }

  /** Returns the fault of these versions, in words; null if there is none. */
  static @Nullable String problemOf(Map<String, String> versions) {
    boolean isTooOld = versions.values().stream().anyMatch(NettyVersions::isTooOld);
    boolean isMixed = new TreeSet<>(versions.values()).size() > 1;
    if (!isTooOld && !isMixed) {
      return null;
    }
    String found =
        versions.entrySet().stream()
            .collect(
                Collectors.groupingBy(
                    Map.Entry::getValue,
                    TreeMap::new,
                    Collectors.mapping(Map.Entry::getKey, Collectors.toList())))
            .entrySet()
            .stream()
            .map(e -> e.getKey() + " (" + e.getValue().get(0) + more(e.getValue().size()) + ")")
            .collect(Collectors.joining(" and "));
    return ("Netty %s is on the class path, and Dormouse needs %s of all its modules: with Spring"
            + " Boot's parent write <netty.version>%s</netty.version> into <properties>, else"
            + " import io.netty:netty-bom:%s into <dependencyManagement>")
        .formatted(found, NEEDED, NEEDED, NEEDED);
  }

  private static String more(int modules) {
    return modules == 1 ? "" : " and " + (modules - 1) + " more";
  }

  private static boolean isTooOld(String version) {
    return Arrays.compare(numbers(version), numbers(NEEDED)) < 0;
  }

  /**
   * Returns the numbers of a version, such as 4, 2 and 18 of 4.2.18.Final; a part that is no number
   * counts as the highest.
   */
  private static int[] numbers(String version) {
    return Arrays.stream(version.split("[.-]", 4))
        .limit(3)
        .mapToInt(part -> part.matches("[0-9]{1,9}") ? Integer.parseInt(part) : Integer.MAX_VALUE)
        .toArray();
  }
}
