/**
 * The form of records between nodes: bytes in place of the records of {@link
 * dev.dormouse.server.protocol}. Start at {@link dev.dormouse.server.protocol.wire.RecordCodec},
 * which writes and reads records. {@link dev.dormouse.server.protocol.wire.LinkFrameCodec} does so
 * with the frames of a link, and {@link dev.dormouse.server.protocol.wire.FrameReader} cuts a
 * stream into frames. All three are plain computations: the package has no threads, no clocks and
 * no state but a stream's unfinished frame.
 *
 * <p><b>Values.</b> Numbers are big-endian.
 *
 * <pre>
 * int1, int2, int4, int8    1, 2, 4 or 8 bytes
 * bool                      int1: 0 or 1
 * bytes                     int4 length · as many bytes
 * text                      bytes that are UTF-8
 * T?                        bool presence · T, if it is present
 * list of T                 int4 number · as many T
 * part of ...               int4 length of what follows · the fields
 * </pre>
 *
 * <p><b>Frames and records.</b> A frame is cut out of a stream by its length, and has at most one
 * record. {@link dev.dormouse.server.protocol.Link} says what its numbers mean.
 *
 * <pre>
 * frame                     int4 length of what follows · int1 version (1) · numbers · message,
 *                           if the sequence is not 0
 * numbers                   part of: int8 from · int8 to · int8 sequence · int8 acknowledged
 * message for a host        int1 version (1) · int8 epoch · record
 * message for a gateway     int1 version (1) · record
 * record                    int1 kind · part of the fields below
 *
 *  1 Open                   actor · connection · head · text? subprotocol
 *  2 Message                actor · connection · int8 sequence · payload · bool isRepeat
 *  3 Failed                 actor · connection · text error · reason
 *  4 Closed                 actor · connection · reason
 *  5 Delivered              actor · connection · int8 report · outcome
 *  6 Seen                   actor · connection · int8 report · time?
 *  7 Request                actor · int8 request · head · bytes body · int8 settled · bool isRepeat
 *  8 Announce               int4 group · int8 firstNew · list of connection · list of int8 state
 *                           · bool isFirst · bool isLast
 *
 * 32 Accepted               connection · list of text tags · list of header
 * 33 Rejected               connection · response
 * 34 Send                   connection · payload · text? key · int8 report
 * 35 Broadcast              list of text tags · list of connection except · payload · text? key
 * 36 Retagged               connection · list of text tags
 * 37 Close                  connection · int4 code · text reason
 * 38 AutoReplies            list of (text request · text reply)
 * 39 AskSeen                connection · int8 report
 * 40 Responded              int8 request · response
 * 41 Handled                connection · int8 sequence
 * 42 Withheld               connection · int8 sequence
 * 43 Resumed                connection · int8 sequence
 * 44 Ended                  connection
 *
 * 64 Release                actor · int8 epoch · list of record (32 to 44)
 * 65 Attached               int4 group · int8 epoch
 * 66 NotOwner               int4 group · int8 refused · owner? known
 * 67 Unknown                int4 group · int8 epoch · list of connection
 * </pre>
 *
 * <p><b>What records are made of.</b>
 *
 * <pre>
 * actor                     text type · text key
 * connection                int8
 * owner                     text node · int8 epoch
 * time                      int8 seconds since 1970 · int4 nanoseconds
 * payload                   int1 (1 text, 2 binary) · bytes, which are UTF-8 if it is text
 * header                    text name · text value
 * response                  part of: int4 status · list of header · bytes body
 * head                      part of: text method · text path
 *                           · list of (text name · list of text values) query · list of header
 *                           · text remoteAddress · user?
 * user                      part of: text subject · claims
 * claims                    list of (text name · claim)
 * claim                     int1 kind · 1 text: text · 2 false, 3 true: nothing
 *                           · 4 byte: int1 · 5 short: int2 · 6 int: int4 · 7 long: int8
 *                           · 8 float: int4 · 9 double: int8 · 10 BigInteger: bytes, two's
 *                           complement · 11 BigDecimal: int4 scale · bytes, two's complement
 *                           · 12 list: list of claim · 13 map: claims
 * reason                    int4 code · text reason · int1 cause
 * cause                     1 CLIENT, 2 ACTOR, 3 VIOLATION, 4 CONNECTION_LOST, 5 CLIENT_SILENT,
 *                           6 SHUTDOWN, 7 SHUTDOWN_UNFINISHED, 8 PROCESS_DIED,
 *                           9 MACHINE_RESTARTED, 10 GATEWAY_LOST, 11 HOST_LOST
 * outcome                   int1: 1 WRITTEN, 2 DROPPED, 3 CONFLATED, 4 CONNECTION_CLOSED,
 *                           5 TURN_DISCARDED
 * </pre>
 *
 * <p>A text that has half of a surrogate pair is sent with a question mark in its place, as the
 * store keeps it. A number of a claim that is of another class is sent as a double.
 *
 * <p><b>How the form changes.</b> A field is only ever added, at the end of a record or of another
 * part, and a reader passes over what follows the last field that it knows: an older node reads
 * what a newer one writes. A newer node that reads a part without the field takes what the field
 * stands for by default. What is not a part never gets a field; its enclosing record gets one
 * instead. Numbers of kinds, causes and outcomes are never used again. A node that reads a kind, a
 * cause or an outcome that it does not know cannot go on, and ends the link; so a node sends new
 * ones only to nodes that know them. The version changes only if all of this is not enough.
 *
 * <p><b>Bytes that are wrong.</b> Every length and every number of elements is checked against the
 * bytes that are there before memory is taken. Bytes after the record, unknown versions and kinds,
 * text that is not UTF-8 and values that the records refuse all end in a {@link
 * dev.dormouse.server.protocol.wire.WireException}, which says what and where, and in nothing else.
 */
@NullMarked
package dev.dormouse.server.protocol.wire;

import org.jspecify.annotations.NullMarked;
