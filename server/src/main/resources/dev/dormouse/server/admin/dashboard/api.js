// Talks with the admin port.

/** What is asked for could not be had; the message is the server's. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(path, options) {
  const response = await fetch(path, { cache: 'no-store', ...options });
  if (response.status === 401) {
    location.assign('/login');
  }
  if (!response.ok && response.status !== 409) {
    throw new ApiError(response.status, (await response.text()).trim());
  }
  return { status: response.status, json: await response.json() };
}

/** GET: the answer; fails with ApiError, or with TypeError if the server is away. */
export async function get(path, parameters = {}, signal = undefined) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value != null && value !== ''));
  return (await ask(query.size ? `${path}?${query}` : path, { signal })).json;
}

/** POST: whether it is done; false if it takes longer. */
export async function post(path) {
  return (await ask(path, { method: 'POST' })).status === 200;
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
 * Does something now and again and again, each time so much after the end of the last, while the page is seen. The
 * pause is at least twenty times as long as the work took.
 *
 * Returns what ends it.
 */
export function repeat(pauseMs, work) {
  let timer;
  let isOver = false;
  const turn = async () => {
    const began = performance.now();
    if (!document.hidden) await work();
    const tookMs = performance.now() - began;
    if (!isOver) timer = setTimeout(turn, Math.min(30_000, Math.max(pauseMs, 20 * tookMs)));
  };
  const onShown = () => {
    if (document.hidden || isOver) return;
    clearTimeout(timer);
    timer = setTimeout(turn, 0);
  };
  document.addEventListener('visibilitychange', onShown);
  turn();
  return () => {
    isOver = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', onShown);
  };
}
