// One press is one claim: what is done next, decided from what has happened. Pure, so that it is tested without a browser; claim.js carries the effects out.
import { pauseMs, triesMax } from './retry.js';

/** Nothing asked yet. `phase`: idle, sending (the claim is under way), waiting (a pause before the next try), asking (whether the lost claim was taken), refused (at `refusedAt`). */
export const idle = Object.freeze({ phase: 'idle', next: 0, attempt: 0, seconds: 0, problem: null, refusedAt: 0 });

export const isBusy = (state) => state.phase === 'sending' || state.phase === 'waiting' || state.phase === 'asking';

/** The key of a member's n-th claim. It follows from n alone, so a reload, a second tab or the back button can only repeat the same claim. */
export const keyOf = (nth) => (nth === 1 ? null : `page-${nth}`);

/**
 * What follows from an event: the next state, and what to do, or null.
 * Events: press {held}, claimed {claim}, heard {claim} (told by the stream), failed {problem, at}, waited, found {claims}, told {state, stateAsOf, remaining, countsAsOf, at} (how the
 * campaign stands, and since when that is known), reset.
 * Effects: claim {nth}, wait {ms}, ask (for one's own claims).
 */
export function step(state, event, random = Math.random) {
  if (event.kind === 'reset') { return [idle, null]; }
  if (event.kind === 'told') { return [isOver(state, event) ? idle : state, null]; }
  if (event.kind === 'press') {
    if (isBusy(state)) { return [state, null]; }
    const next = event.held + 1;
    return [{ ...idle, phase: 'sending', next, attempt: 1 }, { kind: 'claim', nth: next }];
  }
  // Of a claim that was given up without a certain answer, or refused before another tab was heard, the stream may still tell: the next press is for the next coupon then, and nothing is uncertain any more.
  if (event.kind === 'heard' && state.phase === 'refused' && event.claim.nth >= state.next) { return [idle, null]; }
  if (!isBusy(state)) { return [state, null]; } // An answer that came after it was settled.
  switch (event.kind) {
    case 'claimed': return [idle, null];
    case 'heard': return event.claim.nth >= state.next ? [idle, null] : [state, null];
    case 'failed': return failed(state, event, random);
    case 'waited': return state.phase === 'waiting' ? [{ ...state, phase: 'asking', attempt: state.attempt + 1 }, { kind: 'ask' }] : [state, null];
    case 'found':
      if (state.phase !== 'asking') { return [state, null]; }
      return event.claims.some((claim) => claim.nth >= state.next) ? [idle, null] : [{ ...state, phase: 'sending' }, { kind: 'claim', nth: state.next }];
    default: throw new Error(`no such event: ${event.kind}`);
  }
}

function failed(state, { problem, at }, random) {
  if (!problem.isPassing || state.attempt >= triesMax) { return [{ ...state, phase: 'refused', problem, refusedAt: at }, null]; }
  const ms = pauseMs(problem, state.attempt, random);
  return [{ ...state, phase: 'waiting', seconds: Math.ceil(ms / 1_000), problem }, { kind: 'wait', ms }];
}

// A raise or a release gives out nothing for two seconds, and numbers may be a second old: a word that is younger than the refusal counts from then on.
const settleMs = 2_000;
const passing = new Set(['paused', 'closed', 'not-open-yet']);

// Whether what stood against the claim has passed since, so that the button may live again.
function isOver({ phase, problem, refusedAt }, { state, stateAsOf, remaining, countsAsOf, at }) {
  if (phase !== 'refused' || state !== 'open' || at < refusedAt + settleMs) { return false; }
  return problem.slug === 'sold-out' ? remaining > 0 && countsAsOf > refusedAt : passing.has(problem.slug) && stateAsOf > refusedAt;
}

const refusals = { 'not-eligible': 'notEligible', 'sold-out': 'soldOut', paused: 'paused', closed: 'closed', 'limit-reached': 'have', 'not-open-yet': 'notYet', 'campaign-unknown': 'closed' };

/**
 * Which of its faces the page shows: signIn, notYet, ready, another, sending, busy, offline, accepted, issued, have, underReview, rejected, soldOut, notEligible, paused, closed, draft, unsure.
 * `campaignState` is the state at this moment, `claim` this machine's state, `held` the member's claims by n, `isNew` whether the last of them was made on this page.
 */
export function faceOf({ campaignState, perMember, remaining, isSignedIn, claim, held, isNew }) {
  if (claim.phase === 'sending' || claim.phase === 'asking') { return 'sending'; }
  if (claim.phase === 'waiting') { return claim.problem.status === 0 ? 'offline' : 'busy'; }
  const last = held.at(-1);
  if (last && held.length >= perMember) { return last.state === 'issued' && !isNew ? 'have' : last.state; }
  if (claim.phase === 'refused') {
    if (claim.problem.status === 401) { return 'signIn'; }
    const stands = refusals[claim.problem.slug] ?? 'unsure';
    // Pausing and not yet being open pass; what the campaign says now counts more.
    if (!(stands === 'paused' && campaignState !== 'paused') && !(stands === 'notYet' && campaignState !== 'scheduled')) { return stands; }
  }
  if (campaignState === 'draft') { return 'draft'; }
  if (campaignState === 'scheduled') { return 'notYet'; }
  if (campaignState !== 'open') { return campaignState === 'paused' ? 'paused' : 'closed'; }
  if (remaining === 0) { return 'soldOut'; }
  if (!isSignedIn) { return 'signIn'; }
  return last ? 'another' : 'ready';
}
