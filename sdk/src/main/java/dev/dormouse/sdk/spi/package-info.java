/**
 * The seam between actors and the programs that run them, such as the server and a test kit. The
 * program implements {@link dev.dormouse.sdk.spi.ActorContext} and calls the handlers through
 * {@link dev.dormouse.sdk.spi.ActorInvoker}. Authors of actors do not need this package.
 */
@NullMarked
package dev.dormouse.sdk.spi;

import org.jspecify.annotations.NullMarked;
