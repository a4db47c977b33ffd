package dev.dormouse.server.protocol;

import dev.dormouse.sdk.ActorId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A call on its way to the actor that it is for.
 *
 * @param target the actor that is called
 * @param name the simple name of the call's class, for people
 * @param call the call, encoded by the codec of the target's actor type
 * @param waiting the actors that wait for the answer, each for the next one; the last one asks.
 *     Empty if the call comes from outside or is told
 * @param tell the identity of a call that an actor told as a part of a turn; null for other calls
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
public record CallRequest(
    ActorId target, String name, byte[] call, List<ActorId> waiting, @Nullable TellId tell) {}
