package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A client that sends the bytes that it is told to, and reads only when it is told to. */
final class RawClient implements AutoCloseable {
  /** Stands for the code of a close if there was no close frame. */
  static final int NO_CLOSE = -1;

  private final Socket socket = new Socket();
  private final DataInputStream in;

  /** A frame from the server. */
  record Frame(int opcode, byte[] payload) {

    /** Returns the code of a close frame. */
    int code() {
      return payload.length < 2 ? 1005 : ByteBuffer.wrap(payload).getShort() & 0xFFFF;
    }

    String text() {
      return new String(payload, StandardCharsets.UTF_8);
    }
  }

  RawClient(int port) throws IOException {
    this(port, 0);
  }

  /** Connects with a receive buffer of this size, if it is not zero. */
  RawClient(int port, int receiveBufferBytes) throws IOException {
    if (receiveBufferBytes > 0) {
      socket.setReceiveBufferSize(receiveBufferBytes);
    }
    int limitMs = (int) Child.LIMIT.toMillis();
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(limitMs);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), limitMs);
    in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
  }

  /** Returns a good upgrade request, with more headers. */
  static String upgrade(String path, String... headers) {
    String more = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
    return "GET "
        + path
        + " HTTP/1.1\r\nHost: dormouse.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        + more
        + "\r\n";
  }

  static RawClient open(int port, String path, String... headers) throws IOException {
    return new RawClient(port).open(path, headers);
  }

  /** Upgrades the connection to a WebSocket. */
  RawClient open(String path, String... headers) throws IOException {
    send(upgrade(path, headers));
    assertThat(readStatus()).isEqualTo(101);
    return this;
  }

  void send(String latin1) throws IOException {
    send(latin1.getBytes(StandardCharsets.ISO_8859_1));
  }

  void send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  /** Reads the head of an answer; its status. */
  int readStatus() throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int c = in.read();
      if (c < 0) {
        throw new EOFException("after '" + head + "'");
      }
      head.append((char) c);
    }
    return Integer.parseInt(head.toString().split(" ", 3)[1]);
  }

  Frame read() throws IOException {
    int first = in.readUnsignedByte();
    long length = in.readUnsignedByte();
    if (length == 126) {
      length = in.readUnsignedShort();
    } else if (length == 127) {
      length = in.readLong();
    }
    return new Frame(first & 0xF, in.readNBytes((int) length));
  }

  /** Sends a text, and reads the next frame, which must be a text. */
  String ask(String text) throws IOException {
    send(Frames.text(text));
    Frame answer = read();
    assertThat(answer.opcode()).isEqualTo(Frames.TEXT);
    return answer.text();
  }

  /** Passes over all frames until a close frame or the end of the connection. */
  int readClose() throws IOException {
    try {
      while (true) {
        Frame frame = read();
        if (frame.opcode() == Frames.CLOSE) {
          return frame.code();
        }
      }
    } catch (EOFException | SocketException end) {
      return NO_CLOSE;
    }
  }

  /** Waits for the end of the connection, whatever comes before it. */
  void awaitEnd() throws IOException {
    try {
      in.skip(Long.MAX_VALUE);
      while (in.read() >= 0) {}
    } catch (SocketException reset) {
      // The end, too.
    }
  }

  /** Ends the connection abruptly, with a TCP reset. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  void endOutput() throws IOException {
    socket.shutdownOutput();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
