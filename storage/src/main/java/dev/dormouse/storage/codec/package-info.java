/**
 * The stored form of users' values: attachments and the values of actor storage, as bytes that are
 * readable for ever. The package is a leaf: no class in it uses the rest of the storage module.
 *
 * <p>Start at {@link dev.dormouse.storage.codec.Codecs}, which makes a {@link
 * dev.dormouse.storage.codec.ValueCodec} for the classes that an actor's author named. A codec may
 * be used from any thread.
 *
 * <p>The parts, from the top down: {@code KryoCodec} encodes and decodes; {@code PlainValues}
 * describes bytes to people without the user's classes; {@code NamedClasses} decides which classes
 * can be stored and under which ids; {@code Shape} knows a class's slots, {@code ShapeTable} writes
 * them at the head of each value, and {@code ShapeSerializer} writes the objects; {@code
 * BuiltInTypes} and {@code ContainerSerializers} are the JDK's types; {@code ValueKryo}, {@code
 * ValueInput} and {@code ValueOutput} are Kryo without what hostile bytes could abuse. Kryo's types
 * never leave this package.
 *
 * <p>Stored bytes never change: golden-byte tests hold them. Classes that were renamed or changed
 * are read as {@link dev.dormouse.sdk.ActorOptions} says.
 */
@NullMarked
package dev.dormouse.storage.codec;

import org.jspecify.annotations.NullMarked;
