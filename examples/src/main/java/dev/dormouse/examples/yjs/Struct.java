package dev.dormouse.examples.yjs;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import java.util.List;

/**
 * A piece of a document: what one client inserted with a run of its clocks. A struct is a view on
 * the bytes of its update, which are never changed.
 *
 * <p>An item knows what stood left and right of it when it was inserted; or, if nothing did, its
 * parent. Where the item stands is for the clients to find out, so its content is only looked at to
 * be checked and cut.
 */
final class Struct {
  private static final int GARBAGE = 0;
  private static final int DELETED = 1;
  private static final int JSON = 2;
  private static final int TEXT = 4;
  private static final int ANY = 8;
  private static final int SKIP = 10;

  private static final int HAS_LEFT = 0x80;
  private static final int HAS_RIGHT = 0x40;
  private static final int HAS_NAME = 0x20;
  private static final int CONTENT = 0x1f;

  private final long client;
  private final long clock;
  private final long length;
  private final int info;

  /** The bytes of an item from {@code from} to {@code to}; of other structs nothing is read. */
  private final byte[] bytes;

  private final int from;
  private final int contentFrom;
  private final int to;

  private Struct(
      long client,
      long clock,
      long length,
      int info,
      byte[] bytes,
      int from,
      int contentFrom,
      int to) {
    this.client = client;
    this.clock = clock;
    this.length = length;
    this.info = info;
    this.bytes = bytes;
    this.from = from;
    this.contentFrom = contentFrom;
    this.to = to;
  }

  /** Returns a gap, which stands for structs that an update does not have. */
  static Struct gap(long client, long clock, long length) {
    return new Struct(client, clock, length, SKIP, new byte[0], 0, 0, 0);
  }

  static Struct read(ByteReader in, long client, long clock) {
    int from = in.at();
    int info = in.readByte();
    int contentFrom = from;
    long length;
    if (info == SKIP || (info & CONTENT) == GARBAGE) {
      length = in.readNumber();
    } else {
      if ((info & HAS_LEFT) != 0) {
        readEarlier(in, client, clock);
      }
      if ((info & HAS_RIGHT) != 0) {
        readEarlier(in, client, clock);
      }
      if ((info & (HAS_LEFT | HAS_RIGHT)) == 0) {
        if (in.readNumber() == 1) {
          in.readText();
        } else {
          readEarlier(in, client, clock);
        }
        if ((info & HAS_NAME) != 0) {
          in.readText();
        }
      }
      contentFrom = in.at();
      length = readContent(in, info & CONTENT);
    }
    if (length == 0 || clock + length > ByteReader.NUMBER_MAX) {
      throw new MalformedException("a struct has the length " + length);
    }
    int kind = info != SKIP && (info & CONTENT) == GARBAGE ? GARBAGE : info;
    return new Struct(client, clock, length, kind, in.bytes(), from, contentFrom, in.at());
  }

  /**
   * Reads the id of another struct. Yjs waits for structs of other clients that it does not have
   * yet, but throws at one that refers to a later struct of its own client.
   */
  private static void readEarlier(ByteReader in, long client, long clock) {
    if (in.readNumber() == client) {
      if (in.readNumber() >= clock) {
        throw new MalformedException("a struct refers to one that comes after it");
      }
    } else {
      in.readNumber();
    }
  }

  /** Passes over the content of an item, and returns its length in clocks. */
  private static long readContent(ByteReader in, int kind) {
    switch (kind) {
      case DELETED -> {
        return in.readNumber();
      }
      case JSON -> {
        long length = in.readNumber();
        for (long left = length; left > 0; left--) {
          String json = in.readText();
          if (!json.equals("undefined")) {
            checkJson(json);
          }
        }
        return length;
      }
      case 3 -> { // binary
        in.skip(in.readNumber());
        return 1;
      }
      case TEXT -> {
        return in.readText().length();
      }
      case 5 -> { // embedded
        checkJson(in.readText());
        return 1;
      }
      case 6 -> { // format
        in.readText();
        checkJson(in.readText());
        return 1;
      }
      case 7 -> { // type
        long type = in.readNumber();
        if (type == 3 || type == 5) {
          in.readText();
        } else if (type > 6) {
          throw new MalformedException("a shared type is of the unknown kind " + type);
        }
        return 1;
      }
      case ANY -> {
        long length = in.readNumber();
        for (long left = length; left > 0; left--) {
          in.skipAny();
        }
        return length;
      }
      case 9 -> { // document
        in.readText();
        in.skipAny();
        return 1;
      }
      default -> throw new MalformedException("a struct is of the unknown kind " + kind);
    }
  }

  static void checkJson(String text) {
    try {
      Json.decodeValue(text);
    } catch (DecodeException e) {
      throw new MalformedException("a text is not JSON");
    }
  }

