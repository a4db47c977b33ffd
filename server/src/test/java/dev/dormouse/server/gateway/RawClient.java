package dev.dormouse.server.gateway;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** A client that sends exactly the bytes it is told to, and reads frames. It waits at most 10 s. */
public final class RawClient implements AutoCloseable {
  public static final int CONTINUATION = 0x0;
  public static final int TEXT = 0x1;
  public static final int BINARY = 0x2;
  public static final int CLOSE = 0x8;
  public static final int PING = 0x9;
  public static final int PONG = 0xA;

  /** The key of RFC 6455, section 1.3, and the answer to it. */
  public static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

  public static final String ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

  private static final byte[] MASK = {0x11, (byte) 0xA2, 0x33, (byte) 0xC4};

  /** The socket that carries the bytes: a TLS socket, or {@link #tcp}. */
  private final Socket socket;

  private final Socket tcp;
  private final DataInputStream in;

  public RawClient(int port) {
    this(port, 0);
  }

  /** Connects with a small receive buffer, for a client that reads slowly. */
  public RawClient(int port, int receiveBufferBytes) {
    this(connect("127.0.0.1", port, receiveBufferBytes), null);
  }

  /** Connects from another address of this machine. */
  public RawClient(String from, int port) {
    this(connect(from, port, 0), null);
  }

