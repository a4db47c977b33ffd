/** The interfaces that actors are written against. */
@NullMarked
package dev.dormouse.sdk;

import org.jspecify.annotations.NullMarked;