  long client() {
    return client;
  }

  long clock() {
    return clock;
  }

  /** Returns the clock after the struct. */
  long end() {
    return clock + length;
  }

  boolean isGap() {
    return info == SKIP;
  }

  /** Returns about how many bytes the struct has when it is written. */
  int bytesMax() {
    return to - from + 40;
  }

  /** Returns the rest of this struct from a clock on, which must be inside it. */
  Struct from(long start) {
    if (start <= clock) {
      return this;
    }
    long offset = start - clock;
    if (info == SKIP || info == GARBAGE) {
      return new Struct(client, start, length - offset, info, bytes, from, contentFrom, to);
    }
    ByteWriter out = new ByteWriter();
    int rest = (info & ~HAS_NAME) | HAS_LEFT;
    out.write(rest).number(client).number(start - 1);
    writeRight(out);
    int content = out.length();
    writeContent(out, offset);
    byte[] written = out.bytes();
    return new Struct(client, start, length - offset, rest, written, 0, content, written.length);
  }

  private void writeRight(ByteWriter out) {
    if ((info & HAS_RIGHT) != 0) {
      ByteReader in = new ByteReader(bytes, from + 1);
      if ((info & HAS_LEFT) != 0) {
        in.readNumber();
        in.readNumber();
      }
      out.number(in.readNumber()).number(in.readNumber());
    }
  }

  private void writeContent(ByteWriter out, long offset) {
    ByteReader in = new ByteReader(bytes, contentFrom);
    switch (info & CONTENT) {
      case DELETED -> out.number(length - offset);
      case TEXT -> {
        String text = in.readText().substring((int) offset);
        // Half of a surrogate pair becomes what Yjs makes of it.
        boolean isCut = Character.isLowSurrogate(text.charAt(0));
        out.text(isCut ? '\ufffd' + text.substring(1) : text);
      }
      case JSON, ANY -> {
        in.readNumber();
        for (long left = offset; left > 0; left--) {
          if ((info & CONTENT) == ANY) {
            in.skipAny();
          } else {
            in.readText();
          }
        }
        out.number(length - offset).raw(bytes, in.at(), to);
      }
      default -> throw new IllegalStateException("a struct of one clock cannot be cut");
    }
  }

  /** Returns whether the next struct and this one may be joined, see {@link #join}. */
  boolean isContinuedBy(Struct next) {
    if (next.client != client || next.clock != end()) {
      return false;
    }
    if (info == SKIP || info == GARBAGE) {
      return next.info == info;
    }
    if ((info & CONTENT) != TEXT
        || (next.info & CONTENT) != TEXT
        || (next.info & HAS_LEFT) == 0
        || (info & HAS_RIGHT) != (next.info & HAS_RIGHT)) {
      return false;
    }
    ByteReader in = new ByteReader(next.bytes, next.from + 1);
    return in.readNumber() == client && in.readNumber() == end() - 1 && hasSameRight(next, in.at());
  }

  /** Returns whether the next struct, whose right neighbour is at a place, has the same one. */
  private boolean hasSameRight(Struct next, int rightOfNext) {
    if ((info & HAS_RIGHT) == 0) {
      return true;
    }
    ByteReader in = new ByteReader(bytes, from + 1);
    if ((info & HAS_LEFT) != 0) {
      in.readNumber();
      in.readNumber();
    }
    ByteReader other = new ByteReader(next.bytes, rightOfNext);
    boolean isOfSameClient = in.readNumber() == other.readNumber();
    return isOfSameClient && in.readNumber() == other.readNumber();
  }

  /**
   * Returns one struct that says what several say, each of which continues the one before. Typed
   * characters are such structs: each stands right of the one before, and all have the same right
   * neighbour. Yjs cuts the struct again where something was inserted in between.
   */
  static Struct join(List<Struct> run) {
    Struct first = run.get(0);
    long length = run.get(run.size() - 1).end() - first.clock;
    if (run.size() == 1) {
      return first;
    } else if (first.info == SKIP || first.info == GARBAGE) {
      return new Struct(first.client, first.clock, length, first.info, first.bytes, 0, 0, 0);
    }
    ByteWriter out = new ByteWriter().raw(first.bytes, first.from, first.contentFrom);
    int content = out.length();
    StringBuilder text = new StringBuilder();
    run.forEach(part -> text.append(new ByteReader(part.bytes, part.contentFrom).readText()));
    byte[] written = out.text(text.toString()).bytes();
    return new Struct(
        first.client, first.clock, length, first.info, written, 0, content, written.length);
  }

  void write(ByteWriter out) {
    if (info == SKIP || info == GARBAGE) {
      out.write(info).number(length);
    } else {
      out.raw(bytes, from, to);
    }
  }
}
