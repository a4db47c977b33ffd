/**
 * A look at the node and its actors through the admin port: {@code Dashboard} is the page for
 * people, and the {@code /api/…} that it reads; {@code ActorStatusPage} and {@code ConnectionsPage}
 * are for scripts. No page wakes an actor; only orders do something to one.
 *
 * <ul>
 *   <li>{@code NodePage}: the node, with {@code NodeHistory}, its last minutes, and {@code
 *       LiveHeap}, what a sleeping socket takes of the heap
 *   <li>{@code ActorListPage}, {@code ActorDetailPage}, {@code ActorConnectionsPage}, {@code
 *       ActorValuesPage}: what actors are and have stored, by {@code StoredActors}, as far as
 *       {@code Shown} shows it
 *   <li>{@code ActorOrdersPage}, {@code ActorDrops}: what one can have an actor do
 *   <li>{@code RecentWakes} always remembers the last wakes, in a {@code WakeTable}, and resets;
 *       {@code RecentTurns} and {@code NodeMeter} hear of turns only while there is an {@code
 *       Audience}. {@code LatestActors} bounds what is remembered of resets and turns
 * </ul>
 */
@NullMarked
package dev.dormouse.server.admin.dashboard;

import org.jspecify.annotations.NullMarked;