  private RawClient(Socket tcp, Socket tls) {
    this.tcp = tcp;
    this.socket = tls == null ? tcp : tls;
    try {
      in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Continues in TLS, after the handshake. Bytes that were read ahead are lost, so there should be
   * none.
   */
  public RawClient tls(SSLContext context, String... protocols) {
    try {
      SSLSocket tls =
          (SSLSocket)
              context.getSocketFactory().createSocket(tcp, "localhost", tcp.getPort(), false);
      if (protocols.length > 0) {
        tls.setEnabledProtocols(protocols);
      }
      SSLParameters parameters = tls.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
      tls.setSSLParameters(parameters);
      tls.startHandshake();
      return new RawClient(tcp, tls);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the TLS socket, which knows what was agreed; only for a client that speaks TLS. */
  public SSLSocket tls() {
    return (SSLSocket) socket;
  }

  /** Sends bytes past TLS. */
  public void sendUnencrypted(byte[] bytes) {
    try {
      tcp.getOutputStream().write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Socket connect(String from, int port, int receiveBufferBytes) {
    Socket socket = new Socket();
    try {
      if (receiveBufferBytes > 0) {
        socket.setReceiveBufferSize(receiveBufferBytes);
      }
      socket.bind(new InetSocketAddress(from, 0));
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(10_000);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 10_000);
      return socket;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the head of a good upgrade request, with more headers. */
  public static String upgrade(String path, String... more) {
    return head("GET " + path + " HTTP/1.1", goodHeaders(), more);
  }

  public static List<String> goodHeaders() {
    return List.of(
        "Host: dormouse.test",
        "Connection: keep-alive, Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: " + KEY);
  }

  public static String head(String requestLine, List<String> headers, String... more) {
    List<String> lines = new ArrayList<>();
    lines.add(requestLine);
    lines.addAll(headers);
    lines.addAll(List.of(more));
    return String.join("\r\n", lines) + "\r\n\r\n";
  }

  public RawClient send(String latin1) {
    return send(latin1.getBytes(StandardCharsets.ISO_8859_1));
  }

  public RawClient send(byte[]... parts) {
    try {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (byte[] part : parts) {
        all.writeBytes(part);
      }
      socket.getOutputStream().write(all.toByteArray());
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Upgrades, and reads the 101. */
  public RawClient open(String path, String... more) {
    Answer answer = send(upgrade(path, more)).readAnswer();
    if (answer.status() != 101) {
      throw new AssertionError("not a 101: " + answer);
    }
    return this;
  }

  public RawClient text(String text) {
    return send(frame(TEXT, text));
  }

  public static byte[] frame(int opcode, String payload) {
    return frame(true, opcode, payload.getBytes(StandardCharsets.UTF_8));
  }

  public static byte[] frame(int opcode, byte[] payload) {
    return frame(true, opcode, payload);
  }

  public static byte[] frame(boolean isFinal, int opcode, byte[] payload) {
    return frame((isFinal ? 0x80 : 0) | opcode, true, payload.length, payload);
  }

  /** Returns a frame with this first byte and this declared length. */
  public static byte[] frame(int firstByte, boolean isMasked, long length, byte[] payload) {
    ByteBuffer bytes = ByteBuffer.allocate(14 + payload.length);
    bytes.put((byte) firstByte);
    int mask = isMasked ? 0x80 : 0;
    if (length < 126) {
      bytes.put((byte) (mask | length));
    } else if (length < 1 << 16) {
      bytes.put((byte) (mask | 126)).putShort((short) length);
    } else {
      bytes.put((byte) (mask | 127)).putLong(length);
    }
    if (isMasked) {
      bytes.put(MASK);
    }
    for (int i = 0; i < payload.length; i++) {
      bytes.put((byte) (isMasked ? payload[i] ^ MASK[i % 4] : payload[i]));
    }
    byte[] exact = new byte[bytes.position()];
    bytes.flip().get(exact);
    return exact;
  }

  public static byte[] closeFrame(int code, String reason) {
    return frame(CLOSE, closePayload(code, reason));
  }

  static byte[] closePayload(int code, String reason) {
    byte[] text = reason.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(2 + text.length).putShort((short) code).put(text).array();
  }

  /** A frame from the server. */
  public record Frame(boolean isFinal, int opcode, byte[] payload) {

    public String text() {
      return new String(payload, StandardCharsets.UTF_8);
    }

    /** Returns the close code; 1005 if there is none. */
    public int code() {
      return payload.length < 2 ? 1005 : ByteBuffer.wrap(payload).getShort() & 0xFFFF;
    }

    @Override
    public String toString() {
      return "Frame[" + opcode + ", " + payload.length + " bytes, " + text() + "]";
    }
  }

  public Frame readFrame() {
    return readFrame(0);
  }

  /** Reads a frame that has these reserved bits, in their place in the first byte. */
  public Frame readFrame(int reserved) {
    try {
      int first = in.readUnsignedByte();
      int second = in.readUnsignedByte();
      if ((second & 0x80) != 0 || (first & 0x70) != reserved) {
        throw new AssertionError("a masked frame, or other reserved bits: " + first + " " + second);
      }
      long length = second & 0x7F;
      if (length == 126) {
        length = in.readUnsignedShort();
      } else if (length == 127) {
        length = in.readLong();
      }
      return new Frame((first & 0x80) != 0, first & 0xF, in.readNBytes((int) length));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public String readText() {
    Frame frame = readFrame();
    if (frame.opcode() != TEXT) {
      throw new AssertionError("not text: " + frame);
    }
    return frame.text();
  }

  /** Reads a close frame and returns its code. */
  public int readClose() {
    Frame frame = readFrame();
    if (frame.opcode() != CLOSE) {
      throw new AssertionError("not a close: " + frame);
    }
    return frame.code();
  }

  /** Waits for the end of the TCP connection, whatever comes before it. */
  public void awaitEnd() {
    try {
      while (in.read() >= 0) {}
    } catch (SocketException reset) {
      // A reset counts as the end, too.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns whether the connection has ended already; for a client that is sent nothing. */
  public boolean isAtEnd() {
    try {
      socket.setSoTimeout(1);
      return in.read() < 0;
    } catch (SocketTimeoutException open) {
      return false;
    } catch (IOException reset) {
      return true;
    }
  }

  /** Returns the bytes up to the end of the TCP connection. */
  public byte[] readToEnd() {
    try {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An HTTP answer. */
  public record Answer(int status, List<String> headers, String body) {

    /** Returns the values of a header, in order. */
    public List<String> header(String name) {
      String prefix = name.toLowerCase(java.util.Locale.ROOT) + ":";
      return headers.stream()
          .filter(line -> line.toLowerCase(java.util.Locale.ROOT).startsWith(prefix))
          .map(line -> line.substring(prefix.length()).strip())
          .toList();
    }
  }

  /** Reads an answer, with its body if the answer states the body's length. */
  public Answer readAnswer() {
    try {
      String status = readLine();
      List<String> headers = new ArrayList<>();
      for (String line = readLine(); !line.isEmpty(); line = readLine()) {
        headers.add(line);
      }
      Answer head = new Answer(Integer.parseInt(status.split(" ", -1)[1]), headers, "");
      List<String> length = head.header("Content-Length");
      int bytes = length.isEmpty() ? 0 : Integer.parseInt(length.get(0));
      return new Answer(
          head.status(), headers, new String(in.readNBytes(bytes), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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

  /** Ends the output: nothing more is sent. A client of TLS ends it by TLS alone. */
  public void endOutput() {
    try {
      socket.shutdownOutput();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends the connection abruptly, with a TCP reset. */
  public void reset() {
    try {
      tcp.setSoLinger(true, 0);
      tcp.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
      tcp.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
