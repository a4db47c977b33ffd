package dev.dormouse.spring;

import dev.dormouse.server.Dormouse;
import dev.dormouse.server.options.ServerOptions;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * Adds the actors' server to an application. A bean of type {@link Dormouse} of the application
 * takes the place of the empty description, and one of type {@link ServerOptions} takes the place
 * of the options that are made from the properties.
 */
@AutoConfiguration
@EnableConfigurationProperties(DormouseProperties.class)
public class DormouseAutoConfiguration {

  /** Creates the configuration; Spring calls this. */
  public DormouseAutoConfiguration() {}

  /** Returns a description without actor types, routes and observers. */
  @Bean
  @ConditionalOnMissingBean
  Dormouse dormouse() {
    return Dormouse.server();
  }

  /** Returns the options that the properties name. */
  @Bean
  @ConditionalOnMissingBean
  ServerOptions dormouseOptions(DormouseProperties properties) {
    return properties.options();
  }

  /** Returns the server, which the context starts and stops. */
  @Bean
  ActorServer actorServer(
      ConfigurableListableBeanFactory beans,
      Dormouse description,
      ServerOptions options,
      ObjectProvider<MeterRegistry> registries) {
    return new ActorServer(beans, description, options, registries);
  }
}
