package com.example.guide;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.StorageKey;
import dev.dormouse.sdk.WebSocketActor;
import java.time.Instant;
import java.util.stream.Collectors;

/** A notebook that keeps the last notes, and shows them over plain HTTP. */
public final class Notes extends WebSocketActor<Void> {
  private static final int KEPT = 3;

  // tag::storage
  public record Note(long number, String text, Instant at) {}

  private static final StorageKey<Long> COUNT = StorageKey.of("count", Long.class);
  private static final StorageKey<Note> NOTE = StorageKey.of("note/", Note.class);

  @Override
  protected void onMessage(Connection<Void> from, String text) {
    long number = storage().increment(COUNT, 1);
    storage().put(note(number), new Note(number, text, now()));
    storage().delete(note(number - KEPT)); // all three writes are one commit
    from.send("kept as " + number);
  }

  private static StorageKey<Note> note(long number) {
    return NOTE.at("%016x".formatted(number)); // keys are in the order of their bytes
  }

  // end::storage

  // tag::request
  @Override
  protected HttpResponse onRequest(HttpRequest request) {
    KeyRange newestFirst = KeyRange.prefix(NOTE.name()).reversed().limit(KEPT);
    return HttpResponse.text(
        200,
        storage().list(newestFirst, Note.class).stream()
            .map(entry -> entry.value().text())
            .collect(Collectors.joining("\n")));
  }
  // end::request
}
