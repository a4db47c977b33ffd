import { type CallOptions, Calls } from './calls.js';
import { environment, type Environment, type Socket } from './environment.js';
import { Heartbeat, type HeartbeatOptions } from './heartbeat.js';
import { bytesOf, type Item, Outbox, type QueueOptions } from './outbox.js';
import { afterClose, type Backoff, type Next, pauseMs, retryAfterMs } from './policy.js';

/**
 * The life of a connection:
 *
 *     connecting ──► open ──► waiting ──► connecting …
 *                      └────► closed (by close(), or by a code after which there is no use in trying again)
 *     any of the first three ──► offline (the page has no network) ──► connecting …
 */
export type State = 'connecting' | 'open' | 'waiting' | 'offline' | 'closed';

export interface StateEvent {
  state: State;
  /** How many attempts have failed since the last good connection. */
  failures: number;
  /** The time of the next attempt, as Date.now() tells it; undefined unless one is due. */
  retryAtMs?: number;
}

export interface CloseEvent {
  code: number;
  reason: string;
  wasClean: boolean;
  /** False if the connection had not been opened: the server is away or has refused. */
  wasOpen: boolean;
  /** What follows. */
  next: Next;
}

export interface DropEvent {
  /** The message, or the answer of a call that has ended. */
  message: unknown;
  why: 'queue full' | 'closed' | 'late answer';
}

/** Raw bytes, which are never JSON. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/** What became of a message: handed to an open socket, kept until one is open, or dropped, which an event tells too. */
export type Sent = 'sent' | 'queued' | 'dropped';

export interface Events<In> {
  message: In;
  binary: ArrayBuffer;
  open: undefined;
  close: CloseEvent;
  state: StateEvent;
  drop: DropEvent;
  error: Error;
}

export interface Options {
  /** Subprotocols to offer. */
  protocols?: string | string[];
  /** Passes texts as they are instead of JSON; there are no calls then. */
  raw?: boolean;
  /** False sends no heartbeats. */
  heartbeat?: Partial<HeartbeatOptions> | false;
  queue?: Partial<QueueOptions>;
  backoff?: Partial<Backoff>;
  /** How long a connection must last until earlier failures are forgotten; 5,000 ms by default. */
  goodMs?: number;
  /** The time for a handshake; 10,000 ms by default. */
  handshakeMs?: number;
  /** Overrules what follows a close code, such as one of the application from 4000 on; undefined leaves it. */
  afterClose?(code: number, reason: string): Next | undefined;
  /** False does not ask the server by HTTP when to come back after it has refused an upgrade. */
  probe?: boolean;
  /** Replaces parts of the platform, such as `WebSocket` on Node 20. */
  environment?: Partial<Environment>;
}

/** The address of the server: a URL, also a relative one in pages, or a function that is asked before each attempt. */
export type Address = string | URL | (() => string | URL | Promise<string | URL>);

/** A WebSocket that comes back. */
export interface Connection<In, Out> {
  readonly state: State;
  /** Calls the listener whenever the event happens, and returns a function that ends this. */
  on<E extends keyof Events<In>>(event: E, listener: (value: Events<In>[E]) => void): () => void;
  /** Calls the listener for each message whose field `type` is this. */
  onType<T extends TypeOf<In>>(type: T, listener: (message: Extract<In, { type: T }>) => void): () => void;
  send(message: Out | Bytes): Sent;
  /** Sends a message with an id, and waits for the answer with that id. Fails with a {@link CallError}. */
  call<Answer = In>(message: Out, options?: CallOptions): Promise<Answer>;
  /** Tries at once, and forgets earlier failures; nothing happens while a connection is open or on its way. */
  reconnect(): void;
  /** Ends the connection for good, unless reconnect() is called. What still waits is dropped. */
  close(code?: number, reason?: string): void;
}

export type TypeOf<In> = In extends { type: infer T } ? T : never;

const PROBE = { method: 'HEAD', cache: 'no-store', headers: { Accept: 'application/vnd.dormouse.upgrade' } };
const PROBE_MS = 5_000;

