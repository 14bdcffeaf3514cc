// Calls to the API. A refusal is a Problem, also when no answer came at all.
import { answerMaxMs, pauseMs, triesMax } from './retry.js';
import * as session from './session.js';

export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super(body?.title ?? `status ${status}`);
    this.status = status;
    this.slug = body?.type?.split('/').pop() ?? (status === 0 ? 'unavailable' : '');
    this.title = body?.title;
    this.detail = body?.detail;
    this.body = body ?? {};
    this.retryAfter = retryAfter; // Seconds, or null.
  }

  /** Whether asking again later may help, and is asked for. */
  get isPassing() {
    return this.status === 429 || this.status === 503 || this.status === 0 || this.status === 502 || this.status === 504;
  }
}

export const sleep = (ms, signal) => new Promise((resolve, reject) => {
  signal?.throwIfAborted();
  const timer = setTimeout(resolve, ms);
  signal?.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
});

export async function problemOf(response) {
  let body = null;
  if (response.headers.get('Content-Type')?.includes('json')) {
    try {
      body = await response.json();
    } catch {
      body = null; // Cut off on the way; the status says enough.
    }
  }
  const after = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  return new Problem(response.status, body, Number.isFinite(after) ? after : null);
}

async function send(method, path, { body, signal, keepalive = false }, token) {
  const headers = { Accept: 'application/json' };
  if (body?.json !== undefined) { headers['Content-Type'] = 'application/json'; }
  if (body?.ifMatch) { headers['If-Match'] = body.ifMatch; }
  if (body?.idempotencyKey) { headers['Idempotency-Key'] = body.idempotencyKey; }
  if (token) { headers.Authorization = `Bearer ${token}`; }
  const limit = AbortSignal.timeout(answerMaxMs);
  try {
    return await fetch(path, {
      method, headers, body: body?.json === undefined ? undefined : JSON.stringify(body.json), cache: 'no-store', credentials: path.startsWith('/session/') ? 'same-origin' : 'omit', keepalive,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
  } catch (failure) {
    if (signal?.aborted) { throw failure; }
    throw new Problem(0, null, null);
  }
}

/**
 * One call. `body`: `{ json, idempotencyKey, ifMatch }`. With `signedIn` the session's token goes along, and a token that has ended meanwhile is renewed once.
 * `keepalive` lets it reach its end where the page goes meanwhile. With `withTag` the answer is `{ value, tag }`.
 */
export async function call(method, path, { signedIn = false, withTag = false, ...rest } = {}) {
  let response = await send(method, path, rest, signedIn ? await session.token() : null);
  if (response.status === 401 && signedIn && await session.renew()) { response = await send(method, path, rest, await session.token()); }
  if (!response.ok) { throw await problemOf(response); }
  if (response.status === 204) { return null; }
  let value;
  try {
    value = await response.json();
  } catch (failure) {
    if (rest.signal?.aborted) { throw failure; }
    throw new Problem(0, null, null); // Cut off on the way: as if no answer had come.
  }
  return withTag ? { value, tag: response.headers.get('ETag') } : value;
}

/** Asks until there is a certain answer: what is passing is tried again after a pause, of which `onWait(seconds)` is told before. Gives up after eight tries. */
export async function patiently(ask, { onWait, signal } = {}) {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await ask();
    } catch (problem) {
      if (!(problem instanceof Problem) || !problem.isPassing || attempt === triesMax) { throw problem; }
      const wait = pauseMs(problem, attempt);
      onWait?.(Math.ceil(wait / 1_000));
      await sleep(wait, signal);
    }
  }
}
