package dev.dormouse.testkit;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Call;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.OutsideRef;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.gateway.MemoryGateway;
import dev.dormouse.server.gateway.MemorySocket;
import dev.dormouse.server.host.ActorStatus;
import dev.dormouse.server.node.ActorDefinition;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.codec.ValueCodec;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.AssertionFailedError;

/**
 * Runs actors for a test: the host, the sockets and the turns of the real server over a store in
 * memory, with a clock that the test moves. There is no network, no thread and no sleep, so a test
 * takes milliseconds and always does the same.
 *
 * <pre>{@code
 * class ChatTest {
 *   @RegisterExtension
 *   final TestActors actors = TestActors.of("/chat/:key", Chat.class, Chat::new);
 *
 *   @Test
 *   void theRoomKnowsItsMembersAfterACrash() {
 *     TestClient ann = actors.connect("/chat/tea?name=ann");
 *     actors.crash();
 *     ann.expectClosed(1006);
 *   }
 * }
 * }</pre>
 *
 * <p>As an extension of JUnit 5 it begins each test with an empty disk at 2026-01-01T00:00:00Z.
 * Without JUnit, {@link #close} ends it.
 *
 * <p><b>At rest.</b> Each method has everything done that is under way before it returns, on the
 * caller's thread: handlers, commits, messages. Time stands still but in {@link #advance}. A turn
 * that {@linkplain WebSocketActor waits for} a stage stays open until the test completes the stage;
 * what follows is done in the next call of any method, such as {@link TestClient#expect}. A stage
 * that another thread completes is not waited for: the test waits for it, then calls {@link #rest}.
 * A handler that blocks, blocks the test: hand it what it waits for, or give the test a {@code
 * Timeout} of JUnit.
 *
 * <p><b>What is not here:</b> routes and middleware of the application, origins of pages, limits of
 * HTTP connections and of the node, TLS, proxies, compression. {@link TestServer} has them.
 *
 * <p>The thread of the test is the only one that may call methods.
 */
public final class TestActors implements BeforeEachCallback, AfterEachCallback, AutoCloseable {
  private static final int SERVICE_RESTART = 1012;
  private static final int NO_CODE = 1005;
  private static final int TEXT = 1;
  private static final int BINARY = 2;
  private static final int CLOSE = 8;
  private static final int PING = 9;
  private static final int PONG = 10;

  private final List<ActorDefinition> definitions = new ArrayList<>();
  private final List<Throwable> failures = new ArrayList<>();
  private boolean isSleepy;

  private ManualTime time = new ManualTime();
  private Transcript transcript = new Transcript(() -> Duration.ZERO);
  private MemoryDisk disk = new MemoryDisk();
  private StorageFaults faults = new StorageFaults();
  private int clients;

  /** The life of the node that is under way; null before the first use and after the close. */
  private @Nullable MemoryNode node;

  private Runnable listening = () -> {};

  private TestActors() {}

  /**
   * Returns the kit for one type of actor with the default options.
   *
   * @param path where clients reach the actors, as in {@code Dormouse.actor}
   * @throws IllegalArgumentException if the path or the class cannot be used
   */
  public static <T extends WebSocketActor<?>> TestActors of(
      String path, Class<T> type, Supplier<? extends T> factory) {
    return new TestActors().and(path, type, factory);
  }

  /**
   * Returns the kit for one type of actor.
   *
   * @throws IllegalArgumentException if the path or the class cannot be used
   */
  public static <T extends WebSocketActor<?>> TestActors of(
      String path,
      Class<T> type,
      Supplier<? extends T> factory,
      UnaryOperator<ActorOptions> options) {
    return new TestActors().and(path, type, factory, options);
  }

  /** Adds a type of actor with the default options, before the first use. */
  public <T extends WebSocketActor<?>> TestActors and(
      String path, Class<T> type, Supplier<? extends T> factory) {
    return and(path, type, factory, UnaryOperator.identity());
  }

  /**
   * Adds a type of actor, before the first use.
   *
   * @throws IllegalArgumentException if the path or the class cannot be used
   */
  public <T extends WebSocketActor<?>> TestActors and(
      String path,
      Class<T> type,
      Supplier<? extends T> factory,
      UnaryOperator<ActorOptions> options) {
    checkUnused();
    definitions.add(
        ActorDefinition.of(path, type, factory, options.apply(ActorOptions.defaults())));
    return this;
  }

  /**
   * Has every actor hibernate after every event, before the first use. A test that passes with and
   * without this has nothing important in a field; {@link #checkThatSleepChangesNothing} compares
   * the two.
   */
  public TestActors hibernatingAfterEveryEvent() {
    checkUnused();
    isSleepy = true;
    return this;
  }