/** The `readyState` of a socket that takes messages. */
const OPEN = 1;

/**
 * Opens a connection and keeps it open.
 *
 * @throws TypeError or SyntaxError if the address is not a URL
 */
export function connect<In = any, Out = any>(address: Address, options: Options = {}): Connection<In, Out> {
  return new LastingConnection<In, Out>(address, options);
}

/** Returns the URL of a WebSocket: relative to the page, and `ws:` for `http:`. */
function socketUrl(address: string | URL): string {
  return new URL(address, (globalThis as any).location?.href).href.replace(/^http/, 'ws');
}

class LastingConnection<In, Out> implements Connection<In, Out> {
  state: State = 'connecting';

  #address: () => string | URL | Promise<string | URL>;
  #options: Options;
  #env: Environment;
  #backoff: Backoff;
  #queue: QueueOptions;
  #listeners = new Map<string, Set<(value: any) => void>>();
  #outbox: Outbox;
  #calls: Calls;
  #heartbeat: Heartbeat | undefined;
  #reply: string | undefined;

  #socket: Socket | undefined;
  /** The number of the attempt under way; answers to earlier ones come too late. */
  #attempt = 0;
  /** The timer of the handshake or of the next attempt. */
  #timer: unknown;
  #failures = 0;
  #openedAt = 0;
  /** The time before which the server does not want this client. */
  #notBefore = 0;

  constructor(address: Address, options: Options) {
    if (typeof address !== 'function') socketUrl(address);
    this.#address = typeof address === 'function' ? address : () => address;
    this.#options = options;
    this.#env = environment(options.environment);
    this.#backoff = { baseMs: 250, capMs: 30_000, ...options.backoff };
    this.#queue = { messages: 100, bytes: 1 << 20, drop: 'newest', ...options.queue };
    this.#outbox = new Outbox(this.#queue);
    this.#calls = new Calls(this.#env);
    if (options.heartbeat !== false) {
      const beat = { request: '{"$ping":1}', reply: '{"$pong":1}', idleMs: 10_000, answerMs: 5_000, ...options.heartbeat };
      this.#reply = beat.reply;
      this.#heartbeat = new Heartbeat(this.#env, beat,
        () => this.#socket?.send(beat.request),
        () => this.#broke('no answer to a heartbeat'));
    }
    this.#watchPage(true);
    this.#connect();
  }

  // ── What the application does ───────────────────────────────────────

