package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.ActorRef;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Alarms;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.ConnectionFailedException;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Connections;
import dev.dormouse.sdk.Delivery;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.Storage;
import dev.dormouse.sdk.StoredValueException;
import dev.dormouse.sdk.TurnStateException;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.sdk.spi.ActorContext;
import dev.dormouse.sdk.spi.ActorInvoker;
import dev.dormouse.server.host.alarm.RunningTime;
import dev.dormouse.server.host.rows.ActorRows;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.observe.LogLabels;
import dev.dormouse.server.protocol.HeapCost;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.TellId;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.InboxRow;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * An actor object in memory, with the connections that its turns have touched and the turn that is
 * open. When a turn fails, the whole activation is dropped, so that no change needs to be undone.
 *
 * <p>The activation's monitor guards all its fields, since a stage that a turn waits for may
 * complete on any thread.
 */
public final class Activation implements ActorContext<@Nullable Object> {
  private final ActorId id;
  private final ActorType type;
  private final ActorRows rows;
  private final AutoReplyRows autoReplies;
  private final Time time;
  private final ClosingConnections closing;
  private final BackgroundWork background;
  private final Questions questions;
  private final Consumer<List<ToGateway>> tell;
  private final Map<ConnectionId, TurnConnection> known = new HashMap<>(2);
  private final TurnStorage storage;
  private final TurnAlarms alarms;
  private final ActorCalls calls;

  /** The threads that run actions after a commit, which are no part of any turn. */
  private final Set<Thread> outsiders = ConcurrentHashMap.newKeySet(0);

  /** Keeps answers for repeated requests; null if gateways repeat nothing. */
  private final @Nullable RequestRows requests;

  /** The result of {@link #lastSequence} for a connection that is not stored. */
  public static final long NOT_STORED = -1;

  /** The result of {@link #lastSequence} for a connection whose row cannot be read. */
  public static final long UNREADABLE = -2;

  /** The most views by tags whose number of connections is remembered. */
  private static final int COUNTS_MAX = 64;

  private static final Pattern REFUSAL_CODE = Pattern.compile("[a-z0-9_-]{1,40}");

  /** How many connections have all tags of a set, for the sets that were counted. */
  private final Map<Set<String>, Integer> counts = new HashMap<>(0);

  private final long number;
  private final long madeNs;
  private final long epoch;

  /** The actor's row as the store has it, or will have it once the turns so far are kept. */
  private ActorRow stored;

  /** The row with the connections that the actor has now. */
  private ActorRow current;

  /** The row with the connections that the actor had when the last turn began. */
  private ActorRow before;

  private @Nullable Turn turn;

  /** The connections that the open turn has touched, each once. */
  private List<TurnConnection> touched = List.of();

  /** The actor object's handlers; null before the turn of {@code onActivate}. */
  private @Nullable Handlers handlers;

  /**
   * Creates an activation and reads the actor's row; the actor object is made later, in the turn of
   * its {@code onActivate}.
   *
   * @param closing connections whose close was sent, and whose end no gateway has reported yet
   * @param epoch the number of the ownership under which the actor runs
   * @param mayRepeat whether gateways may send events again, so that the turns of messages and
   *     requests must keep what tells that they took effect
   * @param calls sends the calls of the actor
   * @param tell hands records that belong to no turn to the gateway at once
   */
  public Activation(
      ActorId id,
      ActorType type,
      ActorRows rows,
      AutoReplyRows autoReplies,
      ClosingConnections closing,
      Time time,
      long epoch,
      RunningTime running,
      BackgroundWork background,
      Questions questions,
      boolean mayRepeat,
      ActorCalls calls,
      Consumer<List<ToGateway>> tell) {
    this.id = id;
    this.type = type;
    this.rows = rows;
    this.autoReplies = autoReplies;
    this.time = time;
    this.background = background;
    this.questions = questions;
    this.calls = calls;
    this.tell = tell;
    this.closing = closing;
    this.stored = ActorRow.decodeOrNone(rows.get(RowKey.ACTOR));
    autoReplies.begin(stored.mayHaveAutoReplies());
    this.epoch = epoch;
    this.number = stored.activations() + 1;
    this.madeNs = time.nowNs();
    this.current = stored;
    this.before = stored;
    this.storage = new TurnStorage(this, rows, type.codec(), type.options());
    this.alarms = new TurnAlarms(this, id, rows, running, type.options());
    this.requests = mayRepeat ? new RequestRows(rows) : null;
  }