  private void checkUnused() {
    if (node != null) {
      throw new IllegalStateException("the actors run already; describe them before the first use");
    }
  }

  // The life of the kit.

  /** Begins a test with an empty disk; JUnit calls it. */
  @Override
  public void beforeEach(ExtensionContext context) {
    begin();
  }

  /** Ends a test; JUnit calls it. */
  @Override
  public void afterEach(ExtensionContext context) {
    close();
  }

  private void begin() {
    close();
    time = new ManualTime();
    ManualTime clock = time;
    transcript = new Transcript(clock::passed);
    disk = new MemoryDisk();
    faults = new StorageFaults();
    clients = 0;
    failures.clear();
    Thread test = Thread.currentThread();
    listening =
        Log.listen(
            failure -> {
              boolean isKnown = failures.stream().anyMatch(known -> known == failure);
              if (Thread.currentThread().equals(test) && !isKnown) {
                failures.add(failure);
              }
            });
    start();
  }

  private void start() {
    MemoryNode next =
        new MemoryNode(definitions, disk, faults, time, new Teller(transcript), isSleepy);
    node = next;
    next.start();
  }

  /** Drops everything. The next use begins with an empty disk. */
  @Override
  public void close() {
    listening.run();
    listening = () -> {};
    MemoryNode last = node;
    node = null;
    if (last != null) {
      last.kill();
    }
  }

  private MemoryNode node() {
    if (node == null) {
      begin();
    }
    return Objects.requireNonNull(node);
  }

  // Clients.

  /**
   * Connects a client.
   *
   * @param target the path and the query, escaped as in a URL: {@code /chat/tea?name=ann}
   * @throws AssertionError if the upgrade is refused; the message has the answer
   */
  public TestClient connect(String target) {
    return request(target).connect();
  }

  /**
   * Sends a plain GET to an actor.
   *
   * @throws AssertionError if there is no answer
   */
  public HttpResponse get(String target) {
    return request(target).get();
  }

  /**
   * Begins a request, which can have headers, a user and subprotocols.
   *
   * @param target the path and the query, escaped as in a URL
   */
  public TestRequest request(String target) {
    return new TestRequest(new InMemory(), target);
  }

  /** Sends requests to the node in memory. */
  private final class InMemory implements TestRequest.Sender {
    @Override
    public TestClient connect(TestRequest request) {
      Upgrading upgrade = upgrade(request);
      HttpResponse refusal = upgrade.refusal;
      if (refusal != null) {
        throw fail(
            "%s was refused: %s %s".formatted(upgrade.client, refusal.status(), textOf(refusal)),
            TestClient.path(request.target()));
      }
      if (upgrade.socket == null) {
        throw undecided(upgrade.client, request);
      }
      return upgrade.client;
    }

    @Override
    public HttpResponse refusal(TestRequest request) {
      Upgrading upgrade = upgrade(request);
      HttpResponse refusal = upgrade.refusal;
      if (refusal != null) {
        return refusal;
      }
      if (upgrade.socket == null) {
        throw undecided(upgrade.client, request);
      }
      throw fail(
          upgrade.client + " expected a refusal and is connected",
          TestClient.path(request.target()));
    }

    private AssertionFailedError undecided(TestClient client, TestRequest request) {
      return fail(
          client + " is not connected: its upgrade is not decided yet",
          TestClient.path(request.target()));
    }

    private Upgrading upgrade(TestRequest request) {
      MemoryNode now = node();
      now.rest();
      clients++;
      TestClient client = new TestClient("client " + clients, request.target(), transcript);
      Upgrading upgrade = new Upgrading(client, request.target());
      List<Header> headers = new ArrayList<>(request.headers());
      if (!request.subprotocols().isEmpty()) {
        headers.add(
            new Header("Sec-WebSocket-Protocol", String.join(", ", request.subprotocols())));
      }
      now.gateway.upgrade(
          new MemoryGateway.Request(
              "GET", request.target(), headers, Optional.ofNullable(request.user())),
          upgrade);
      now.rest();
      return upgrade;
    }

