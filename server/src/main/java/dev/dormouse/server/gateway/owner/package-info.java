/**
 * The gateway's view of the hosts: {@code OwnerLinks} knows for each group of shards which host
 * owns it, announces the gateway's sockets to that host, and refuses what a former owner sends.
 * {@code UnansweredCloses} keeps the ends of connections until a host has taken them up. Begin with
 * {@code OwnerLinks}.
 *
 * <p><b>Threads.</b> The package makes none. Any thread may use an object, unless a method says
 * otherwise.
 */
@NullMarked
package dev.dormouse.server.gateway.owner;

import org.jspecify.annotations.NullMarked;
