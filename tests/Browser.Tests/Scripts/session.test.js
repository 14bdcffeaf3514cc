import assert from 'node:assert/strict';
import { test } from 'node:test';

// A phone that is twenty minutes ahead, and a server that gives tokens for as long as a test says.
const ahead = 20 * 60_000;
const serverNow = Date.now;
Date.now = () => serverNow() + ahead;
const kept = new Map([['firstcome.member', 'somebody@example.com']]);
globalThis.localStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
globalThis.BroadcastChannel = undefined;
Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
let lifetime = 600_000;
let refreshes = 0;
globalThis.fetch = async (path) => {
  if (path === '/api/time') { return Response.json({ now: new Date(serverNow()).toISOString() }); }
  assert.equal(path, '/session/refresh');
  refreshes++;
  return Response.json({ token: `token-${refreshes}`, expiresAt: new Date(serverNow() + lifetime).toISOString() });
};
const clock = await import('../../../src/edge/Web/Assets/clock.js');
const session = await import('../../../src/edge/Web/Assets/session.js');
await clock.synchronise();

test('a token is as old as the server says, whatever the phone thinks', async () => {
  for (let i = 0; i < 3; i++) { assert.equal(await session.token(), 'token-1'); }
  assert.equal(refreshes, 1);
});

test('a token that would not last is renewed beforehand, and no other', async () => {
  const before = refreshes;
  assert.equal(await session.outlast(serverNow() + 300_000), false);
  assert.equal(refreshes, before);
  assert.equal(await session.outlast(serverNow() + 900_000), true);
  assert.equal(refreshes, before + 1);
});

test('a token that is about to end is renewed before it is used', async () => {
  lifetime = 20_000;
  await session.renew();
  const before = refreshes;
  lifetime = 600_000;
  await session.token();
  assert.equal(refreshes, before + 1);
});
