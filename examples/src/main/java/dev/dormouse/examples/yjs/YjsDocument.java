package dev.dormouse.examples.yjs;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A document that people edit at the same time with Yjs and the npm package {@code y-websocket}:
 *
 * <pre>{@code
 * new WebsocketProvider('ws://127.0.0.1:8080/yjs', 'team/notes', new Y.Doc())
 * }</pre>
 *
 * <p>An update is stored in the turn in which it comes, and goes to the other clients when the turn
 * is committed. So whatever a client shows of the others' edits is on disk. A client that connects
 * gets what it does not have, and is asked for what the document does not have.
 *
 * <p>Cursors and names ({@link Presence}) go to all clients, also to the one that sent them: a
 * client of {@code y-websocket} that hears nothing for 30 s connects anew. They are kept in memory,
 * and with the connections when the actor falls asleep, so that the others learn of it when a
 * client has gone.
 *
 * <p><b>Limits.</b> A message may have 16 MiB, and a document {@value
 * UpdateRows#DOCUMENT_BYTES_MAX} bytes of updates [close 4413]. A client whose message Yjs could
 * not read is closed with 4400, and nobody else sees the message. {@code y-websocket} does not
 * connect again after these codes. Text that was deleted stays in the document's updates.
 */
public final class YjsDocument extends WebSocketActor<YjsDocument.Editor> {
  private static final int MALFORMED = 4400;
  private static final int FULL = 4413;
  private static final int MESSAGE_BYTES_MAX = 16 << 20;
  private static final int REPLY_BYTES = 8 << 20;
  private static final int UNMERGED_MAX = 64;

  // The kinds of messages, and of messages of the kind SYNC.
  private static final int SYNC = 0;
  private static final int PRESENCE = 1;
  private static final int PRESENCE_QUERY = 3;
  private static final int STATE = 0;
  private static final int MISSING = 1;
  private static final int UPDATE = 2;

  private final UpdateRows rows = new UpdateRows();

  /** The document as it was loaded or last merged; null while nobody has asked for it. */
  private @Nullable Update document;

  /** The updates since then. */
  private final List<Update> unmerged = new ArrayList<>();

  /** Who is here; null until it is read from the connections. */
  private @Nullable Presences presences;

  /**
   * Describes one client.
   *
   * @param announced what it had announced when the actor last fell asleep, or when it announced
   *     another client
   */
  public record Editor(List<Presence> announced) {}

  /** Returns the options of the type. */
  public static ActorOptions options(ActorOptions options) {
    return options
        .messageBytesMax(MESSAGE_BYTES_MAX)
        .attachmentBytesMax(4 * Presences.CHARACTERS_MAX)
        .idle(Duration.ofSeconds(1));
  }

  @Override
  protected void onUpgrade(Upgrade<Editor> upgrade) {
    List<Presence> here = presences().here();
    Connection<Editor> client = upgrade.accept(new Editor(new ArrayList<>()));
    client.send(sync(STATE, Update.bytesOf(document().state())));
    if (!here.isEmpty()) {
      client.send(presence(here));
    }
  }

  @Override
  protected void onMessage(Connection<Editor> from, ByteBuffer bytes) {
    byte[] message = new byte[bytes.remaining()];
    bytes.get(message);
    try {
      handle(from, new ByteReader(message));
    } catch (MalformedException e) {
      from.close(MALFORMED, "not a message of Yjs: " + e.getMessage());
    }
  }

  private void handle(Connection<Editor> from, ByteReader message) {
    long kind = message.readNumber();
    if (kind == SYNC) {
      sync(from, message);
    } else if (kind == PRESENCE) {
      hear(from, Presence.readAll(message.readBytes()));
    } else if (kind == PRESENCE_QUERY) {
      from.send(presence(presences().here()));
    } else {
      throw new MalformedException("the message is of the unknown kind " + kind);
    }
  }

  private void sync(Connection<Editor> from, ByteReader message) {
    long kind = message.readNumber();
    if (kind == STATE) {
      reply(from, Update.readState(message.readBytes()));
    } else if (kind == MISSING) {
      Update update = Update.read(message.readBytes());
      if (!document().contains(update)) {
        add(from, update.after(document().state()));
      }
    } else if (kind == UPDATE) {
      Update update = Update.read(message.readBytes());
      if (!update.isEmpty()) {
        add(from, update);
      }
    } else {
      throw new MalformedException("the message of kind 0 is of the unknown kind " + kind);
    }
  }

  /** Sends a client what it does not have; a client is in sync when it has the last message. */
  private void reply(Connection<Editor> to, Map<Long, Long> known) {
    List<byte[]> parts = document().after(known).split(REPLY_BYTES);
    int last = parts.size() - 1;
    parts.subList(0, last).forEach(part -> to.send(sync(UPDATE, part)));
    to.send(sync(MISSING, parts.get(last)));
  }

  private void add(Connection<Editor> from, Update update) {
    byte[] bytes = update.bytes();
    if (!rows.hasRoomFor(storage(), bytes)) {
      from.close(FULL, "the document has %s bytes".formatted(UpdateRows.DOCUMENT_BYTES_MAX));
      return;
    }
    rows.add(storage(), bytes);
    if (document != null) {
      unmerged.add(update);
      if (unmerged.size() == UNMERGED_MAX) {
        document = null; // it is loaded again when somebody asks for it
        unmerged.clear();
      }
    }
    connections().except(from).broadcast(sync(UPDATE, bytes));
  }

  private Update document() {
    Update loaded = document == null ? rows.load(storage()) : document;
    if (!unmerged.isEmpty()) {
      unmerged.add(loaded);
      loaded = Update.merge(unmerged);
      unmerged.clear();
    }
    document = loaded;
    return loaded;
  }

  private void hear(Connection<Editor> from, List<Presence> said) {
    Presences known = presences();
    List<Presence> news = said.stream().filter(one -> known.hear(from.id(), one)).toList();
    if (news.isEmpty()) {
      return;
    }
    if (!clients(from.attachment().announced()).equals(clients(known.of(from.id())))) {
      from.attach(new Editor(known.of(from.id())));
    }
    connections().broadcast(presence(news));
  }

  private static Set<Long> clients(List<Presence> announced) {
    return announced.stream().map(Presence::client).collect(Collectors.toCollection(HashSet::new));
  }

  private Presences presences() {
    Presences known = presences;
    if (known == null) {
      known = new Presences();
      for (Connection<Editor> connection : connections()) {
        for (Presence kept : connection.attachment().announced()) {
          known.recall(connection.id(), kept);
        }
      }
      presences = known;
    }
    return known;
  }

  @Override
  protected void onClose(Connection<Editor> gone, CloseReason reason) {
    List<Presence> left = presences().leave(gone.id());
    if (!left.isEmpty()) {
      connections().except(gone).broadcast(presence(left.stream().map(Presence::gone).toList()));
    }
  }

  @Override
  protected void onHibernate() {
    if (presences != null) {
      Presences known = presences;
      known
          .changed()
          .forEach(
              id ->
                  connections()
                      .find(id)
                      .ifPresent(editor -> editor.attach(new Editor(known.of(id)))));
    }
  }

  private static ByteBuffer sync(int kind, byte[] content) {
    return ByteBuffer.wrap(new ByteWriter().write(SYNC).write(kind).block(content).bytes());
  }

  private static ByteBuffer presence(List<Presence> all) {
    return ByteBuffer.wrap(new ByteWriter().write(PRESENCE).block(Presence.bytesOf(all)).bytes());
  }
}
