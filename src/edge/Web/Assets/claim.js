// The member's claims on one campaign. What follows from what is decided in claim-machine.js; here it is carried out.
import { Problem, call, sleep } from './api.js';
import { idle, isBusy, keyOf, step } from './claim-machine.js';
import { now } from './clock.js';

const order = { accepted: 0, underReview: 1, issued: 2, rejected: 2 };

export class Claims {
  constructor(campaignId, onChange) {
    this.path = `/api/campaigns/${encodeURIComponent(campaignId)}/claims`;
    this.onChange = onChange;
    this.byNth = new Map();
    this.machine = idle;
    this.isNew = false;
    this.isRead = false;
    this.closing = new AbortController();
  }

  get held() { return [...this.byNth.values()].sort((one, other) => one.nth - other.nth); }

  get isBusy() { return isBusy(this.machine); }

  /** Takes what the API says of a claim; the answer, the events and a repetition may come in any order. */
  take(claim) {
    const known = this.byNth.get(claim.nth);
    if (known && (order[claim.state] < order[known.state] || JSON.stringify(known) === JSON.stringify(claim))) { return; }
    this.isNew ||= this.machine.phase !== 'idle' && claim.nth >= this.machine.next;
    this.byNth.set(claim.nth, claim);
    this.#go({ kind: 'heard', claim });
  }

  /** Asks for the next coupon; ends with a certain answer, or with the reason why there is none. */
  async press() {
    let effect = this.#go({ kind: 'press', held: this.byNth.size });
    while (effect) {
      const event = await this.#carryOut(effect);
      if (this.closing.signal.aborted) { return; }
      effect = this.#go(event);
    }
  }

  /** Takes how the campaign stands: a refusal that has passed is forgotten. */
  told(standing) { [this.machine] = step(this.machine, { kind: 'told', ...standing, at: now() }); }

  /** Reads what the member holds, where the stream does not tell it. */
  async read() {
    for (const claim of await this.#ask()) { this.take(claim); }
    this.isRead = true;
  }

  close() { this.closing.abort(); }

  async #carryOut(effect) {
    const signal = this.closing.signal;
    try {
      if (effect.kind === 'wait') { await sleep(effect.ms, signal); return { kind: 'waited' }; }
      if (effect.kind === 'ask') {
        const claims = await this.#ask();
        for (const claim of claims) { this.take(claim); }
        return { kind: 'found', claims };
      }
      const claim = await call('POST', this.path, { body: { idempotencyKey: keyOf(effect.nth) }, signedIn: true, signal });
      this.take(claim);
      return { kind: 'claimed', claim };
    } catch (problem) {
      if (signal.aborted) { return { kind: 'reset' }; }
      if (!(problem instanceof Problem)) { throw problem; }
      return { kind: 'failed', problem, at: now() };
    }
  }

  async #ask() {
    try {
      return (await call('GET', `${this.path}/me`, { signedIn: true, signal: this.closing.signal })).items;
    } catch (problem) {
      if (problem instanceof Problem && problem.slug === 'no-claim') { return []; }
      throw problem;
    }
  }

  #go(event) {
    const [next, effect] = step(this.machine, event);
    this.machine = next;
    this.onChange();
    return effect;
  }
}
