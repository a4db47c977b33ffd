package dev.dormouse.sdk;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A client's request to connect (RFC 6455, section 4.2), to be accepted or rejected within its
 * turn. A turn that ends with neither, or by an exception, is answered 500, or as a {@link
 * ResponseException} says, and the client is not connected.
 *
 * <pre>{@code
 * protected void onUpgrade(Upgrade<Member> upgrade) {
 *   var name = upgrade.head().query("name");
 *   if (name.isEmpty()) upgrade.reject(400, "name is missing");
 *   else upgrade.accept(new Member(name.get(), 0), "member").send("welcome");
 * }
 * }</pre>
 *
 * @param <A> the type of the attachment
 */
public interface Upgrade<A extends @Nullable Object> {

  /** Returns the head of the request: method, path, query, headers, remote address and user. */
  RequestHead head();

  /**
   * Returns the subprotocol that the client gets, which is the first that it asked for among {@link
   * ActorOptions#subprotocols}; empty if there is none.
   */
  Optional<String> subprotocol();

  /**
   * Adds a header to the answer 101, such as {@code Set-Cookie}. The server sets the headers of the
   * handshake itself.
   *
   * @throws IllegalArgumentException if name or value hold characters a header cannot
   */
  void addHeader(String name, String value);

  /**
   * Accepts the client without an attachment. This is for actors without attachments ({@code
   * WebSocketActor<Void>}), and for those whose attachments are declared {@code @Nullable}; other
   * actors call {@link #accept(Object, String...)}.
   *
   * @throws IllegalArgumentException if the actor's connections must have an attachment; the
   *     message names its type, and the upgrade is not decided then
   * @throws IllegalStateException if the upgrade was decided already, or its turn is over
   */
  Connection<A> accept();

  /**
   * Accepts the client with an attachment and tags. Messages that this turn sends to the connection
   * leave after the 101, and before any later message.
   *
   * @throws IllegalArgumentException if the attachment is null, and the actor's connections must
   *     have one; the upgrade is not decided then
   * @throws IllegalStateException if the upgrade was decided already, or its turn is over
   * @throws LimitExceededException if there are too many tags, one is too long, or the attachment
   *     is too large; the upgrade is not decided then
   * @throws StoredValueException if the attachment cannot be serialized; the upgrade is not decided
   *     then
   */
  Connection<A> accept(A attachment, String... tags);

  /**
   * Rejects the client with a plain text answer.
   *
   * @param status 300 to 599
   * @throws IllegalStateException if the upgrade was decided already, or its turn is over
   */
  default void reject(int status, String body) {
    reject(HttpResponse.text(status, body));
  }

  /**
   * Rejects the client with an answer of status 300 to 599.
   *
   * @throws IllegalArgumentException if the status is not 300 to 599
   * @throws IllegalStateException if the upgrade was decided already, or its turn is over
   */
  void reject(HttpResponse response);
}
