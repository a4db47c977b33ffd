package dev.dormouse.server.cli;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.List;

/**
 * Handles the signals that tell a process to stop. Without this class, the JVM's exit code after a
 * stop would be 128 plus the signal's number, which systemd and Kubernetes take for a failure.
 */
final class StopSignals {
  private static final List<String> NAMES = List.of("TERM", "INT", "HUP");

  private StopSignals() {}

  /**
   * Makes the process return 0 after a stop that one of these signals began. Where the JVM does not
   * let its signals be handled (as with {@code -Xrs}), its own exit codes stay.
   */
  static void exitWithZero() {
    for (String name : NAMES) {
      try {
        handle(name);
      } catch (ReflectiveOperationException | RuntimeException e) {
        // The JVM uses this signal itself.
      }
    }
  }

  /**
   * Sets the handler by reflection, since the compiler warns of these JDK classes, which have no
   * public replacement.
   */
  private static void handle(String name) throws ReflectiveOperationException {
    Class<?> signal = Class.forName("sun.misc.Signal");
    Class<?> handler = Class.forName("sun.misc.SignalHandler");
    InvocationHandler exit =
        (proxy, method, arguments) -> {
          switch (method.getName()) {
            case "handle" -> System.exit(0);
            case "equals" -> {
              return proxy == arguments[0];
            }
            case "hashCode" -> {
              return System.identityHashCode(proxy);
            }
            default -> {}
          }
          return method.getReturnType() == String.class ? "exit with 0" : null;
        };
    signal
        .getMethod("handle", signal, handler)
        .invoke(
            null,
            signal.getConstructor(String.class).newInstance(name),
            Proxy.newProxyInstance(
                StopSignals.class.getClassLoader(), new Class<?>[] {handler}, exit));
  }
}
