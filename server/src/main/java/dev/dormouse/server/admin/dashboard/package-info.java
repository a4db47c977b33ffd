/**
 * The pages that show the node and its actors on the admin port. {@code Dashboard} serves the page
 * for people, and the {@code /api/…} that the page reads; {@code ActorStatusPage} and {@code
 * ConnectionsPage} serve scripts. No page wakes an actor; only orders change one.
 *
 * <ul>
 *   <li>{@code NodePage}: the node, with its last minutes from {@code NodeHistory}, and the heap of
 *       a sleeping socket from {@code LiveHeap}
 *   <li>{@code ActorListPage}, {@code ActorDetailPage}, {@code ActorConnectionsPage}, {@code
 *       ActorValuesPage}: the status and stored values of actors, which {@code StoredActors} reads
 *       and {@code Shown} cuts
 *   <li>{@code ActorOrdersPage}, {@code ActorDrops}: orders to actors
 *   <li>{@code RecentWakes} always remembers the last wakes, in a {@code WakeTable}, and resets;
 *       {@code RecentTurns} and {@code NodeMeter} hear of turns only while there is an {@code
 *       Audience}. {@code LatestActors} bounds the memory for resets and turns
 * </ul>
 */
@NullMarked
package dev.dormouse.server.admin.dashboard;

import org.jspecify.annotations.NullMarked;