  // For the actor's handlers.

  @Override
  public ActorId id() {
    return id;
  }

  @Override
  public Connections<@Nullable Object> connections() {
    return new TurnConnections(this, Set.of(), Set.of());
  }

  @Override
  public Storage storage() {
    return storage;
  }

  @Override
  public Alarms alarms() {
    return alarms;
  }

  @Override
  public synchronized void autoReply(AutoReply reply) {
    autoReplies.put(turn(), reply);
  }

  @Override
  public synchronized void clearAutoReply(String request) {
    autoReplies.remove(turn(), request);
  }

  @Override
  public void waitFor(CompletionStage<?> stage) {
    turnFor(stage).await(stage);
  }

  /**
   * Returns the open turn, which may wait for the stage.
   *
   * @throws IllegalStateException if no turn is open, or the stage cannot complete before the turn
   *     is over
   */
  Turn turnFor(CompletionStage<?> stage) {
    Turn open = turn();
    if (stage instanceof SentMessage.OutcomeStage<?> outcome) {
      outcome.checkAwaitedBy(open);
    }
    return open;
  }

  @Override
  public void inBackground(CompletionStage<?> stage) {
    synchronized (this) {
      turn();
    }
    background.add(id, stage);
  }

  @Override
  public RuntimeException reset(String why) {
    Objects.requireNonNull(why, "why");
    Turn open;
    synchronized (this) {
      open = turn();
    }
    return open.reset(why);
  }

  @Override
  public <T extends WebSocketActor<?>> ActorRef<T> actor(Class<T> to, String key) {
    return new TurnRef<>(this, calls.types().idOf(to, key), calls);
  }

  @Override
  public synchronized void afterCommit(Runnable action) {
    Objects.requireNonNull(action, "action");
    turn().afterCommit(() -> outside(action));
  }

  /** Runs an action on whose thread the actor cannot be used. */
  private void outside(Runnable action) {
    outsiders.add(Thread.currentThread());
    try {
      action.run();
    } finally {
      outsiders.remove(Thread.currentThread());
    }
  }

  @Override
  public synchronized void replyIfDiscarded(String text) {
    turn().replyIfDiscarded(Objects.requireNonNull(text, "text"));
  }

  @Override
  public synchronized void messageRefused(String code) {
    if (!REFUSAL_CODE.matcher(code).matches()) {
      throw new IllegalArgumentException(
          "the code '%s' of a refusal is not 1 to 40 of the characters a-z, 0-9, _ and -"
              .formatted(code));
    }
    turn().refused(code);
  }

  @Override
  public Instant now() {
    return time.instant();
  }

  @Override
  public long activation() {
    return number;
  }

  // For the cell.

  /** Returns the options of the actor's type. */
  public ActorOptions options() {
    return type.options();
  }

  /** Returns when the activation was made, by the clock that never jumps. */
  public long madeNs() {
    return madeNs;
  }

  /** Opens the turn and runs the handler of its event. */
  public void run(Turn opened) throws Exception {
    synchronized (this) {
      opened.check(); // a thread that was held up until its turn was abandoned ends here
      turn = opened;
      before = current;
      touched = List.of();
      rows.open(opened.writes(), opened.clears());
    }
    Map<String, String> labels = LogLabels.put(id, opened.work().connection());
    try {
      Handlers made = handlers;
      opened.work().accept(made == null ? make() : made);
    } finally {
      LogLabels.restore(labels);
    }
  }

  /**
   * Returns the number of the last message of a connection that took effect, as far as numbers are
   * kept: 0 if there was none, {@link #NOT_STORED} or {@link #UNREADABLE} if there is no such row.
   * Reads the row unless this activation has read it before. Needs no turn.
   */
  public synchronized long lastSequence(ConnectionId connection) {
    long sequence = connection(connection).lastSequence();
    if (sequence == NOT_STORED) {
      known.remove(connection);
    }
    return sequence;
  }

  /**
   * Returns whether the alarm cannot be read, or was moved, cancelled or handled after the clock
   * handed it out.
   */
  public synchronized boolean isMoot(Event.Alarm alarm) {
    return alarms.isMoot(alarm.due());
  }

  private synchronized Alarm ring(Event.Alarm alarm) {
    return alarms.ring(turn(), alarm.due());
  }

