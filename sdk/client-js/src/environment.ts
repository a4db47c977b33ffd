/** The part of a WebSocket that the client uses. Browsers, Node and the package `ws` have it. */
export interface Socket {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly readyState: number;
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  send(data: any): void;
  close(code?: number, reason?: string): void;
}

/** What the client takes from its platform. Tests hand in a clock that they move by hand. */
export interface Environment {
  /** The class of sockets, such as that of the package `ws` where there is no global one. */
  WebSocket: new (url: string, protocols?: string | string[]) => Socket;
  /** Asks when to try again after a failed upgrade; null asks nobody. */
  fetch: ((url: string, init: any) => Promise<{ status: number; headers: { get(name: string): string | null } }>) | null;
  now(): number;
  random(): number;
  setTimeout(action: () => void, ms: number): unknown;
  clearTimeout(timer: any): void;
  /** Tells `online`, `offline` and `pageshow`; null outside of pages. */
  window: Listenable | null;
  /** Tells `visibilitychange`; null outside of pages. */
  document: (Listenable & { readonly visibilityState: string }) | null;
}

export interface Listenable {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** Returns the environment of this page or process, with some parts replaced. */
export function environment(own: Partial<Environment> = {}): Environment {
  const here = globalThis as any;
  return {
    WebSocket: here.WebSocket,
    fetch: here.fetch ? (url, init) => here.fetch(url, init) : null,
    now: Date.now,
    random: Math.random,
    setTimeout: (action, ms) => setTimeout(action, ms),
    clearTimeout: (timer) => clearTimeout(timer),
    window: here.document ? here : null,
    document: here.document ?? null,
    ...own,
  };
}
