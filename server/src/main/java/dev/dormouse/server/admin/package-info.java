/**
 * The admin port. {@code AdminAccess} is its door, which every request passes: {@code AdminToken},
 * {@code WrongTokens} and {@code LoginPage} are who is let in. {@code AdminServer} answers health
 * checks and counts, each {@code AdminPage} the rest; {@code PageParams}, {@code PageFile} and
 * {@code StoreReads}, which has threads of its own for what waits for the disk, are for those.
 */
@NullMarked
package dev.dormouse.server.admin;

import org.jspecify.annotations.NullMarked;
