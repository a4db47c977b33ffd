/**
 * Configures the logger of applications that have no configuration of their own. Applications use
 * nothing of this package: logback finds {@link dev.dormouse.starter.DefaultLogging} by itself.
 */
@NullMarked
package dev.dormouse.starter;

import org.jspecify.annotations.NullMarked;
