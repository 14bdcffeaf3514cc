import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faceOf, idle, isBusy, keyOf, step } from '../../../src/edge/Web/Assets/claim-machine.js';
import { pauseMs, triesMax } from '../../../src/edge/Web/Assets/retry.js';

const noJitter = () => 0;
const busy = { isPassing: true, status: 503, slug: 'unavailable', retryAfter: 2 };
const lost = { isPassing: true, status: 0, slug: 'unavailable', retryAfter: null };
const soldOut = { isPassing: false, status: 409, slug: 'sold-out', retryAfter: null };
const claim = { nth: 1, sequence: 7, state: 'accepted' };

// Plays events one after another; gives the last state and every effect.
function play(...events) {
  const effects = [];
  let state = idle;
  for (const event of events) {
    const [next, effect] = step(state, event, noJitter);
    state = next;
    if (effect) { effects.push(effect); }
  }
  return { state, effects };
}
const press = { kind: 'press', held: 0 };

test('a press sends one claim', () => {
  const { state, effects } = play(press);
  assert.equal(state.phase, 'sending');
  assert.deepEqual(effects, [{ kind: 'claim', nth: 1 }]);
});

test('a second tap does nothing in any busy phase', () => {
  for (const events of [[press], [press, { kind: 'failed', problem: busy }], [press, { kind: 'failed', problem: busy }, { kind: 'waited' }]]) {
    const before = play(...events);
    const after = play(...events, press);
    assert.ok(isBusy(before.state));
    assert.deepEqual(after, before);
  }
});

test('the answer settles it', () => assert.deepEqual(play(press, { kind: 'claimed', claim }).state, idle));

test('a lost response is asked about before the claim is sent again', () => {
  const { effects } = play(press, { kind: 'failed', problem: lost }, { kind: 'waited' });
  assert.deepEqual(effects.map((effect) => effect.kind), ['claim', 'wait', 'ask']);
});

test('a claim that is found after a lost response is not sent again', () => {
  const { state, effects } = play(press, { kind: 'failed', problem: lost }, { kind: 'waited' }, { kind: 'found', claims: [claim] });
  assert.deepEqual(state, idle);
  assert.equal(effects.filter((effect) => effect.kind === 'claim').length, 1);
});

test('a claim that is not found is sent again as the same claim', () => {
  const { state, effects } = play({ kind: 'press', held: 1 }, { kind: 'failed', problem: lost }, { kind: 'waited' }, { kind: 'found', claims: [claim] });
  assert.equal(state.phase, 'sending');
  assert.deepEqual(effects.filter((effect) => effect.kind === 'claim'), [{ kind: 'claim', nth: 2 }, { kind: 'claim', nth: 2 }]);
});

test('the stream may tell it first; the answer that follows changes nothing', () => {
  const { state } = play(press, { kind: 'heard', claim }, { kind: 'failed', problem: lost });
  assert.deepEqual(state, idle);
});

test('an older claim told by the stream does not settle the next one', () => {
  assert.equal(play({ kind: 'press', held: 1 }, { kind: 'heard', claim }).state.phase, 'sending');
});

test('a certain refusal ends it, and may be asked again', () => {
  const { state } = play(press, { kind: 'failed', problem: soldOut });
  assert.equal(state.phase, 'refused');
  assert.equal(step(state, press)[0].phase, 'sending');
});

const paused = { isPassing: false, status: 409, slug: 'paused', retryAfter: null };
const refusedAt = 100_000;
const open = { kind: 'told', state: 'open', stateAsOf: refusedAt + 500, remaining: 1, countsAsOf: refusedAt + 500, at: refusedAt + 2_000 };
for (const [name, problem, told, phase] of [
  ['sold out, and then there are some again', soldOut, {}, 'idle'],
  ['sold out, told by numbers from before it', soldOut, { countsAsOf: refusedAt - 1 }, 'refused'],
  ['sold out, and a raise gives out nothing yet', soldOut, { at: refusedAt + 1_999 }, 'refused'],
  ['sold out, and still none left', soldOut, { remaining: 0 }, 'refused'],
  ['sold out, and paused since', soldOut, { state: 'paused' }, 'refused'],
  ['paused, and goes on', paused, {}, 'idle'],
  ['paused, and the page has not heard of it yet', paused, { stateAsOf: refusedAt - 1 }, 'refused'],
  ['closed, and extended', { ...paused, slug: 'closed' }, { remaining: 0 }, 'idle'],
  ['asked too early, and open now', { ...paused, slug: 'not-open-yet' }, {}, 'idle'],
  ['not eligible, which no number changes', { ...paused, slug: 'not-eligible', status: 403 }, {}, 'refused'],
]) {
  test(`a refusal: ${name}`, () => assert.equal(play(press, { kind: 'failed', problem, at: refusedAt }, { ...open, ...told }).state.phase, phase));
}

test('what is under way is not forgotten by what the page is told', () => {
  assert.equal(play(press, open).state.phase, 'sending');
  assert.equal(play(press, { kind: 'failed', problem: busy, at: refusedAt }, open).state.phase, 'waiting');
});