  @SuppressWarnings("unchecked") // the attachments are whatever the actor's own code attached
  private Handlers make() {
    Handlers made =
        new Handlers(
            ActorInvoker.of((WebSocketActor<@Nullable Object>) type.factory().get(), this));
    handlers = made;
    return made;
  }

  /** The handlers of the actor object, one for each kind of event. */
  @SuppressWarnings("NullAway") // the visitors' result type admits null here
  private final class Handlers
      implements Event.Visitor<@Nullable Void, Exception>,
          ToHost.ClientEvent.Visitor<@Nullable Void, Exception>,
          Payload.Visitor<TurnConnection, @Nullable Void, Exception> {
    private final ActorInvoker<@Nullable Object> actor;

    Handlers(ActorInvoker<@Nullable Object> actor) {
      this.actor = actor;
    }

    @Override
    public @Nullable Void activate(Event.Activate activate) throws Exception {
      actor.activate();
      return null;
    }

    @Override
    public @Nullable Void hibernate(Event.Hibernate hibernate) throws Exception {
      actor.hibernate();
      return null;
    }

    @Override
    public @Nullable Void alarm(Event.Alarm alarm) throws Exception {
      actor.alarm(ring(alarm));
      return null;
    }

    @Override
    public @Nullable Void difference(Event.Difference difference) {
      throw new AssertionError("a difference is told without a turn");
    }

    @Override
    public @Nullable Void call(Event.Call call) throws Exception {
      TurnCall asked = new TurnCall(Activation.this, type, call.request());
      asked.answer(actor.call(asked.handler(), asked.call()));
      return null;
    }

    @Override
    public @Nullable Void client(Event.Client client) throws Exception {
      return client.event().accept(this);
    }

    @Override
    public @Nullable Void open(ToHost.Open open) throws Exception {
      actor.upgrade(new TurnUpgrade(Activation.this, open));
      return null;
    }

    @Override
    public @Nullable Void message(ToHost.Message message) throws Exception {
      return message.payload().accept(this, connection(message.connection()));
    }

    @Override
    public @Nullable Void text(Payload.Text text, TurnConnection from) throws Exception {
      String copy = text.string();
      boolean isAscii = copy.length() == text.size();
      turn().countCopy(HeapCost.ofBytes(isAscii ? text.size() : 2L * copy.length()));
      actor.message(from, copy);
      return null;
    }

    @Override
    public @Nullable Void binary(Payload.Binary binary, TurnConnection from) throws Exception {
      actor.message(from, ByteBuffer.wrap(binary.bytes()).asReadOnlyBuffer());
      return null;
    }

    @Override
    public @Nullable Void failed(ToHost.Failed failed) throws Exception {
      TurnConnection broken = connection(failed.connection());
      boolean unused = broken.isOpen(); // reads the row, if closes are kept
      actor.error(broken, new ConnectionFailedException(failed.error(), failed.reason()));
      return null;
    }

    @Override
    public @Nullable Void closed(ToHost.Closed closed) throws Exception {
      TurnConnection gone = connection(closed.connection());
      gone.markClosing();
      if (!counts.isEmpty()) {
        gone.isTagged(Set.of()); // reads its tags, so that the counts stay right without it
      }
      actor.close(gone, closed.reason());
      return null;
    }

    @Override
    public @Nullable Void request(ToHost.Request request) throws Exception {
      turn().countCopy(HeapCost.ofBytes(request.body().length));
      TurnRequest asked = new TurnRequest(Activation.this, request);
      asked.answer(actor.request(asked));
      return null;
    }
  }

