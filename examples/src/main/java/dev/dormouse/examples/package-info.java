/** Example actors and the program that serves them. */
@NullMarked
package dev.dormouse.examples;

import org.jspecify.annotations.NullMarked;
