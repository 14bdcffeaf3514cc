import assert from 'node:assert/strict';
import { register } from 'node:module';
import { test } from 'node:test';

process.env.TZ = 'Asia/Seoul';
globalThis.document = { documentElement: { lang: 'ko' } };
register('./texts-hook.js', import.meta.url);
const format = await import('../../../src/edge/Web/Assets/format.js');
const campaigns = await import('../../../src/edge/Web/Assets/campaign.js');

test('what is good until midnight is good until the day before', () => {
  const midnight = Date.parse('2026-11-26T15:00:00Z'); // 27 November in Seoul.
  assert.equal(format.end(midnight), '2026. 11. 26.');
  assert.match(format.end(midnight + 60_000), /^2026\. 11\. 27\. .*12:01$/);
  assert.equal(format.validity({ until: '2026-11-26T15:00:00Z' }), '2026. 11. 26.');
});

test('both ends of when members joined are told', () => {
  const [after, before] = ['2026-01-01T03:00:00Z', '2026-06-01T03:00:00Z'];
  const both = format.audience([{ kind: 'memberSince', after, before }]);
  assert.match(both, /2026\. 1\. 1\..*이후.*2026\. 6\. 1\..*이전/);
  assert.match(format.audience([{ kind: 'memberSince', after }]), /2026\. 1\. 1\..*이후 가입$/);
  assert.match(format.audience([{ kind: 'memberSince', before }]), /2026\. 6\. 1\..*이전 가입$/);
});

const hour = 3_600_000;
const at = (hours) => new Date(Date.now() + hours * hour).toISOString();
for (const [name, state, opens, closes, expected] of [
  ['it has not begun', 'scheduled', 1, 2, 'scheduled'],
  ['it is under way', 'scheduled', -1, 2, 'open'],
  ['its window is over', 'open', -2, -1, 'closed'],
  ['it is paused', 'paused', -1, 1, 'paused'],
  ['it is paused and its window is over', 'paused', -2, -1, 'closed'],
  ['it was closed early', 'closed', -1, 1, 'closed'],
  ['it is archived', 'archived', -2, -1, 'closed'],
]) { test(`the state when ${name}`, () => assert.equal(campaigns.stateOf({ state, opensAt: at(opens), closesAt: at(closes) }), expected)); }

test('when it ended is told only where it is known', () => {
  assert.equal(campaigns.ended({ closesAt: at(1) }), '');
  assert.equal(campaigns.ended({ state: 'draft', closesAt: at(-1) }), '');
  assert.match(campaigns.ended({ closesAt: '2026-01-01T03:00:00Z' }), /2026\. 1\. 1\. .*12:00/);
});
