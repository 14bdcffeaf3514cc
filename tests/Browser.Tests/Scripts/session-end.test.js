import assert from 'node:assert/strict';
import { test } from 'node:test';

const kept = new Map([['firstcome.member', 'somebody@example.com']]);
globalThis.localStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
globalThis.BroadcastChannel = undefined;
Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
let status = 503;
globalThis.fetch = async (path) => (path === '/session/sign-in' ? Response.json({ token: 'token', expiresAt: new Date(Date.now() + 600_000).toISOString() }) : new Response(null, { status }));
const session = await import('../../../src/edge/Web/Assets/session.js');
const told = [];
session.onChange((change) => told.push(change));

test('a session that the server does not know any more ends, and it is told that nobody here wished it', async () => {
  await assert.rejects(session.renew()); // A server that is away ends nothing.
  assert.deepEqual(told, []);
  for (const refusal of [401, 204]) {
    status = refusal;
    assert.equal(await session.renew(), false);
    assert.equal(session.isSignedIn(), false);
    assert.deepEqual(told.splice(0), [{ isEnded: true }]);
    await session.signIn('somebody@example.com', 'a long enough secret');
    assert.deepEqual(told.splice(0), [{ isEnded: false }]);
  }
});

test('signing out is no such end', async () => {
  status = 204;
  await session.signOut();
  assert.deepEqual(told.splice(0), [{ isEnded: false }]);
});