  /**
   * Adds the rows that end a turn to its writes, and closes the turn. These rows are the
   * attachments and tags that the turn touched, or that belong to the connection of its event; the
   * row of a connection that ended; and the actor's own row.
   *
   * @param isLast whether the actor object is dropped after this turn
   * @throws RuntimeException if a handler changed an attachment in place so that it cannot be
   *     stored; the turn has failed then
   */
  public synchronized void collect(Turn ended, boolean isLast) {
    ended.endReserve();
    ConnectionId gone =
        ended.work() instanceof Event.Client client
                && client.event() instanceof ToHost.Closed closed
            ? closed.connection()
            : null;
    for (TurnConnection connection : touched) {
      if (!connection.id().equals(gone)) {
        collect(ended, connection);
      }
    }
    TurnConnection subject = known.get(ended.work().connection());
    if (gone != null) {
      forget(ended, gone);
    } else if (subject != null && subject.touch(ended.number())) {
      collect(ended, subject); // a handler may have changed an attachment that a field holds
    }
    autoReplies.news(ended).forEach(ended::say);
    if (requests != null && ended.isWriting() && ended.work() instanceof Event.Client client) {
      keepEffect(ended, client.event(), requests);
    }
    if (ended.work() instanceof Event.Call call && call.request().tell() != null) {
      TellId tell = call.request().tell();
      byte[] effect = new InboxRow(tell.epoch(), tell.number()).encode();
      ended.writes().put(RowKey.inbox(tell.sender()), Optional.of(effect));
    }
    if (ended.isWriting()) {
      store(ended, current.written(epoch, number, autoReplies.mayBeStored()));
    } else if (isLast && hasNothingStored()) {
      store(ended, ActorRow.NONE);
    } else if (isLast) {
      store(ended, current.written(epoch, number, autoReplies.mayBeStored()));
    }
    turn = null;
    touched = List.of();
  }

  /**
   * Adds to the writes of a turn what tells that its event took effect, in case the event comes
   * again. The turn's limit does not count these rows, because no handler asked for them.
   */
  private void keepEffect(Turn ended, ToHost.ClientEvent event, RequestRows answers) {
    if (event instanceof ToHost.Message message) {
      keepSequence(ended, message.connection(), message.sequence());
    } else if (event instanceof ToHost.Failed failed) {
      keepSequence(ended, failed.connection(), ConnectionRow.FAILED);
    } else if (event instanceof ToHost.Request request
        && ended.answer() instanceof ToGateway.Responded answer) {
      answers.keep(ended.writes(), ended.clears(), request, answer.response());
    }
  }

  private void keepSequence(Turn ended, ConnectionId connection, long sequence) {
    ConnectionRow row = connection(connection).rowAfter(sequence);
    if (row != null) {
      ended.writes().put(RowKey.connection(connection), Optional.of(row.encode()));
    }
  }

  private void store(Turn ended, ActorRow row) {
    if (!row.equals(stored)) {
      boolean isNone = row.equals(ActorRow.NONE);
      ended.writes().put(RowKey.ACTOR, isNone ? Optional.empty() : Optional.of(row.encode()));
      stored = row;
    }
  }

  /**
   * Returns whether the store has nothing of the actor, or only the actor's own row. Such a row is
   * removed, since otherwise a client could fill the store by activating actors under any keys.
   * Answers that are kept for repeated requests do not count: they are found without the row, and
   * go with the next request or with their gateway.
   */
  private boolean hasNothingStored() {
    if (connectionCount() > 0 || autoReplies.mayBeStored()) {
      return false;
    }
    try {
      return stored.equals(ActorRow.NONE) || (isEmpty(Table.VALUE) && isEmpty(Table.ALARM));
    } catch (CorruptRowException e) {
      return false;
    }
  }

  private boolean isEmpty(Table table) {
    List<RowKey> keys = rows.keys(table, KeySpan.all(), 1);
    return keys != null && keys.isEmpty();
  }

  private static void collect(Turn ended, TurnConnection connection) {
    ConnectionRow changed = connection.changedRow();
    if (changed != null) {
      byte[] row = changed.encode();
      ended.charge((long) row.length + Turn.OVERHEAD_BYTES);
      ended.writes().put(RowKey.connection(connection.id()), Optional.of(row));
    }
  }

  private void forget(Turn ended, ConnectionId gone) {
    ended.writes().put(RowKey.connection(gone), Optional.empty());
    current = current.with(gone.run(), -1);
    TurnConnection handle = known.remove(gone);
    Set<String> tags = handle == null ? null : handle.tagsIfRead();
    if (tags == null) {
      counts.clear();
    } else {
      counts.replaceAll((view, count) -> tags.containsAll(view) ? count - 1 : count);
    }
    if (handle != null) {
      handle.markGone();
    }
  }

  // For the connections, storage and alarms that handlers use.

  /**
   * Returns the open turn.
   *
   * @throws TurnStateException if no turn is open, or the caller does not belong to it
   */
  synchronized Turn turn() {
    if (turn == null || (!outsiders.isEmpty() && outsiders.contains(Thread.currentThread()))) {
      throw new TurnStateException(
          TurnStateException.Why.NONE_OPEN,
          "no turn is open; an actor can be used inside its handlers only");
    }
    turn.check();
    return turn;
  }

