package dev.dormouse.spring;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Makes Spring Boot print the reason alone, without a stack trace, if the server cannot start. */
final class ActorServerFailureAnalyzer extends AbstractFailureAnalyzer<ActorServerException> {
  @Override
  protected FailureAnalysis analyze(Throwable failure, ActorServerException cause) {
    return new FailureAnalysis("Dormouse: " + cause.getMessage(), null, cause);
  }
}
