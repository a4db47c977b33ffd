// Talks with the admin port: one question at a time, so that a slow server is not asked ever more.

const LIMIT_MS = 15_000;
const TEXT_MAX = 500;
const PAUSE_MS_MAX = 10_000;

/** What is asked for could not be had; the message is the server's. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** There was no answer. */
export class Away extends Error {}

/** Nobody wants the answer any more. */
export class NotWanted extends Error {}

let last = Promise.resolve();

/** Whether the server did not answer what was asked last. */
let isAway = false;

/** Does it when all that was to be done before is done. */
function inTurn(work) {
  const mine = last.then(work);
  last = mine.catch(() => {});
  return mine;
}

async function ask(path, signal, options = {}) {
  let response;
  let text;
  try {
    const limit = AbortSignal.timeout(LIMIT_MS);
    response = await fetch(path, { cache: 'no-store', ...options, signal: signal ? AbortSignal.any([signal, limit]) : limit });
    text = await response.text();
    isAway = false;
  } catch (error) {
    if (signal?.aborted) throw new NotWanted();
    isAway = true;
    throw new Away('The server does not answer.', { cause: error });
  }
  if (response.status === 401) location.assign('/login');
  if (!response.ok && response.status !== 409) {
    throw new ApiError(response.status, text.trim().slice(0, TEXT_MAX) || `The server answers ${response.status}.`);
  }
  return { isDone: response.ok, json: JSON.parse(text) };
}

const pathWith = (path, parameters) => {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value != null && value !== ''));
  return query.size ? `${path}?${query}` : path;
};

/** GET: the answer; fails with ApiError, Away or NotWanted. */
export function get(path, parameters = {}, signal = undefined) {
  return inTurn(async () => (await ask(pathWith(path, parameters), signal)).json);
}

/** POST, at once: null if it is done, else the reason why it is not, or not yet. Fails like get. */
export async function post(path, parameters = {}) {
  const { isDone, json } = await ask(pathWith(path, parameters), undefined, { method: 'POST' });
  return isDone ? null : json.reason;
}

/** Where the API has an actor. */
export function pathOf(type, key) {
  return `/api/actors/${encodeURIComponent(type)}/${encodeURIComponent(key)}`;
}

/** Where this page has an actor. */
export function linkTo(type, key) {
  return `#/actor/${encodeURIComponent(type)}/${encodeURIComponent(key)}`;
}

/**
 * Does something now, and again and again while the page is seen: never twice at once, each time so much after the end
 * of the last, and at least four times as long after it as it took. While the server does not answer at all it is asked
 * without such a rest, so that the page has it again within that time once it is back.
 *
 * Returns {soon, end}: soon has it done as soon as possible, end never again.
 */
export function repeat(pauseMs, work) {
  let timer;
  let isOver = false;
  let isBusy = false;
  let isAsked = false;
  const turn = async () => {
    clearTimeout(timer);
    if (isOver || document.hidden) return;
    if (isBusy) {
      isAsked = true;
      return;
    }
    isBusy = true;
    isAsked = false;
    const began = performance.now();
    try {
      await work();
    } catch (error) {
      reportError(error);
    }
    isBusy = false;
    if (isOver) return;
    const tookMs = performance.now() - began;
    const rest = isAway ? 0 : 4 * tookMs;
    timer = setTimeout(turn, isAsked ? 0 : Math.min(Math.max(PAUSE_MS_MAX, pauseMs), Math.max(pauseMs, rest)));
  };
  document.addEventListener('visibilitychange', turn);
  turn();
  return {
    soon: turn,
    end: () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', turn);
    },
  };
}
