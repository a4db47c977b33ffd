/** The interface for operators. */
@NullMarked
package dev.dormouse.server.admin;

import org.jspecify.annotations.NullMarked;
