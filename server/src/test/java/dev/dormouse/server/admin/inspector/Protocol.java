package dev.dormouse.server.admin.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Knows the shape of events from {@code protocol.json}. */
final class Protocol {
  private static final JsonObject TEXT = read();

  private Protocol() {}

  private static JsonObject read() {
    try (InputStream in = Protocol.class.getResourceAsStream("protocol.json")) {
      return new JsonObject(new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8));
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Returns the event in a message, which must be as described. */
  static JsonObject event(String message) {
    JsonObject json = new JsonObject(message);
    assertThat(json.fieldNames()).containsExactlyInAnyOrder("method", "params");
    String[] name = json.getString("method").split("\\.");
    JsonObject described = named(domain(name[0]).getJsonArray("events"), "name", name[1]);
    check(message, name[0], described.getJsonArray("parameters"), json.getJsonObject("params"));
    return json;
  }

  /** Returns the names of all events of a domain. */
  static List<String> events(String domain) {
    return domain(domain).getJsonArray("events").stream()
        .map(event -> domain + "." + ((JsonObject) event).getString("name"))
        .toList();
  }

  private static void check(String where, String domain, JsonArray described, JsonObject object) {
    Set<String> left = new HashSet<>(object.fieldNames());
    for (Object each : described) {
      JsonObject property = (JsonObject) each;
      String name = property.getString("name");
      if (left.remove(name)) {
        checkType(where, domain, property, object.getValue(name));
      } else {
        assertThat(property.getBoolean("optional", false)).as(name + " of " + where).isTrue();
      }
    }
    assertThat(left).as(where).isEmpty();
  }

  private static void checkType(String where, String domain, JsonObject type, Object value) {
    String reference = type.getString("$ref");
    if (reference != null) {
      String[] parts = reference.split("\\.");
      String of = parts.length == 2 ? parts[0] : domain;
      JsonObject referred = named(domain(of).getJsonArray("types"), "id", parts[parts.length - 1]);
      checkType(where, of, referred, value);
      return;
    }
    switch (type.getString("type")) {
      case "string" -> assertThat(value).as(where).isInstanceOf(String.class);
      case "boolean" -> assertThat(value).as(where).isInstanceOf(Boolean.class);
      case "integer" -> assertThat(value).as(where).isInstanceOfAny(Integer.class, Long.class);
      case "number" -> assertThat(value).as(where).isInstanceOf(Number.class);
      case "object" -> {
        assertThat(value).as(where).isInstanceOf(JsonObject.class);
        if (type.containsKey("properties")) {
          check(where, domain, type.getJsonArray("properties"), (JsonObject) value);
        }
      }
      default -> throw new AssertionError(type.encode());
    }
    if (type.containsKey("enum")) {
      assertThat(type.getJsonArray("enum").contains(value)).as(value + " in " + where).isTrue();
    }
  }

  private static JsonObject domain(String name) {
    return named(TEXT.getJsonArray("domains"), "domain", name);
  }

  private static JsonObject named(JsonArray all, String field, String name) {
    return all.stream()
        .map(JsonObject.class::cast)
        .filter(each -> name.equals(each.getString(field)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("nothing is named " + name));
  }
}
