package dev.dormouse.server.admin;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sends over a socket what no client library would send, and reads the answer. */
record RawHttp(InetAddress address, int port) {
  private static final int LIMIT_MS = 20_000;
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 ([0-9]{3}) .*", Pattern.DOTALL);

  /** An answer, as it came. */
  record Answer(String text) {
    int status() {
      Matcher matcher = STATUS.matcher(text);
      if (!matcher.matches()) {
        throw new AssertionError("that is no answer: '" + text + "'");
      }
      return Integer.parseInt(matcher.group(1));
    }

    /** Returns the value of a header; empty if it is not there. */
    String header(String name) {
      Matcher matcher =
          Pattern.compile("\r\n(?i:" + Pattern.quote(name) + "): ([^\r]*)\r\n").matcher(text);
      return matcher.find() ? matcher.group(1) : "";
    }

    String body() {
      return text.substring(text.indexOf("\r\n\r\n") + 4);
    }
  }

  /** Sends a request with just these headers and {@code Connection: close}. */
  Answer ask(String line, List<String> headers) {
    return ask(line, headers, "");
  }

  Answer ask(String line, List<String> headers, String body) {
    StringBuilder request = new StringBuilder(line).append(" HTTP/1.1\r\n");
    headers.forEach(header -> request.append(header).append("\r\n"));
    if (headers.stream().noneMatch(header -> header.startsWith("Connection:"))) {
      request.append("Connection: close\r\n");
    }
    if (!body.isEmpty()) {
      request.append("Content-Type: application/x-www-form-urlencoded\r\n");
      request.append("Content-Length: ").append(body.length()).append("\r\n");
    }
    request.append("\r\n").append(body);
    try (Socket socket = new Socket(address, port)) {
      socket.setSoTimeout(LIMIT_MS);
      socket.getOutputStream().write(request.toString().getBytes(StandardCharsets.UTF_8));
      return read(socket.getInputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads an answer, which may end before the stream: after a request to upgrade the connection may
   * stay open.
   */
  private static Answer read(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (!head.toString(StandardCharsets.UTF_8).endsWith("\r\n\r\n")) {
      int next = in.read();
      if (next < 0) {
        throw new AssertionError("the answer ends within its head: '" + head + "'");
      }
      head.write(next);
    }
    String text = head.toString(StandardCharsets.UTF_8);
    String length = new Answer(text).header("Content-Length");
    byte[] body = in.readNBytes(length.isEmpty() ? 0 : Integer.parseInt(length));
    return new Answer(text + new String(body, StandardCharsets.UTF_8));
  }
}
