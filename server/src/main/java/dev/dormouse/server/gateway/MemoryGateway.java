package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.User;
import dev.dormouse.server.gateway.edge.OriginPolicy;
import dev.dormouse.server.gateway.edge.Target;
import dev.dormouse.server.gateway.http.AccessCheck;
import dev.dormouse.server.gateway.http.ActorRoute;
import dev.dormouse.server.gateway.http.HttpAnswers;
import dev.dormouse.server.gateway.http.IncomingRequest;
import dev.dormouse.server.gateway.limits.Admission;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.Refusal;
import dev.dormouse.server.gateway.limits.Tally;
import dev.dormouse.server.gateway.owner.OwnerLinks;
import dev.dormouse.server.gateway.socket.ClientSocket;
import dev.dormouse.server.gateway.socket.LoopQueues;
import dev.dormouse.server.gateway.socket.SocketParts;
import dev.dormouse.server.gateway.upgrade.Handshake;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.vertx.core.MultiMap;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A gateway without network, for tests of actors. The frames of a client, which is an object in the
 * same process, go through the sockets of the real gateway: the same limits, automatic replies,
 * fan-out, policies for slow clients, pings and close codes. What is done by an HTTP server there
 * is done here in few lines: paths, upgrades, access rules and plain requests. Routes of the
 * application, origins of pages and hosts, limits of HTTP connections, TLS, proxies and compression
 * are not here.
 *
 * <p>It has no thread. Nothing happens but in calls of its methods, by one thread, and all that is
 * under way is done in {@link #run}. Only releases of a host may come from elsewhere.
 */
public final class MemoryGateway implements Transport.GatewayEnd {
  /** The address that clients seem to come from. */
  private static final String ADDRESS = "127.0.0.1";

  private static final String HOST = "localhost";
  private static final int PARAMETERS_MAX = 1_000;

  /** The client of an upgrade. Its methods are called from {@link #run}, or from the request. */
  public interface Client {
    /** Hears that the upgrade was accepted, before any frame comes. */
    void opened(MemorySocket socket, ConnectionId id, List<Header> headers);

    /** Hears that the upgrade got another answer than a 101. */
    void refused(HttpResponse answer);

    /** Hears of a frame, with an opcode of RFC 6455, section 5.2. */
    void frame(int opcode, byte[] payload);

    /** Hears that the TCP connection has ended; it is the last call. */
    void ended();
  }

  /**
   * A request, as its client sends it.
   *
   * @param method the method, such as GET
   * @param target the path and the query, escaped
   * @param headers the headers, without those that {@link #upgrade} adds
   * @param user the identity that middleware would have established
   */
  public record Request(String method, String target, List<Header> headers, Optional<User> user) {}

  /** A request at the route of an actor type. */
  private record Routed(ActorRoute route, ActorId actor, RequestHead head) {}

  /** An upgrade or a request that waits for the access rule or for the host. */
  private record Asked(
      Routed routed,
      Handshake.@Nullable Valid handshake,
      @Nullable Client client,
      Consumer<HttpResponse> refuse,
      HttpResponse overdue,
      long untilNs) {}

  private final List<ActorRoute> routes;
  private final Time time;
  private final long run;
  private final SocketParts parts;
  private final OwnerLinks links;
  private final LoopQueues loops = new LoopQueues(true);
  private final Releases releases;
  private final AccessCheck access;
  private final OriginPolicy origins;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final List<MemorySocket> sockets = new ArrayList<>();

  /** The upgrades and requests that are not answered, by the value of their number. */
  private final Map<Long, Asked> asked = new LinkedHashMap<>();

  private long numbers;

  /** The close of every socket, once the gateway stops; null before. */
  private @Nullable CloseReason stopped;

  /**
   * Creates a gateway without sockets.
   *
   * @param run the number of this run of the node, which is part of every connection's id
   */
  public MemoryGateway(
      GatewayOptions options,
      List<ActorRoute> routes,
      Transport transport,
      Time time,
      long run,
      Observers observers) {
    this.routes = List.copyOf(routes);
    this.time = time;
    this.run = run;
    Tally tally = new Tally(options, time, observers);
    this.links = new OwnerLinks(Placement.fixed(new Owner("", run)), transport, time);
    this.parts = new SocketParts(tally, links);
    this.releases = new Releases(parts, loops, new Answers());
    this.access = new AccessCheck(time, options.handshake());
    this.origins = new OriginPolicy(options.allowedOrigins(), options.hosts());
    links.begin(releases);
  }

  @Override
  public void accept(FromHost record) {
    links.accept(record);
  }

  /** Asks for an upgrade, with the headers of RFC 6455 and those of the request. */
  public void upgrade(Request request, Client client) {
    List<Header> headers = new ArrayList<>();
    headers.add(new Header("Upgrade", "websocket"));
    headers.add(new Header("Connection", "Upgrade"));
    headers.add(new Header("Sec-WebSocket-Version", "13"));
    headers.add(new Header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="));
    headers.addAll(request.headers());
    Routed routed =
        routed(
            new Request(request.method(), request.target(), headers, request.user()),
            client::refused);
    if (routed == null) {
      return;
    }
    Target target = new Target(true, false, HOST, true);
    Handshake.of(routed.head, target, origins, routed.route.options())
        .tell(
            new Handshake.Asker() {
              @Override
              public void plain() {
                throw new AssertionError("the head asks for an upgrade");
              }

              @Override
              public void valid(Handshake.Valid handshake) {
                admit(routed, handshake, client);
              }

              @Override
              public void refused(HttpResponse answer) {
                client.refused(answer);
              }
            });
  }

  private void admit(Routed routed, Handshake.Valid handshake, Client client) {
    if (stopped != null) {
      client.refused(HttpAnswers.to(Refusal.STOPPING));
      return;
    }
    long number = nextNumber();
    Asked upgrade =
        new Asked(
            routed,
            handshake,
            client,
            client::refused,
            HttpAnswers.to(Refusal.OVERDUE),
            deadline(parts.tally().options().handshake()));
    asked.put(number, upgrade);
    ask(
        number,
        upgrade,
        () ->
            links.send(
                new ToHost.Open(
                    routed.actor, new ConnectionId(number), routed.head, handshake.subprotocol())));
  }

  /**
   * Sends a plain request.
   *
   * @param body the body, which must not change afterwards
   * @param answer is called once with the answer, in this call or from {@link #run}
   */
  public void request(Request request, byte[] body, Consumer<HttpResponse> answer) {
    Routed routed = routed(request, answer);
    if (routed == null) {
      return;
    }
    if (!routed.route.handled().requests()) {
      answer.accept(Handshake.upgradeRequired(routed.head));
      return;
    }
    if (body.length > HttpRequest.BODY_BYTES_MAX) {
      answer.accept(
          HttpResponse.text(413, "a body has at most " + HttpRequest.BODY_BYTES_MAX + " bytes"));
      return;
    }
    long number = nextNumber();
    Asked plain =
        new Asked(
            routed,
            null,
            null,
            answer,
            HttpResponse.text(504, "the actor did not answer in time"),
            deadline(parts.tally().options().request()));
    asked.put(number, plain);
    ask(
        number,
        plain,
        () -> links.send(new ToHost.Request(routed.actor, number, routed.head, body)));
  }

  private long nextNumber() {
    return ConnectionId.of(run, ++numbers).value();
  }

  private long deadline(Duration within) {
    return time.nowNs() + within.toNanos();
  }

  /** Asks the access rule of an actor type, and then the host. */
  private void ask(long number, Asked what, Runnable askHost) {
    Routed routed = what.routed;
    AccessCheck.Asker asker =
        new AccessCheck.Asker() {
          @Override
          public void granted() {
            if (asked.containsKey(number)) {
              askHost.run();
            }
          }

          @Override
          public void denied(Refusal why, HttpResponse response) {
            if (asked.remove(number) != null) {
              what.refuse.accept(response);
            }
          }
        };
    access.ask(
        routed.actor,
        routed.head,
        routed.route.options().access(),
        asker,
        later -> access.tell(routed.actor, later, onRun(asker)));
  }

  /** Returns an asker that may be called by any thread, and answers in {@link #run}. */
  private AccessCheck.Asker onRun(AccessCheck.Asker asker) {
    return new AccessCheck.Asker() {
      @Override
      public void granted() {
        tasks.add(asker::granted);
      }

      @Override
      public void denied(Refusal why, HttpResponse response) {
        tasks.add(() -> asker.denied(why, response));
      }
    };
  }

  // Paths.

  /**
   * Returns the actor that a path leads to; a query behind it is passed over.
   *
   * @throws IllegalArgumentException if the path leads to no actor; the message has the routes
   */
  public ActorId actor(String target) {
    String path = pathOf(target);
    for (ActorRoute route : routes) {
      String key = keyOf(route.path(), path);
      if (key != null) {
        return new ActorId(route.type(), key);
      }
    }
    throw new IllegalArgumentException(
        "the path '%s' leads to no actor; the paths are %s"
            .formatted(path, routes.stream().map(ActorRoute::path).toList()));
  }

  private static String pathOf(String target) {
    int mark = target.indexOf('?');
    return mark < 0 ? target : target.substring(0, mark);
  }

  /** Finds the route of a request, or answers the request and returns null. */
  private @Nullable Routed routed(Request request, Consumer<HttpResponse> refuse) {
    try {
      String path = pathOf(request.target());
      IncomingRequest.checkPath(path);
      RequestHead head =
          new RequestHead(
              request.method(),
              path,
              query(request.target()),
              withHost(request.headers()),
              ADDRESS,
              request.user());
      for (ActorRoute route : routes) {
        String key = keyOf(route.path(), path);
        if (key != null) {
          return new Routed(route, new ActorId(route.type(), key), head);
        }
      }
      refuse.accept(HttpResponse.text(404, "Resource not found"));
    } catch (IllegalArgumentException malformed) {
      refuse.accept(HttpResponse.text(400, String.valueOf(malformed.getMessage())));
    }
    return null;
  }

  private static List<Header> withHost(List<Header> headers) {
    List<Header> all = new ArrayList<>();
    all.add(new Header("Host", HOST));
    all.addAll(headers);
    return all;
  }

  private static Map<String, List<String>> query(String target) {
    MultiMap parameters = MultiMap.caseInsensitiveMultiMap();
    try {
      new QueryStringDecoder(target, StandardCharsets.UTF_8, true, PARAMETERS_MAX, true)
          .parameters()
          .forEach((name, values) -> parameters.add(name, values));
    } catch (IllegalArgumentException malformed) {
      throw new IllegalArgumentException("the query is malformed", malformed);
    }
    return IncomingRequest.query(parameters);
  }

  /**
   * Returns the key of the actor that a path leads to, decoded; null if the path is not of the
   * route.
   */
  private static @Nullable String keyOf(String route, String path) {
    boolean isRest = route.endsWith("/:key*");
    String[] wanted = isRest ? route.split("/", -1) : parts(route);
    String[] found = isRest ? path.split("/", wanted.length) : parts(path);
    if (wanted.length != found.length) {
      return null;
    }
    String key = null;
    for (int i = 0; i < wanted.length; i++) {
      boolean isParameter = wanted[i].startsWith(":") && !found[i].isEmpty();
      if (!isParameter && !wanted[i].equals(found[i])) {
        return null;
      }
      if (wanted[i].equals(":key") || wanted[i].equals(":key*")) {
        key = QueryStringDecoder.decodeComponent(found[i].replace("+", "%2B"));
      }
    }
    return key;
  }

  private static String[] parts(String path) {
    boolean isEnded = path.length() > 1 && path.endsWith("/");
    String ended = isEnded ? path.substring(0, path.length() - 1) : path;
    return ended.split("/", -1);
  }

  // Answers of the host.

  /** Carries out the host's answers to upgrades and requests. */
  private final class Answers implements Releases.Waiting {
    @Override
    public void accepted(ActorId actor, ToGateway.Accepted accepted, LoopQueues.Steps steps) {
      Asked upgrade = asked.remove(accepted.connection().value());
      if (upgrade == null || upgrade.client == null || upgrade.handshake == null) {
        CloseReason lost = CloseReason.abnormal(Cause.CONNECTION_LOST);
        links.send(new ToHost.Closed(actor, accepted.connection(), lost));
        return;
      }
      open(upgrade.routed, upgrade.handshake, upgrade.client, accepted, steps);
    }

    @Override
    public void rejected(ToGateway.Rejected rejected) {
      answer(rejected.connection().value(), rejected.response());
    }

    @Override
    public void responded(ToGateway.Responded responded) {
      answer(responded.request(), responded.response());
    }

    private void answer(long number, HttpResponse response) {
      Asked waiting = asked.remove(number);
      if (waiting != null) {
        waiting.refuse.accept(sendable(response));
      }
    }

    @Override
    public long firstNew() {
      return numbers + 1;
    }

    @Override
    public void attached(int group, Owner owner) {}
  }

  private static HttpResponse sendable(HttpResponse response) {
    List<Header> headers =
        response.headers().stream().filter(h -> HttpAnswers.isOfAnswer(h.name())).toList();
    return HttpResponse.of(response.status(), headers, response.body());
  }

  private void open(
      Routed routed,
      Handshake.Valid handshake,
      Client client,
      ToGateway.Accepted accepted,
      LoopQueues.Steps steps) {
    MemorySocket line = new MemorySocket(client, time);
    parts
        .tally()
        .admission()
        .admit(null, time.nowNs())
        .tell(
            seat -> open(routed, handshake, client, accepted, steps, line, seat),
            why -> {
              throw new AssertionError("a gateway without limits of connections refuses " + why);
            });
  }

  private void open(
      Routed routed,
      Handshake.Valid handshake,
      Client client,
      ToGateway.Accepted accepted,
      LoopQueues.Steps steps,
      MemorySocket line,
      Admission.Place seat) {
    ClientSocket socket =
        new ClientSocket(
            parts,
            routed.route.options(),
            routed.route.handled(),
            routed.actor,
            accepted.connection(),
            line.channel().eventLoop(),
            null,
            accepted.tags(),
            seat);
    parts.groups().add(socket);
    sockets.add(line);
    List<Header> headers = new ArrayList<>();
    accepted.headers().stream()
        .filter(header -> HttpAnswers.isOfAnswer(header.name()))
        .forEach(headers::add);
    if (handshake.subprotocol() != null) {
      headers.add(new Header("Sec-WebSocket-Protocol", handshake.subprotocol()));
    }
    steps.add(
        socket,
        opening -> {
          line.channel().pipeline().addLast(socket.frames, socket);
          var unused = socket.takes(null);
          client.opened(line, accepted.connection(), headers);
          socket.opened();
        });
    CloseReason reason = stopped;
    if (reason != null) {
      steps.add(socket, late -> late.close(reason));
    }
  }

  /** Returns the tags of an open connection; empty if it is not open. */
  public List<String> tags(ConnectionId connection) {
    ClientSocket socket = parts.groups().get(0, connection);
    return socket == null ? List.of() : socket.tags();
  }

  /**
   * Does what is due and under way, once: deadlines, timers of sockets, frames to clients.
   *
   * @return whether there was anything to do
   */
  public boolean run() {
    boolean hasMoved = false;
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      hasMoved = true;
      task.run();
    }
    long nowNs = time.nowNs();
    for (Map.Entry<Long, Asked> each : List.copyOf(asked.entrySet())) {
      if (nowNs - each.getValue().untilNs >= 0 && asked.remove(each.getKey()) != null) {
        hasMoved = true;
        each.getValue().refuse.accept(each.getValue().overdue);
      }
    }
    for (MemorySocket socket : List.copyOf(sockets)) {
      hasMoved |= socket.run();
    }
    sockets.removeIf(MemorySocket::isOver);
    return hasMoved;
  }

  /** Closes every socket with a code, as a stop in good order does; upgrades are refused. */
  public void shutdown(int code) {
    CloseReason reason = new CloseReason(code, "", Cause.SHUTDOWN);
    stopped = reason;
    parts.groups().all().forEach(socket -> socket.close(reason));
  }

  /** Ends every TCP connection, and drops what is not answered, as the end of a process does. */
  public void kill() {
    asked.clear();
    tasks.clear();
    for (MemorySocket socket : List.copyOf(sockets)) {
      socket.end();
      socket.run();
    }
    sockets.clear();
  }
}