    @Override
    public HttpResponse send(TestRequest request, String method, String body) {
      CompletableFuture<HttpResponse> answer = new CompletableFuture<>();
      MemoryNode now = node();
      now.rest();
      now.gateway.request(
          new MemoryGateway.Request(
              method, request.target(), request.headers(), Optional.ofNullable(request.user())),
          body.getBytes(StandardCharsets.UTF_8),
          answer::complete);
      now.rest();
      String path = TestClient.path(request.target());
      if (!answer.isDone()) {
        throw fail("%s %s is not answered yet".formatted(method, request.target()), path);
      }
      HttpResponse response = answer.join();
      transcript.ofClient(
          path,
          method + " " + request.target(),
          response.status() + " " + Transcript.quoted(textOf(response)));
      return response;
    }
  }

  private static String textOf(HttpResponse response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  /** A client on its way to the server, and afterwards its socket. */
  private final class Upgrading implements MemoryGateway.Client, Wire {
    private final TestClient client;
    private final String target;
    private @Nullable MemorySocket socket;
    private @Nullable ConnectionId id;
    private @Nullable HttpResponse refusal;
    private boolean isClosing;

    Upgrading(TestClient client, String target) {
      this.client = client;
      this.target = target;
    }

    @Override
    public void opened(MemorySocket opened, ConnectionId connection, List<Header> headers) {
      socket = opened;
      id = connection;
      client.opened(this, connection, headers);
    }

    @Override
    public void refused(HttpResponse answer) {
      refusal = answer;
      transcript.ofClient(
          TestClient.path(target), client.toString(), "was refused with " + answer.status());
    }

    @Override
    public void frame(int opcode, byte[] payload) {
      MemorySocket open = socket();
      switch (opcode) {
        case TEXT -> client.hear(new String(payload, StandardCharsets.UTF_8));
        case BINARY -> client.hear(payload);
        case PING -> open.send(PONG, payload);
        case CLOSE -> closed(open, payload);
        default -> {}
      }
    }

    private void closed(MemorySocket open, byte[] payload) {
      int code = payload.length < 2 ? NO_CODE : ByteBuffer.wrap(payload).getShort() & 0xFFFF;
      byte[] reason = Arrays.copyOfRange(payload, Math.min(2, payload.length), payload.length);
      client.ended(code, new String(reason, StandardCharsets.UTF_8));
      if (!isClosing) {
        open.send(CLOSE, Arrays.copyOf(payload, Math.min(2, payload.length)));
      }
      open.end();
    }

    @Override
    public void ended() {
      client.ended(1006, "");
    }

    private MemorySocket socket() {
      return Objects.requireNonNull(socket, "the upgrade is not decided yet");
    }

    @Override
    public void send(String text) {
      socket().send(TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void send(byte[] bytes) {
      socket().send(BINARY, bytes.clone());
    }

    @Override
    public void close(int code, String reason) {
      isClosing = true;
      byte[] text = reason.getBytes(StandardCharsets.UTF_8);
      socket()
          .send(
              CLOSE, ByteBuffer.allocate(2 + text.length).putShort((short) code).put(text).array());
    }

    @Override
    public void drop() {
      socket().end();
    }

    @Override
    public void read(boolean isReading) {
      socket().read(isReading);
    }

    @Override
    public void settle() {
      rest();
    }

    @Override
    public boolean await() {
      return false; // at rest nothing more comes
    }

    @Override
    public List<String> tags() {
      return id == null ? List.of() : node().gateway.tags(id);
    }

    @Override
    public String story() {
      return TestActors.this.story(TestClient.path(target));
    }

    @Override
    public void explain(Throwable failed) {
      failures.forEach(failed::addSuppressed);
    }
  }

  private String story(String path) {
    return "what happened at " + path + ":\n" + transcript.of(path);
  }

  private AssertionFailedError fail(String message, String path) {
    AssertionFailedError failed = new AssertionFailedError(message + "\n\n" + story(path));
    failures.forEach(failed::addSuppressed);
    return failed;
  }

  /**
   * Returns a reference to an actor, by which the test calls it as code outside of actors does. The
   * stage of a call is complete when the call returns, unless the actor itself waits for something.
   * The reference outlasts a crash.
   *
   * <pre>{@code
   * Boolean done = actors.actor(Device.class, "d1").ask(new Reboot(true)).toCompletableFuture().join();
   * }</pre>
   *
   * @param type the class of the actor
   * @param key the key of the actor
   * @throws IllegalArgumentException if no actor type is of this class or more than one, or the key
   *     cannot be one
   */
  public <T extends WebSocketActor<?>> OutsideRef<T> actor(Class<T> type, String key) {
    ActorId id = node().host.actor(type, key).id();
    return new OutsideRef<>() {
      @Override
      public ActorId id() {
        return id;
      }

      @Override
      public <R extends @Nullable Object> CompletionStage<R> ask(Call<R> call, Duration deadline) {
        rest();
        CompletionStage<R> answer = node().host.actor(type, key).ask(call, deadline);
        rest();
        return answer;
      }

      @Override
      public CompletionStage<Void> tell(Call<?> call) {
        rest();
        CompletionStage<Void> told = node().host.actor(type, key).tell(call);
        rest();
        return told;
      }
    };
  }

  // Events of the node and its actors.

  /**
   * Does everything that is under way. Other methods do so, too; this one is for stages that the
   * test or another thread has completed.
   */
  public void rest() {
    node().rest();
  }

  /**
   * Has an actor hibernate, as if it had been idle for long enough. Nothing happens if it is not
   * awake.
   *
   * @param path the actor's path, such as {@code /chat/tea}
   * @throws AssertionError if something keeps the actor awake, such as an open turn
   */
  public void hibernate(String path) {
    MemoryNode now = node();
    now.rest();
    ActorId actor = now.gateway.actor(path);
    CompletableFuture<Boolean> dropped = now.host.hibernate(actor);
    now.rest();
    if (!dropped.isDone()) {
      throw fail(
          "actor %s cannot hibernate; it is kept awake by %s"
              .formatted(actor, now.host.status(actor).keptAwakeBy()),
          TestClient.path(path));
    }
  }

  /**
   * Resets an actor, as after a failure: its object is dropped without {@code onHibernate}, its
   * connections stay, and a turn that is open is abandoned.
   *
   * @param path the actor's path
   */
  public void reset(String path) {
    MemoryNode now = node();
    now.rest();
    var unused = now.host.reset(now.gateway.actor(path), "the test asked for it");
    now.rest();
  }

  /**
   * Ends the process as {@code kill -9} does, and starts it again on the same disk. What was
   * committed is there; open turns are gone. All clients lose their connections with 1006, and the
   * actors hear of it in {@code onClose} with the cause {@code PROCESS_DIED}.
   */
  public void crash() {
    MemoryNode last = node();
    last.rest();
    tellAll("the process is killed");
    last.kill();
    start();
  }

  /**
   * Stops the server in good order and starts it again on the same disk. All clients are closed
   * with 1012, and the actors hear of it in {@code onClose} and {@code onHibernate} before the end.
   */
  public void restart() {
    MemoryNode last = node();
    last.rest();
    tellAll("the server is restarted");
    last.stop(SERVICE_RESTART);
    start();
  }

  private void tellAll(String what) {
    for (ActorId actor : List.copyOf(node().known())) {
      transcript.ofActor(pathOf(actor), "server", what);
    }
  }

  /**
   * Lets time pass. Alarms ring at their time, and what is due already rings first, even if no time
   * passes; actors fall asleep when they were idle for long enough, and turns are abandoned at
   * their limit, both within 250 ms of their time. Over more than 17 minutes those two come less
   * exactly, within a four-thousandth of the whole.
   *
   * @param by not negative
   */
  public void advance(Duration by) {
    if (by.isNegative()) {
      throw new IllegalArgumentException("time cannot pass backwards: " + by);
    }
    node().advance(by);
  }

  /** Returns the time by the wall clock of the actors; every test begins at the same time. */
  public Instant now() {
    return time.instant();
  }

  /** Returns the faults of the disk, for this test. */
  public StorageFaults faults() {
    MemoryNode unused = node();
    return faults;
  }

  // Views for the test.

  /**
   * Returns the status of an actor: awake, asleep or inactive, and how often it has woken.
   *
   * @param path the actor's path
   */
  public ActorStatus status(String path) {
    MemoryNode now = node();
    now.rest();
    return now.host.status(now.gateway.actor(path));
  }

  /**
   * Returns what an actor has stored, for people and comparisons: a line for each value, alarm and
   * connection, with its tags and its attachment. It does not wake the actor.
   *
   * @param path the actor's path
   */
  public String stored(String path) {
    MemoryNode now = node();
    now.rest();
    return StoredPicture.of(now, now.gateway.actor(path), codecOf(now.gateway.actor(path).type()));
  }

  private ValueCodec codecOf(String type) {
    return definitions.stream()
        .filter(definition -> definition.name().equals(type))
        .map(ActorDefinition::codec)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("there is no actor type '" + type + "'"));
  }

  /**
   * Returns everything that happened in this test: what clients did and heard, and what became of
   * each turn, a line for each with its time.
   */
  public String transcript() {
    node().rest();
    return transcript.toString();
  }

  /**
   * Returns what clients did and heard in this test, a line for each with its time. Two runs of the
   * same steps have the same transcript, whether actors slept in between or not.
   */
  public String clientTranscript() {
    node().rest();
    return transcript.ofClients();
  }

  /**
   * Returns the exceptions of handlers, and those that the server logged, since the test began, and
   * forgets them.
   */
  public List<Throwable> takeFailures() {
    node().rest();
    List<Throwable> taken = List.copyOf(failures);
    failures.clear();
    return taken;
  }

  /**
   * Runs steps twice, each time from an empty disk, and the second time with every actor
   * hibernating after every event. Compares what clients heard and what is stored in the end.
   *
   * <pre>{@code
   * @Test void sleepChangesNothing() {
   *   actors.checkThatSleepChangesNothing(this::peopleTalk);
   * }
   * }</pre>
   *
   * @param steps use this object, and begin with an empty disk
   * @throws AssertionError if the two runs differ
   */
  public void checkThatSleepChangesNothing(Runnable steps) {
    boolean before = isSleepy;
    try {
      String awake = picture(steps, false);
      String asleep = picture(steps, true);
      if (!awake.equals(asleep)) {
        AssertionFailedError failed =
            new AssertionFailedError(
                "sleep changes something; awake:\n%s\nhibernating after every event:\n%s"
                    .formatted(awake, asleep),
                awake,
                asleep);
        failures.forEach(failed::addSuppressed);
        throw failed;
      }
    } finally {
      isSleepy = before;
      begin();
    }
  }

  private String picture(Runnable steps, boolean sleepy) {
    isSleepy = sleepy;
    begin();
    steps.run();
    MemoryNode now = node();
    now.rest();
    StringBuilder picture = new StringBuilder(transcript.ofClients());
    now.known().stream()
        .sorted((a, b) -> a.toString().compareTo(b.toString()))
        .forEach(
            actor ->
                picture
                    .append("stored by ")
                    .append(actor)
                    .append(":\n")
                    .append(StoredPicture.of(now, actor, codecOf(actor.type()))));
    return picture.toString();
  }

  /**
   * Compares values with the bytes of a golden file, which an earlier version of their classes
   * wrote: the bytes must be readable as today's classes, and be equal to these values. So a change
   * of a stored class that cannot read what is stored already fails a test.
   *
   * <p>The file is text with a line for each value. It is written once, by a run with {@code
   * -Ddormouse.golden.write=true}, and then checked in. A file that exists is never overwritten.
   *
   * @param type the actor class that stores the values
   * @param file the file, from the folder in which tests run
   * @param values the expected values, with {@code equals}, such as records
   * @throws AssertionError if the file is missing, or what it holds is not equal to the values
   */
  public void checkGolden(Class<? extends WebSocketActor<?>> type, String file, Object... values) {
    ValueCodec codec =
        definitions.stream()
            .filter(definition -> definition.actorClass().equals(type))
            .map(ActorDefinition::codec)
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        type.getName() + " is no actor type of this test"));
    GoldenFile.check(codec, file, values);
  }

