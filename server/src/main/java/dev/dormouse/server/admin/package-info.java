/**
 * The admin port. {@code AdminAccess} decides which requests are answered, with {@code AdminToken},
 * {@code WrongTokens} and {@code LoginPage}. {@code AdminServer} answers health checks and counts;
 * each {@code AdminPage} answers other requests. {@code PageParams} and {@code PageFile} serve
 * these pages, and {@code StoreReads} runs their reads of the disk on threads of its own.
 */
@NullMarked
package dev.dormouse.server.admin;

import org.jspecify.annotations.NullMarked;
