/** The browser's side of Dormouse: a WebSocket that comes back. Start with {@link connect}. */
export { CallError, type CallOptions, type Outcome } from './calls.js';
export {
  type Address, type Bytes, type CloseEvent, connect, type Connection, type DropEvent, type Events, type Options,
  type Sent, type State, type StateEvent, type TypeOf,
} from './connection.js';
export type { Environment, Socket } from './environment.js';
export type { HeartbeatOptions } from './heartbeat.js';
export type { QueueOptions } from './outbox.js';
export { type Backoff, type Next } from './policy.js';
