package dev.dormouse.examples;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A client that says from which of the machine's addresses it comes. Its messages are short. */
final class PlainClient implements AutoCloseable {
  private static final byte[] MASK = {1, 2, 3, 4};

  private final Socket socket = new Socket();
  private final DataInputStream in;

  PlainClient(String from, int port) throws IOException {
    socket.setSoTimeout((int) Child.LIMIT.toMillis());
    socket.bind(new InetSocketAddress(InetAddress.getByName(from), 0));
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    in = new DataInputStream(socket.getInputStream());
  }

  /** Asks for an upgrade, with more headers, and returns the status. Any body is read. */
  int upgrade(String path, String... headers) throws IOException {
    String request =
        """
        GET %s HTTP/1.1
        Host: chat.example.org
        Connection: Upgrade
        Upgrade: websocket
        Sec-WebSocket-Version: 13
        Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==
        %s

        """
            .formatted(path, String.join("\n", headers))
            .replace("\n\n\n", "\n\n")
            .replace("\n", "\r\n");
    return statusOf(request);
  }

  /** Asks for a page on the connection, which is kept, and returns the status. */
  int ask(String method, String path) throws IOException {
    return statusOf(
        "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n".formatted(method, path));
  }

  private int statusOf(String request) throws IOException {
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    int status = Integer.parseInt(readLine().split(" ", 3)[1]);
    int length = 0;
    for (String line = readLine(); !line.isEmpty(); line = readLine()) {
      if (line.regionMatches(true, 0, "Content-Length:", 0, 15)) {
        length = Integer.parseInt(line.substring(15).strip());
      }
    }
    in.readNBytes(length);
    return status;
  }

  private String readLine() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("after '" + line + "'");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  /** Sends a text of at most 125 bytes, and reads one. */
  String ask(String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    frame.write(0x81);
    frame.write(0x80 | bytes.length);
    frame.writeBytes(MASK);
    for (int i = 0; i < bytes.length; i++) {
      frame.write(bytes[i] ^ MASK[i % MASK.length]);
    }
    socket.getOutputStream().write(frame.toByteArray());
    int first = in.readUnsignedByte();
    if (first != 0x81) {
      throw new AssertionError("a frame begins with " + first);
    }
    return new String(in.readNBytes(in.readUnsignedByte()), StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
