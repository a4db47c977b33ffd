/**
 * Observation: {@link dev.dormouse.server.observe.DormouseObserver} hears of upgrades, frames,
 * closes, actors, turns and limits. Gateway and host report to {@link
 * dev.dormouse.server.observe.Observers}; metrics, traces, the access log and inspectors listen.
 */
@NullMarked
package dev.dormouse.server.observe;

import org.jspecify.annotations.NullMarked;
