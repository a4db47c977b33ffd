/**
 * Example actors, and the program that serves them.
 *
 * <table>
 *   <caption>The actors</caption>
 *   <tr><td>{@code /chat/{room}}</td><td>{@link dev.dormouse.examples.ChatRoom}; its page is at
 *       {@code /}</td></tr>
 *   <tr><td>{@code /counter/{key}}</td><td>{@link dev.dormouse.examples.Counter}</td></tr>
 *   <tr><td>{@code /echo/{key}}</td><td>{@link dev.dormouse.examples.Echo}</td></tr>
 *   <tr><td>{@code /journal/{key}}</td><td>{@link dev.dormouse.examples.Journal}</td></tr>
 *   <tr><td>{@code /reminder/{key}}</td><td>{@link dev.dormouse.examples.Reminder}</td></tr>
 *   <tr><td>{@code /yjs/{document}}</td><td>{@link dev.dormouse.examples.yjs.YjsDocument}</td></tr>
 *   <tr><td>{@code /bench/echo/{key}}, {@code /bench/attach/{key}}, {@code /bench/put/{key}}</td>
 *       <td>{@link dev.dormouse.examples.Bench}</td></tr>
 * </table>
 */
@NullMarked
package dev.dormouse.examples;

import org.jspecify.annotations.NullMarked;
