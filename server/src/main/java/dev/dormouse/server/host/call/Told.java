package dev.dormouse.server.host.call;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.protocol.TellId;

/**
 * A call that an actor has told another one.
 *
 * @param id the identity of the call
 * @param target the actor that is called
 * @param name the simple name of the call's class
 * @param call the call in the encoding of the target's actor type
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
public record Told(TellId id, ActorId target, String name, byte[] call) {}
