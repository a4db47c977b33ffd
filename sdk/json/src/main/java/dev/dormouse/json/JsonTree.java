package dev.dormouse.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import dev.dormouse.sdk.MessageRefusedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Parses the text of one object of JSON into maps, lists, strings, {@link Digits}, booleans and
 * nulls. The limits bound what a hostile text costs: about 100 bytes of heap for each of its
 * values. A number is kept as its digits, so that none is computed before its type is known.
 */
final class JsonTree {
  /** The most values, names and brackets of a message. */
  static final int TOKENS_MAX = 100_000;

  /** The most characters of a number. */
  static final int NUMBER_CHARS_MAX = 100;

  /** The most characters of the name of a field. */
  static final int NAME_CHARS_MAX = 256;

  /** A number as it was written. */
  record Digits(String text) {}

  /** Makes parsers and generators. Names are not interned: clients could fill such a table. */
  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxTokenCount(TOKENS_MAX)
                  .maxNumberLength(NUMBER_CHARS_MAX)
                  .maxNameLength(NAME_CHARS_MAX)
                  .maxNestingDepth(JsonRules.DEPTH_CEILING + 1)
                  .maxStringLength(Integer.MAX_VALUE) // a message has a limit of its own
                  .build())
          .recyclerPool(JsonRecyclerPools.newConcurrentDequePool())
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .build();

  private final JsonParser parser;
  private final int depthMax;

  private JsonTree(JsonParser parser, int depthMax) {
    this.parser = parser;
    this.depthMax = depthMax;
  }

  /**
   * Parses an object of JSON.
   *
   * @throws MessageRefusedException if the text is anything else, or over a limit
   */
  static Map<String, @Nullable Object> parse(String text, int depthMax) {
    try (JsonParser parser = FACTORY.createParser(text)) {
      JsonTree tree = new JsonTree(parser, depthMax);
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw malformed("the message is not an object of JSON; send one such as {\"type\":…}");
      }
      Map<String, @Nullable Object> object = tree.object(1);
      if (parser.nextToken() != null) {
        throw malformed("the message goes on after its object; send one object for each message");
      }
      return object;
    } catch (StreamConstraintsException e) {
      throw malformed(
          ("the message has more than 100,000 values, a number of more than %s characters, or a"
                  + " name of more than %s; send a smaller message")
              .formatted(NUMBER_CHARS_MAX, NAME_CHARS_MAX));
    } catch (JsonProcessingException e) {
      long place = e.getLocation() == null ? -1 : e.getLocation().getCharOffset();
      throw malformed(
          "the message is not JSON%s; send one object of JSON"
              .formatted(place < 0 ? "" : ": see its character " + place));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a string is read without failures
    }
  }

  private static MessageRefusedException malformed(String message) {
    return new MessageRefusedException(JsonCodec.MALFORMED, message, null);
  }

  private Map<String, @Nullable Object> object(int depth) throws IOException {
    checkDepth(depth);
    Map<String, @Nullable Object> object = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      boolean isRepeated = object.containsKey(name);
      object.put(name, value(depth));
      if (isRepeated) {
        throw malformed(
            "the message has the field " + Excerpt.quoted(name) + " twice; send it once");
      }
    }
    return object;
  }

  private List<@Nullable Object> list(int depth) throws IOException {
    checkDepth(depth);
    List<@Nullable Object> list = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      list.add(value(depth));
    }
    return list;
  }

  private void checkDepth(int depth) {
    if (depth > depthMax) {
      throw new MessageRefusedException(
          JsonCodec.TOO_DEEP,
          "the message is nested deeper than %s; send a flatter one".formatted(depthMax),
          null);
    }
  }

  private @Nullable Object value(int depth) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(depth + 1);
      case START_ARRAY -> list(depth + 1);
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Digits(parser.getText());
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      case NOT_AVAILABLE, END_OBJECT, END_ARRAY, FIELD_NAME, VALUE_EMBEDDED_OBJECT ->
          throw new AssertionError("no value begins with " + parser.currentToken());
    };
  }
}
