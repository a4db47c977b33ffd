package dev.dormouse.spring;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/** Adds the server to the health that the Actuator of Spring Boot 4 shows. */
@AutoConfiguration(after = DormouseAutoConfiguration.class)
@ConditionalOnClass(HealthIndicator.class)
public class DormouseBoot4HealthAutoConfiguration {

  /** Creates the configuration; Spring calls this. */
  public DormouseBoot4HealthAutoConfiguration() {}

  /** Returns an indicator that says what {@code /readyz} of the admin port says. */
  @Bean
  @ConditionalOnEnabledHealthIndicator("dormouse")
  HealthIndicator dormouseHealthIndicator(ActorServer server) {
    return () ->
        server
            .whyNotReady()
            .map(why -> Health.down().withDetail("reason", why))
            .orElseGet(Health::up)
            .build();
  }
}