  /** Returns the number of the ownership under which the actor runs. */
  long epoch() {
    return epoch;
  }

  ActorRows rows() {
    return rows;
  }

  /**
   * Returns whether the rows of connections tell which connections the actor has closed, because
   * the actor may get another owner before its gateways hear of these closes.
   */
  boolean keepsCloses() {
    return requests != null;
  }

  /** Notes that a connection is stored as closed by the actor. */
  void noteClosing(ConnectionId connection, ConnectionRow.Closing stored) {
    closing.addStored(new ToGateway.Close(connection, stored.code(), stored.reason()));
  }

  /** Returns the number of stored connections, as the open turn sees it. */
  public synchronized int connectionCount() {
    return current.connections();
  }

  /**
   * Returns the runs of the gateways that held connections of the actor when the last turn began or
   * hold some now.
   */
  @SuppressWarnings("ReferenceEquality") // each change of the row makes another object
  public synchronized long[] gateways() {
    LongStream now = current.gateways().stream().mapToLong(ActorRow.Gateway::run);
    return before == current
        ? now.toArray()
        : LongStream.concat(now, before.gateways().stream().mapToLong(ActorRow.Gateway::run))
            .distinct()
            .toArray();
  }

  /** Returns how many connections have all these tags, as the open turn sees it. */
  synchronized int count(Set<String> tags) {
    turn();
    Integer count = counts.get(tags);
    if (count == null) {
      int counted = 0;
      for (var all = new TurnConnections(this, tags, Set.of()).iterator();
          all.hasNext();
          all.next()) {
        counted++;
      }
      if (counts.size() == COUNTS_MAX) {
        counts.clear();
      }
      counts.put(Set.copyOf(tags), counted);
      count = counted;
    }
    return count;
  }

  /** Notes that a connection got other tags. */
  void recount(Set<String> before, Set<String> after) {
    counts.replaceAll(
        (view, count) ->
            count - (before.containsAll(view) ? 1 : 0) + (after.containsAll(view) ? 1 : 0));
  }

  /** Returns the handle of a connection, whose row is read when it is first needed. */
  synchronized TurnConnection connection(ConnectionId connection) {
    TurnConnection handle = known.get(connection);
    if (handle == null) {
      handle = new TurnConnection(this, connection, closing.contains(connection));
      known.put(connection, handle);
    }
    return handle;
  }

  /**
   * Returns the handle of a connection and hands it the row that was just read.
   *
   * @param row null if the row cannot be read
   */
  synchronized TurnConnection connection(ConnectionId connection, byte @Nullable [] row) {
    TurnConnection handle = connection(connection);
    if (row != null) {
      handle.adoptIfUnread(row);
    }
    return handle;
  }

  /**
   * Accepts a connection, and adds its row to the writes of the open turn.
   *
   * @throws RuntimeException if the tags or the attachment cannot be stored; then nothing changes
   */
  TurnConnection accept(ToHost.Open upgrade, @Nullable Object attachment, Set<String> tags) {
    Turn open = turn();
    ConnectionId accepted = upgrade.connection();
    if (attachment == null) {
      checkOptional("a connection cannot be accepted without one; use accept(attachment)");
    }
    TurnConnection.checkTags(tags, options().tagsMax());
    byte[] serialized = encodeAttachment(accepted, attachment);
    open.reserve(serialized);
    TurnConnection connection =
        new TurnConnection(
            this,
            accepted,
            time.wallMs(),
            ConnectionRow.Request.of(upgrade.head()),
            attachment,
            serialized,
            tags);
    ConnectionRow row = new ConnectionRow(time.wallMs(), List.copyOf(tags), null);
    open.writes().put(RowKey.connection(accepted), Optional.of(row.encode()));
    touch(open, connection);
    known.put(accepted, connection);
    current = current.with(accepted.run(), 1);
    counts.replaceAll((view, count) -> tags.containsAll(view) ? count + 1 : count);
    return connection;
  }

  /**
   * Returns the row of a connection; null if the connection is not stored.
   *
   * @throws CorruptRowException if the row cannot be read
   */
  @Nullable ConnectionRow connectionRow(ConnectionId connection) {
    byte[] row = rows.get(RowKey.connection(connection));
    return row == null ? null : ConnectionRow.decode(row);
  }

