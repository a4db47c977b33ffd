package dev.dormouse.server.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Holds the contents of the certificate's files at one moment; two objects are equal if nothing
 * changed.
 *
 * @param files the contents in order; empty if a file cannot be read
 * @param fault the reason why a file cannot be read; null if all can
 * @param isPassing whether the fault may pass by itself, such as a want of file handles
 */
record Contents(List<ByteBuffer> files, @Nullable String fault, boolean isPassing) {
  /** The most bytes of a file. */
  static final int BYTES_MAX = 1 << 20;

  static Contents read(List<Path> paths) {
    List<ByteBuffer> files = new ArrayList<>();
    for (Path path : paths) {
      try (InputStream in = Files.newInputStream(path)) {
        byte[] bytes = in.readNBytes(BYTES_MAX + 1);
        if (bytes.length > BYTES_MAX) {
          return new Contents(List.of(), path + " has more than " + BYTES_MAX + " bytes", false);
        }
        files.add(ByteBuffer.wrap(bytes));
      } catch (NoSuchFileException e) {
        return new Contents(List.of(), "there is no file " + path, false);
      } catch (IOException e) {
        return new Contents(List.of(), path + " cannot be read: " + e.getMessage(), true);
      }
    }
    return new Contents(files, null, false);
  }

  byte[] bytes(int file) {
    return files.get(file).array();
  }
}
