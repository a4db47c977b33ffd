package com.example.guide;

import dev.dormouse.json.JsonActor;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A table whose guests talk in records. */
// tag::messages
public final class Table extends JsonActor<Table.Guest, Table.In, Table.Out> {
  public record Guest(String name) {}

  public sealed interface In {} // from clients

  public record Say(String text) implements In {} // {"type":"Say","text":"hello"}

  public record Rename(String name) implements In {}

  public record WhoIsHere() implements In {}

  public sealed interface Out {} // to clients

  public record Said(String by, String text, Instant at) implements Out {}

  public record Here(List<String> names) implements Out {}

  // end::messages

  @Override
  protected void onUpgrade(Upgrade<Guest> upgrade) {
    upgrade.accept(new Guest(upgrade.head().query("name").orElse("guest")), "guest");
  }

  // tag::handle
  @Override
  protected void onMessage(Connection<Guest> from, In message) {
    if (message instanceof Say say) {
      broadcast(new Said(from.attachment().name(), say.text(), now())); // written once for all
    } else if (message instanceof Rename rename) {
      from.attach(new Guest(rename.name()));
      broadcast(connections().tagged("guest").except(from), here()); // to a part of them
      send(from, here()); // to one
    }
  }

  // end::handle

  // tag::question
  @Override
  protected @Nullable Out onQuestion(Connection<Guest> from, In question) throws Exception {
    return question instanceof WhoIsHere ? here() : super.onQuestion(from, question);
  }

  // end::question

  // tag::here
  private Here here() {
    return new Here(connections().attachments().stream().map(Guest::name).toList());
  }
  // end::here
}