  private String pathOf(ActorId actor) {
    return pathOf(definitions, actor);
  }

  private static String pathOf(List<ActorDefinition> definitions, ActorId actor) {
    return definitions.stream()
        .filter(definition -> definition.name().equals(actor.type()))
        .map(
            definition ->
                definition.path().replaceFirst(":key\\*?", Matcher.quoteReplacement(actor.key())))
        .findFirst()
        .orElse(actor.toString());
  }

  /** Writes what happens to actors into a transcript. */
  private final class Teller implements DormouseObserver {
    private final Transcript told;

    Teller(Transcript told) {
      this.told = told;
    }

    private void tell(ActorId actor, String what) {
      told.ofActor(pathOf(actor), "actor " + actor, what);
    }

    @Override
    public void actorActivated(ActorActivated activated) {
      tell(activated.actor(), "wakes for " + activated.reason());
    }

    @Override
    public void actorHibernated(ActorHibernated hibernated) {
      tell(hibernated.actor(), "falls asleep");
    }

    @Override
    public void actorReset(ActorReset reset) {
      tell(reset.actor(), "is reset: " + reset.cause());
    }

    @Override
    public void turnEnded(TurnEnded ended) {
      ConnectionId from = ended.connection();
      tell(
          ended.actor(),
          "%s%s: %s"
              .formatted(
                  ended.event(), from == null ? "" : " of connection " + from, ended.outcome()));
    }

    @Override
    public void limitHit(LimitHit hit) {
      if (hit.actor() != null) {
        tell(hit.actor(), "limit " + hit.limit() + ": " + hit.outcome());
      }
    }
  }
}
