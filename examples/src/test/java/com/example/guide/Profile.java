package com.example.guide;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.WebSocketActor;

/** Keeps a person, whose class has changed since the first release. */
public final class Profile extends WebSocketActor<Void> {
  // tag::migrates
  /** Was {@code FirstProfile.User(String fullName)} in the first release. */
  public record Person(String firstName, String lastName) {}

  static ActorOptions options(ActorOptions options) {
    return options
        .renamed("com.example.guide.FirstProfile$User", Person.class)
        .migrates(
            Person.class,
            old -> {
              String[] names = old.get("fullName", String.class).orElse("").split(" ", 2);
              return new Person(names[0], names.length < 2 ? "" : names[1]);
            });
  }

  // end::migrates

  @Override
  protected void onMessage(Connection<Void> from, String text) {
    from.send(storage().get("person", Person.class).map(Person::lastName).orElse("nobody"));
  }
}
