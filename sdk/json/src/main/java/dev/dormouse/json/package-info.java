/**
 * Messages in JSON for actors: a text of a client becomes a record of a sealed interface, and a
 * record becomes a text.
 *
 * <p>Start at {@link dev.dormouse.json.JsonActor}: extend it in place of {@code WebSocketActor}.
 *
 * <table>
 *   <caption>The map</caption>
 *   <tr><td>{@link dev.dormouse.json.JsonActor}</td><td>the superclass of actors</td></tr>
 *   <tr><td>{@link dev.dormouse.json.JsonCodec}</td>
 *       <td>the rules of the format, and its use without an actor, for instance in a test</td></tr>
 *   <tr><td>{@link dev.dormouse.json.JsonName}, {@link dev.dormouse.json.JsonRules}</td>
 *       <td>annotations that change a name or a rule</td></tr>
 *   <tr><td>{@link dev.dormouse.json.TypeScript}</td>
 *       <td>a program that writes the types of the messages for the compiler of a page</td></tr>
 * </table>
 *
 * <p>The classes of the messages are found from the actor's class when the server starts, and no
 * text of a client ever names a Java class. Jackson's streaming parser reads the text, within
 * limits; its data binding is not used.
 */
@NullMarked
package dev.dormouse.json;

import org.jspecify.annotations.NullMarked;
