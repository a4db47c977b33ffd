package dev.dormouse.starter;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.util.DefaultJoranConfigurator;
import ch.qos.logback.core.joran.spi.JoranException;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.net.URL;

/**
 * Gives logback a configuration if the application has none: lines from INFO on go to the standard
 * error stream. A {@code logback.xml} or {@code logback-test.xml} on the class path, or the system
 * property {@code logback.configurationFile}, takes its place entirely.
 */
public final class DefaultLogging extends ContextAwareBase implements Configurator {

  /** Creates the configurator, as logback does when the first logger is asked for. */
  public DefaultLogging() {}

  @Override
  public ExecutionStatus configure(LoggerContext logging) {
    DefaultJoranConfigurator own = new DefaultJoranConfigurator();
    own.setContext(logging);
    ExecutionStatus found = own.configure(logging);
    if (found != ExecutionStatus.INVOKE_NEXT_IF_ANY) {
      return found;
    }
    URL shipped = DefaultLogging.class.getResource("logback.xml");
    if (shipped == null) {
      addError("the file dev/dormouse/starter/logback.xml is not in the jar");
      return ExecutionStatus.INVOKE_NEXT_IF_ANY;
    }
    JoranConfigurator joran = new JoranConfigurator();
    joran.setContext(logging);
    try {
      joran.doConfigure(shipped);
    } catch (JoranException e) {
      addError("cannot configure the logger from " + shipped, e);
      return ExecutionStatus.INVOKE_NEXT_IF_ANY;
    }
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }
}
