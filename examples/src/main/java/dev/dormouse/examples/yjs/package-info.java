/**
 * Documents that several people edit at a time with <a href="https://yjs.dev">Yjs</a>; unchanged
 * clients of {@code y-websocket} connect to them.
 *
 * <table>
 *   <caption>The parts</caption>
 *   <tr><td>{@code YjsDocument}</td><td>the actor: what it does with each message</td></tr>
 *   <tr><td>{@code UpdateRows}</td><td>the document's updates in the actor's storage</td></tr>
 *   <tr><td>{@code Presences}</td><td>cursors and names of those who are here</td></tr>
 *   <tr><td>{@code Update}</td><td>an update: merging, state vectors, differences</td></tr>
 *   <tr><td>{@code Struct}, {@code Deletions}</td><td>the parts of an update</td></tr>
 *   <tr><td>{@code ByteReader}, {@code ByteWriter}</td><td>the encoding of lib0</td></tr>
 * </table>
 *
 * <p>Formats and behaviour follow <a href="https://github.com/yjs/yjs">yjs</a> 13, <a
 * href="https://github.com/yjs/y-protocols">y-protocols</a> and <a
 * href="https://github.com/dmonad/lib0">lib0</a>, all of them by Kevin Jahns and others under the
 * MIT license. The code is written anew.
 */
@NullMarked
package dev.dormouse.examples.yjs;

import org.jspecify.annotations.NullMarked;
