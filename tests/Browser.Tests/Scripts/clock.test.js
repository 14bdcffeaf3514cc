import assert from 'node:assert/strict';
import test from 'node:test';

// The server's clock stands 600 s ahead of the device's. Of the answer's way both halves are as long as the test says.
async function after(toServerMs, backMs) {
  let device = 1_000;
  const serverNow = () => device + 600_000;
  globalThis.performance.now = () => device;
  globalThis.fetch = async () => {
    device += toServerMs;
    const told = new Date(serverNow()).toISOString();
    device += backMs;
    return { ok: true, json: async () => ({ now: told }) };
  };
  const clock = await import(`../../../src/edge/Web/Assets/clock.js?${toServerMs}-${backMs}`);
  await clock.synchronise();
  return clock.now() - serverNow();
}

test('is never early, whichever half of the way is the long one', async () => {
  assert.equal(await after(400, 0), 0);
  assert.equal(await after(0, 400), -400);
  assert.equal(await after(20, 20), -20);
});
