package dev.dormouse.server.admin.inspector;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the messages of JSON-RPC as the DevTools protocol defines them. Pure functions.
 */
final class Rpc {
  static final int PARSE_ERROR = -32700;
  static final int INVALID_REQUEST = -32600;
  static final int METHOD_NOT_FOUND = -32601;
  static final int INVALID_PARAMS = -32602;
  static final int SESSION_NOT_FOUND = -32001;

  private Rpc() {}

  /** Holds a request of an inspector. */
  record Request(long id, String method, JsonObject params) {

    /**
     * Returns a required parameter.
     *
     * @throws IllegalArgumentException if the parameter is missing, or is no string
     */
    String string(String name) {
      if (params.getValue(name) instanceof String text) {
        return text;
      }
      throw new IllegalArgumentException("Invalid parameters: " + name + ": string value expected");
    }

    /**
     * Checks an optional parameter.
     *
     * @throws IllegalArgumentException if the parameter is present, and is no number
     */
    void numberIfAny(String name) {
      Object value = params.getValue(name);
      if (value != null && !(value instanceof Number)) {
        throw new IllegalArgumentException(
            "Invalid parameters: " + name + ": integer value expected");
      }
    }
  }

  /** Reports a message that is no request, with the answer to it. */
  static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1;

    private final String answer;

    MalformedException(String answer) {
      super(answer, null, false, false);
      this.answer = answer;
    }

    String answer() {
      return answer;
    }
  }

  /**
   * Reads a request.
   *
   * @throws MalformedException if the message is no request
   */
  static Request request(String text) throws MalformedException {
    JsonObject json;
    try {
      json = new JsonObject(text);
    } catch (DecodeException notJson) {
      throw new MalformedException(failure(null, PARSE_ERROR, "JSON: no object can be read"));
    }
    if (!(json.getValue("id") instanceof Integer) && !(json.getValue("id") instanceof Long)) {
      throw new MalformedException(
          failure(null, INVALID_REQUEST, "Message must have integer 'id' property"));
    }
    long id = ((Number) json.getValue("id")).longValue();
    if (!(json.getValue("method") instanceof String method)) {
      throw new MalformedException(
          failure(id, INVALID_REQUEST, "Message must have string 'method' property"));
    }
    if (json.getValue("sessionId") != null) {
      throw new MalformedException(
          failure(id, SESSION_NOT_FOUND, "Session with given id not found."));
    }
    Object params = json.getValue("params");
    if (params != null && !(params instanceof JsonObject)) {
      throw new MalformedException(
          failure(id, INVALID_PARAMS, "Invalid parameters: params: object expected"));
    }
    return new Request(id, method, params instanceof JsonObject given ? given : new JsonObject());
  }

  /** Returns the answer to a request. */
  static String result(Request request, JsonObject result) {
    return new JsonObject().put("id", request.id()).put("result", result).encode();
  }

  /** Returns the error that answers a request which cannot be served. */
  static String error(Request request, int code, String message) {
    return failure(request.id(), code, message);
  }

  private static String failure(@Nullable Long id, int code, String message) {
    JsonObject json = new JsonObject();
    if (id != null) {
      json.put("id", id);
    }
    return json.put("error", new JsonObject().put("code", code).put("message", message)).encode();
  }

  /** Returns an event, which an inspector gets without a request. */
  static String event(String method, JsonObject params) {
    return new JsonObject().put("method", method).put("params", params).encode();
  }
}
