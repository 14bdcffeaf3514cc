import assert from 'node:assert/strict';
import { test } from 'node:test';

globalThis.BroadcastChannel = undefined;
Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
globalThis.localStorage = { getItem: (key) => (key === 'firstcome.member' ? 'somebody@example.com' : null), setItem() {}, removeItem() {} };
const silence = 45_000;

test('a service that refuses every token is asked ever more rarely', async () => {
  const waits = [];
  let refreshes = 0;
  let end;
  const ended = new Promise((resolve) => { end = resolve; });
  const later = globalThis.setTimeout;
  globalThis.setTimeout = (work, ms) => {
    if (ms === silence) { return 0; }
    waits.push(ms);
    if (waits.length === 5) { end(); return 0; }
    return later(work, 0);
  };
  globalThis.fetch = async (path) => {
    if (path.startsWith('/session/')) { return Response.json({ token: `token-${++refreshes}`, expiresAt: new Date(Date.now() + 600_000).toISOString() }); }
    return Response.json({ type: '/problems/unauthenticated' }, { status: 401, headers: { 'Content-Type': 'application/problem+json' } });
  };
  const { watch } = await import('../../../src/edge/Web/Assets/events.js');
  const watched = watch('a-campaign', () => {}, () => {});
  await ended;
  watched.close();
  globalThis.setTimeout = later;
  // Once at once, with a new token; after that with the pauses of any other failure.
  assert.ok(waits[0] < 200, `${waits}`);
  assert.ok(waits[1] >= 6_000, `${waits}`);
  for (let i = 2; i < waits.length; i++) { assert.ok(waits[i] > waits[i - 1] * 1.3, `${waits}`); }
});