  on<E extends keyof Events<In>>(event: E, listener: (value: Events<In>[E]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  onType(type: any, listener: (message: any) => void): () => void {
    return this.on('message', (message: any) => message?.type === type && listener(message));
  }

  send(message: Out | Bytes): Sent {
    return this.#post(this.#item(message));
  }

  call(message: any, options: CallOptions = {}): Promise<any> {
    if (this.#options.raw) throw new TypeError('a raw connection has no calls');
    const call = this.#calls.number();
    const item = { ...this.#item({ ...message, $id: call }), message, call };
    const answer = this.#calls.begin(item, options, (late) => this.#outbox.remove(late));
    if (this.#calls.waits(call)) this.#post(item);
    return answer;
  }

  reconnect(): void {
    if (this.state === 'open' || this.state === 'connecting') return;
    if (this.state === 'closed') this.#watchPage(true);
    this.#failures = this.#notBefore = 0;
    this.#connect();
  }

  close(code = 1000, reason = ''): void {
    if (this.state === 'closed') return;
    const wasOpen = this.state === 'open';
    this.#release(code, reason);
    this.#end({ code, reason, wasClean: true, wasOpen, next: 'stop' });
  }

  // ── Attempts ────────────────────────────────────────────────────────

  async #connect(): Promise<void> {
    const attempt = ++this.#attempt;
    this.#env.clearTimeout(this.#timer);
    this.#enter('connecting');
    this.#timer = this.#env.setTimeout(() => this.#broke('no handshake in time'), this.#options.handshakeMs ?? 10_000);
    let url = '';
    try {
      url = socketUrl(await Promise.resolve().then(this.#address));
      if (attempt !== this.#attempt) return;
      this.#use(new this.#env.WebSocket(url, this.#options.protocols ?? []), url);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      this.#tell('error', error as Error);
      this.#broke('no socket');
    }
  }

  #use(socket: Socket, url: string): void {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    const ifCurrent = (action: (event: any) => void) => (event: any) => { if (socket === this.#socket) action(event); };
    socket.onopen = ifCurrent(() => this.#opened());
    socket.onmessage = ifCurrent(({ data }) => this.#heard(data));
    socket.onclose = ifCurrent(({ code, reason, wasClean }) => this.#closed(code, reason, wasClean, url));
    socket.onerror = () => {}; // a close follows, which says more
  }

  #opened(): void {
    this.#env.clearTimeout(this.#timer);
    this.#openedAt = this.#env.now();
    this.#notBefore = 0;
    this.#enter('open');
    this.#heartbeat?.start();
    for (let item; this.state === 'open' && (item = this.#outbox.next());) this.#hand(item);
    this.#tell('open', undefined);
  }

  /** Gives the socket up, because it does not answer. */
  #broke(reason: string): void {
    this.#closed(1006, reason, false);
  }

  async #closed(code: number, reason: string, wasClean: boolean, url?: string): Promise<void> {
    const wasOpen = this.state === 'open';
    this.#release();
    if (wasOpen && this.#env.now() - this.#openedAt >= (this.#options.goodMs ?? 5_000)) this.#failures = 0;
    const next = this.#options.afterClose?.(code, reason) ?? (wasOpen ? afterClose(code) : 'retry');
    const close = { code, reason, wasClean, wasOpen, next };
    if (next === 'stop') {
      this.#end(close);
      return;
    }
    this.#outbox.putBack(this.#calls.broken());
    this.state = 'waiting';
    this.#tell('close', close);
    if (this.state !== 'waiting') return;
    const attempt = this.#attempt;
    const wish = url && !wasOpen ? await this.#probe(url) : undefined;
    if (attempt !== this.#attempt) return;
    const pause = pauseMs(next, this.#failures++, this.#env.random(), this.#backoff, wish);
    if (wish !== undefined || next === 'later') this.#notBefore = this.#env.now() + pause;
    this.#wait('waiting', pause);
  }

  /** Asks the server by HTTP when it wants to see this client again; undefined if it does not say. */
  async #probe(url: string): Promise<number | undefined> {
    const { fetch } = this.#env;
    if (!fetch || this.#options.probe === false) return undefined;
    try {
      const signal = AbortSignal.timeout(PROBE_MS);
      const { status, headers } = await fetch(url.replace(/^ws/, 'http').replace(/#.*/, ''), { ...PROBE, signal });
      return status < 400 ? undefined : retryAfterMs(headers.get('Retry-After'), this.#env.now());
    } catch {
      return undefined; // it is away, or does not let this page read its answers
    }
  }

  #wait(state: State, ms: number): void {
    this.#env.clearTimeout(this.#timer);
    const now = this.#env.now();
    const pause = Math.max(ms, this.#notBefore - now);
    this.#timer = this.#env.setTimeout(() => this.#connect(), pause);
    this.#enter(state, now + pause);
  }

  /** Lets go of the socket; what it still says is not heard. */
  #release(code?: number, reason?: string): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#attempt++;
    this.#env.clearTimeout(this.#timer);
    this.#heartbeat?.stop();
    try {
      socket?.close(code, reason);
    } catch {
      socket?.close(); // the code or the reason is not allowed
    }
  }

  #end(close: CloseEvent): void {
    this.#watchPage(false);
    this.state = 'closed';
    this.#outbox.putBack(this.#calls.broken());
    for (let item; (item = this.#outbox.next());) this.#drop(item, 'closed');
    this.#tell('close', close);
    if (this.state === 'closed') this.#enter('closed');
  }

  // ── The page and its network ────────────────────────────────────────

  #watchPage(watch: boolean): void {
    const { window, document } = this.#env;
    const how = watch ? 'addEventListener' : 'removeEventListener';
    window?.[how]('offline', this.#offline);
    window?.[how]('online', this.#wake);
    window?.[how]('pageshow', this.#wake);
    document?.[how]('visibilitychange', this.#wake);
  }

  /** Closes and waits; it still tries now and then, because a page may be wrong about its network. */
  #offline = (): void => {
    const wasOpen = this.state === 'open';
    this.#release();
    this.#outbox.putBack(this.#calls.broken());
    this.#wait('offline', this.#backoff.capMs);
    if (wasOpen) this.#tell('close', { code: 1006, reason: 'offline', wasClean: false, wasOpen, next: 'retry' });
  };

  /** Looks at once whether the server is there, but not before the server wants it. */
  #wake = (): void => {
    if (this.#env.document?.visibilityState === 'hidden') return;
    if (this.state === 'open') this.#heartbeat?.check();
    else if (this.state === 'offline') this.#wait('waiting', this.#env.random() * this.#backoff.baseMs);
    else if (this.state === 'waiting' && this.#env.now() >= this.#notBefore) this.#connect();
  };

  // ── Messages ────────────────────────────────────────────────────────

  #item(message: any): Item {
    const isBytes = message instanceof ArrayBuffer || ArrayBuffer.isView(message);
    const data = isBytes ? message : this.#options.raw ? `${message}` : JSON.stringify(message);
    return { data, bytes: bytesOf(data as any), message } as Item;
  }

  #post(item: Item): Sent {
    const socket = this.#socket;
    // A socket that is closing would lose the message without a word, so the message waits for the next one.
    if (this.state === 'open' && socket?.readyState === OPEN) {
      if (socket.bufferedAmount > 0 && socket.bufferedAmount + item.bytes > this.#queue.bytes) {
        this.#drop(item, 'queue full');
        return 'dropped';
      }
      this.#hand(item);
      return 'sent';
    }
    const dropped = this.state === 'closed' ? [item] : this.#outbox.add(item);
    dropped.forEach((one) => this.#drop(one, this.state === 'closed' ? 'closed' : 'queue full'));
    return dropped.includes(item) ? 'dropped' : 'queued';
  }

  #hand(item: Item): void {
    if (item.call) this.#calls.sent(item.call);
    this.#socket!.send(item.data);
  }

  #drop(item: Item, why: 'queue full' | 'closed'): void {
    if (item.call) this.#calls.fail(item.call, why === 'closed' ? why : 'full', `the message was dropped: ${why}`);
    this.#tell('drop', { message: item.message, why });
  }

  #heard(data: string | ArrayBuffer): void {
    this.#heartbeat?.heard();
    if (data === this.#reply) return;
    if (typeof data !== 'string') this.#tell('binary', data);
    else if (this.#options.raw) this.#tell('message', data as any);
    else this.#read(data);
  }

  #read(text: string): void {
    let message;
    try {
      message = JSON.parse(text);
    } catch (error) {
      this.#tell('error', error as Error);
      return;
    }
    if (message?.$re === undefined) {
      this.#tell('message', message);
      return;
    }
    const { $re, $error, ...answer } = message;
    if (!this.#calls.answer($re, $error, answer)) this.#tell('drop', { message, why: 'late answer' });
  }

  // ── Events ──────────────────────────────────────────────────────────

  #enter(state: State, retryAtMs?: number): void {
    this.state = state;
    this.#tell('state', { state, failures: this.#failures, retryAtMs });
  }

  /** Tells all listeners; one that throws is reported as the page's own error, and does not harm the others. */
  #tell<E extends keyof Events<In>>(event: E, value: Events<In>[E]): void {
    const listeners = this.#listeners.get(event);
    if (!listeners?.size && (event === 'error' || event === 'drop')) console.warn('dormouse:', event, value);
    [...listeners ?? []].forEach((listener) => {
      try {
        listener(value);
      } catch (error) {
        setTimeout(() => { throw error; });
      }
    });
  }
}

