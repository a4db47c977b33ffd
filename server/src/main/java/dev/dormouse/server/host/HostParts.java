package dev.dormouse.server.host;

import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.ActorStore;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;

/**
 * What the cells of a host share.
 *
 * @param isStopping whether nothing may be put off any more
 * @param eventsGivenUp counts the events that were given up because their actor failed
 */
record HostParts(
    ActorStore store,
    Transport transport,
    Time time,
    HostOptions options,
    BooleanSupplier isStopping,
    FailureLog failures,
    BackgroundWork background,
    Quarantine quarantine,
    LostCloses lostCloses,
    AlarmOutcomes alarms,
    LongAdder eventsGivenUp,
    Questions questions,
    UnsettledTurns unsettled,
    TurnWatch watch) {}