// A press to which no certain answer came, though the claim was taken.
const givenUp = (held) => {
  const events = [{ kind: 'press', held }];
  for (let attempt = 1; attempt < triesMax; attempt++) { events.push({ kind: 'failed', problem: busy }, { kind: 'waited' }); }
  return [...events, { kind: 'failed', problem: busy, at: refusedAt }];
};

test('a claim that was given up and is told after all settles it, and the next press is for the next coupon', () => {
  assert.equal(play(...givenUp(0)).state.phase, 'refused');
  const { state, effects } = play(...givenUp(0), { kind: 'heard', claim }, { kind: 'press', held: 1 });
  assert.deepEqual(play(...givenUp(0), { kind: 'heard', claim }).state, idle);
  assert.equal(state.next, 2);
  assert.deepEqual(effects.at(-1), { kind: 'claim', nth: 2 });
});

test('after a claim that was given up and is told after all nothing says that it is uncertain', () => {
  const { state } = play(...givenUp(0), { kind: 'heard', claim: { ...claim, state: 'underReview' } });
  assert.equal(state.problem, null);
  assert.equal(faceOf({ ...page, perMember: 2, claim: state, held: [claim] }), 'another');
});

test('a claim that was given up stays so when an older one is told', () => {
  const { state, effects } = play(...givenUp(1), { kind: 'heard', claim }, { kind: 'press', held: 1 });
  assert.equal(play(...givenUp(1), { kind: 'heard', claim }).state.phase, 'refused');
  assert.equal(state.next, 2);
  assert.deepEqual(effects.at(-1), { kind: 'claim', nth: 2 });
});

test('it gives up after its tries, whether the claim or the question fails', () => {
  const events = [press];
  let state = idle;
  let asked = 0;
  for (let event = press; event;) {
    events.push(event);
    const [next, effect] = step(state, event, noJitter);
    state = next;
    asked += effect?.kind === 'wait' ? 0 : effect ? 1 : 0;
    event = !effect ? null : effect.kind === 'wait' ? { kind: 'waited' } : { kind: 'failed', problem: busy };
  }
  assert.equal(state.phase, 'refused');
  assert.equal(asked, triesMax);
});

test('the pause is what the server asked for, and up to half as much again', () => {
  assert.equal(pauseMs(busy, 1, () => 0), 2_000);
  assert.equal(pauseMs(busy, 1, () => 0.5), 2_500);
  assert.equal(pauseMs({ retryAfter: 3_600 }, 1, () => 0), 30_000);
  assert.equal(pauseMs(lost, 3, () => 0), 4_000);
});

test('the key follows from which claim it is', () => {
  assert.equal(keyOf(1), null);
  assert.equal(keyOf(2), keyOf(2));
  assert.notEqual(keyOf(2), keyOf(3));
});

const page = { campaignState: 'open', perMember: 1, remaining: 5, isSignedIn: true, claim: idle, held: [], isNew: false };
const refused = (slug, status = 409) => ({ ...idle, phase: 'refused', problem: { slug, status } });
for (const [name, given, face] of [
  ['nobody is signed in', { isSignedIn: false }, 'signIn'],
  ['it has not opened', { campaignState: 'scheduled', isSignedIn: false }, 'notYet'],
  ['it can be had', {}, 'ready'],
  ['one more can be had', { perMember: 2, held: [claim] }, 'another'],
  ['the claim is under way', { claim: { ...idle, phase: 'sending' } }, 'sending'],
  ['the lost claim is looked for', { claim: { ...idle, phase: 'asking' } }, 'sending'],
  ['the server is busy', { claim: { ...idle, phase: 'waiting', problem: busy } }, 'busy'],
  ['no answer comes', { claim: { ...idle, phase: 'waiting', problem: lost } }, 'offline'],
  ['it is accepted', { held: [claim], isNew: true }, 'accepted'],
  ['it is issued just now', { held: [{ ...claim, state: 'issued' }], isNew: true }, 'issued'],
  ['it was issued before', { held: [{ ...claim, state: 'issued' }] }, 'have'],
  ['the member had it, though all are gone', { held: [{ ...claim, state: 'issued' }], remaining: 0, campaignState: 'closed' }, 'have'],
  ['the counts say sold out', { remaining: 0 }, 'soldOut'],
  ['the counts are not known', { remaining: null }, 'ready'],
  ['the gate says sold out', { claim: refused('sold-out') }, 'soldOut'],
  ['a condition does not hold', { claim: refused('not-eligible', 403) }, 'notEligible'],
  ['it is paused', { campaignState: 'paused' }, 'paused'],
  ['it was paused and goes on', { claim: refused('paused') }, 'ready'],
  ['it is over', { campaignState: 'closed' }, 'closed'],
  ['an operator looks at a draft', { campaignState: 'draft' }, 'draft'],
  ['the session has ended', { claim: refused('unauthenticated', 401) }, 'signIn'],
  ['there was no certain answer', { claim: refused('unavailable', 503) }, 'unsure'],
]) { test(`the face when ${name}`, () => assert.equal(faceOf({ ...page, ...given }), face)); }