  /**
   * Returns the attachment as bytes; null if there is no attachment.
   *
   * @throws StoredValueException if the attachment cannot be serialized
   * @throws LimitExceededException if the bytes are more than an attachment may have
   */
  byte @Nullable [] encodeAttachment(ConnectionId connection, @Nullable Object attachment) {
    if (attachment == null) {
      return null;
    }
    try {
      return type.codec().encode(attachment, type.options().attachmentBytesMax());
    } catch (StoredValueException e) {
      throw new StoredValueException(attachmentOf(connection) + e.getMessage(), e);
    } catch (LimitExceededException e) {
      throw e.at(attachmentOf(connection));
    }
  }

  /**
   * Checks that a connection may have no attachment.
   *
   * @param instead says what cannot be done without one, and the remedy
   * @throws IllegalArgumentException if it may not
   */
  void checkOptional(String instead) {
    if (!type.isAttachmentOptional()) {
      throw new IllegalArgumentException(
          "actor type '"
              + type.name()
              + "' has attachments of "
              + type.attachment().getTypeName()
              + ", so "
              + instead);
    }
  }

  /** Returns the attachment of a connection; throws if there is none and there must be one. */
  @Nullable Object attached(ConnectionId connection, @Nullable Object attachment) {
    if (attachment == null && !type.isAttachmentOptional()) {
      throw new StoredValueException(
          attachmentOf(connection)
              + "there is none, although its actor type has attachments of "
              + type.attachment().getTypeName()
              + "; attach one with Connection.attach, or close the connection",
          null);
    }
    return attachment;
  }

  private String attachmentOf(ConnectionId connection) {
    return "the attachment of connection " + connection + " of " + id + ": ";
  }

  Object decodeAttachment(ConnectionId connection, byte[] bytes) {
    try {
      return type.codec().decode(bytes, type.attachment());
    } catch (StoredValueException e) {
      rows.quarantine().attachment(id, connection, e);
      throw unreadable("the attachment", connection, e);
    }
  }

  /** Creates the exception for a connection whose row cannot be read, and notes the fault. */
  StoredValueException unreadableRow(String part, ConnectionId connection, RuntimeException cause) {
    rows.quarantine().connection(id, connection, cause);
    return unreadable(part, connection, cause);
  }

  private StoredValueException unreadable(
      String part, ConnectionId connection, RuntimeException cause) {
    return new StoredValueException(
        part
            + " of connection "
            + connection
            + " of "
            + id
            + " cannot be read: "
            + cause.getMessage(),
        cause);
  }

  long wallMs() {
    return time.wallMs();
  }

  /**
   * Adds a message to what the open turn sends.
   *
   * @return a handle by which the actor can ask what becomes of the message
   * @throws LimitExceededException if the payload, or all that the turn sends, is too large
   */
  Delivery say(ToGateway record, Payload payload) {
    if (payload.size() > ActorOptions.MESSAGE_BYTES_CEILING) {
      throw new LimitExceededException(
          "a message", payload.size(), ActorOptions.MESSAGE_BYTES_CEILING, "bytes");
    }
    Turn open = turn();
    return new SentMessage(this, open.number(), open.say(record));
  }

  /** Notes that the open turn touches a connection; if it changed, the turn's end stores it. */
  void touch(Turn open, TurnConnection connection) {
    if (connection.touch(open.number())) {
      if (touched.isEmpty()) {
        touched = new ArrayList<>(2); // most turns touch none
      }
      touched.add(connection);
    }
  }

  /** Returns the executor on which the actor's handlers run. */
  Executor executor() {
    return type.executor().apply(id);
  }

  /** Returns the questions that actors of this host have asked gateways. */
  Questions questions() {
    return questions;
  }

  /** Asks the gateway at once when something was last heard of a client. */
  CompletionStage<Optional<Instant>> askSeen(ConnectionId connection) {
    turn();
    CompletableFuture<Optional<Instant>> stage = new CompletableFuture<>();
    long report = questions.askSeen(id, connection, stage, executor());
    tell.accept(List.of(new ToGateway.AskSeen(connection, report)));
    return stage;
  }

  /** Returns the open turn if its handler runs on the calling thread; else null. */
  synchronized @Nullable Turn turnOfThisThread() {
    return turn != null && turn.isHandledHere() ? turn : null;
  }
}
