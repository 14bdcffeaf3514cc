// The member's claims on the chosen campaign, and the one button that asks for the next.
import { Problem, call, patiently } from './api.js';

const order = { accepted: 0, underReview: 1, issued: 2, rejected: 2 };

export class Claims {
  constructor(campaignId, onChange) {
    this.campaignId = campaignId;
    this.onChange = onChange;
    this.byNth = new Map();
    this.phase = 'idle'; // idle, sending, waiting, refused
    this.seconds = 0;
    this.problem = null;
    this.closing = new AbortController();
  }

  get held() { return [...this.byNth.values()].sort((one, other) => one.nth - other.nth); }

  get isBusy() { return this.phase === 'sending' || this.phase === 'waiting'; }

  /** Takes what the API says of a claim; the answer, the events and a repetition may come in any order. True where it is news. */
  take(claim) {
    const known = this.byNth.get(claim.nth);
    if (known && (order[claim.state] < order[known.state] || JSON.stringify(known) === JSON.stringify(claim))) { return false; }
    this.byNth.set(claim.nth, claim);
    this.onChange();
    return true;
  }

  /** Asks for the next coupon. 200 and 202 say the same; the key makes a repetition the same claim, however often it is sent. */
  async ask() {
    if (this.isBusy) { return; }
    const next = this.held.length + 1;
    const idempotencyKey = next === 1 ? null : `page-${next}`;
    this.#go('sending');
    try {
      const claim = await patiently(
        () => {
          this.#go('sending');
          return call('POST', `/api/campaigns/${encodeURIComponent(this.campaignId)}/claims`, { body: { idempotencyKey }, signedIn: true, signal: this.closing.signal });
        },
        { onWait: (seconds) => { this.seconds = seconds; this.#go('waiting'); }, signal: this.closing.signal });
      this.#go('idle');
      this.take(claim);
    } catch (problem) {
      if (this.closing.signal.aborted) { return; }
      if (!(problem instanceof Problem)) { throw problem; }
      this.#go('refused', problem);
    }
  }

  close() { this.closing.abort(); }

  #go(phase, problem = null) {
    this.phase = phase;
    this.problem = problem;
    this.onChange();
  }
}
