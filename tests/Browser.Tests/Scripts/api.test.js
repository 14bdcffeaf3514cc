import assert from 'node:assert/strict';
import { test } from 'node:test';

globalThis.localStorage = { getItem: () => null, setItem() {}, removeItem() {} };
globalThis.BroadcastChannel = undefined;
Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
// The limit that was asked for, passed in a moment.
let limits = [];
AbortSignal.timeout = (ms) => {
  limits.push(ms);
  const limit = new AbortController();
  setTimeout(() => limit.abort(new DOMException('It took too long.', 'TimeoutError')), 10);
  return limit.signal;
};
const never = (signal) => new Promise((_, reject) => { signal.addEventListener('abort', () => reject(signal.reason), { once: true }); });
const { Problem, call } = await import('../../../src/edge/Web/Assets/api.js');

test('an answer that does not come in time is none', async () => {
  limits = [];
  globalThis.fetch = (_, { signal }) => never(signal);
  await assert.rejects(call('POST', '/session/refresh', { keepalive: true }), (problem) => problem instanceof Problem && problem.status === 0 && problem.isPassing);
  assert.deepEqual(limits, [15_000]);
});

test('an answer that stops on the way is none either', async () => {
  globalThis.fetch = async (_, { signal }) => ({ ok: true, status: 200, headers: new Headers(), json: () => never(signal) });
  await assert.rejects(call('GET', '/api/time'), (problem) => problem instanceof Problem && problem.status === 0);
});

test('who gives a question up is not told that no answer came', async () => {
  globalThis.fetch = (_, { signal }) => never(signal);
  const giving = new AbortController();
  const asked = call('GET', '/api/time', { signal: giving.signal });
  giving.abort();
  await assert.rejects(asked, { name: 'AbortError' });
});
