// One campaign's page: its live numbers by the stream, or by asking now and then while there is none, and the member's claims.
import * as account from './account.js';
import { Problem, call } from './api.js';
import { CampaignView, stateOf } from './campaign.js';
import { Claims } from './claim.js';
import { now } from './clock.js';
import { announce, byId, entitle, notify, trouble } from './dom.js';
import { watch } from './events.js';
import { localized, sentence, text } from './language.js';
import { spread } from './retry.js';
import * as session from './session.js';

const pollMs = 75_000; // With the stream's own tries less than two questions a minute.
// A token that would end about the opening is renewed before it, each page at a moment of its own, as nothing but the claim may be asked then.
const renewFirstMs = 240_000;
const renewLastMs = 45_000;
const outlastMs = 120_000;
const followMs = [2_000, 4_000, 8_000, 16_000, 30_000]; // Pauses before asking what became of an accepted claim, where the stream has not told it.

export class EventPage {
  constructor(container) {
    this.container = container;
    this.view = new CampaignView(byId('chosen'), { onClaim: () => this.#press(), onCopy: copy });
    this.campaign = null;
  }

  async open(id) {
    this.id = id;
    this.campaign = null;
    this.counts = null;
    this.renewBeforeMs = renewLastMs + Math.random() * (renewFirstMs - renewLastMs);
    this.#newClaims();
    byId('chosen').hidden = true;
    await this.#load();
  }

  close() {
    this.id = null;
    this.campaign = null;
    this.claims?.close();
    this.claims = null;
    this.stream?.close();
    clearTimeout(this.timer);
  }

  render() {
    if (!this.campaign) { return; }
    entitle(localized(this.campaign.name));
    this.view.build(this.campaign);
    this.#update();
  }

  /** The network is back. */
  refresh() {
    if (this.campaign) { this.#listen(); } else if (this.id) { this.#load(); }
  }

  // Somebody else's numbers do not stay on the screen, and the stream carries a session's token.
  sessionChanged() {
    this.#newClaims();
    if (this.campaign && this.campaign.state !== 'draft' && !this.campaign.rehearsal) {
      this.#listen();
      this.#update();
      return;
    }
    // What only some may see is asked for again, by who is there now.
    this.stream?.close();
    this.campaign = null;
    byId('chosen').hidden = true;
    this.#load();
  }

  /** Called every `everyMs`; the opening itself is met to the millisecond, the same for everybody. */
  tick(everyMs) {
    this.#update();
    const left = this.campaign ? Date.parse(this.campaign.opensAt) - now() : 0;
    if (left > 0 && left <= everyMs) { setTimeout(() => this.#update(), Math.ceil(left)); }
    if (left > everyMs && left <= this.renewBeforeMs) { this.#outlast(Date.parse(this.campaign.opensAt) + outlastMs); }
  }

  // The stream ends with its token: it goes on with the new one, so that it does not come back at the opening either.
  async #outlast(instant) {
    const claims = this.claims;
    if (this.outlasts === instant) { return; }
    this.outlasts = instant;
    try {
      if (await session.outlast(instant) && claims === this.claims && this.campaign) { this.#listen(); }
    } catch (problem) {
      // The press, or the stream, renews it then.
      if (!(problem instanceof Problem)) { throw problem; }
    }
  }

  #newClaims() {
    this.claims?.close();
    this.claims = new Claims(this.id, () => this.#update());
  }

  async #load() {
    const { id, claims } = this;
    clearTimeout(this.timer);
    try {
      const campaign = await call('GET', `/api/campaigns/${id}`, { signedIn: session.isSignedIn() });
      if (claims !== this.claims) { return; }
      this.#take(campaign);
      this.lastState = stateOf(campaign);
      trouble();
      this.render();
      this.#listen();
    } catch (problem) {
      if (!(problem instanceof Problem)) { throw problem; }
      if (claims !== this.claims) { return; }
      trouble(() => (problem.isPassing ? text('page.offline') : sentence(problem)));
      if (problem.isPassing) { this.timer = setTimeout(() => this.#load(), (problem.retryAfter ?? 3) * 1_000 * (1 + Math.random())); }
    }
  }

  #take(campaign) {
    this.campaign = campaign;
    this.counts = campaign.counts ?? this.counts;
    this.heardAt = now();
  }

  #listen() {
    this.stream?.close();
    clearTimeout(this.timer);
    this.isPolling = this.isHearing = false;
    const claims = this.claims;
    const isCurrent = () => claims === this.claims && this.campaign;
    this.stream = watch(this.id, (kind, data) => {
      if (!isCurrent()) { return; }
      claims.isRead = true;
      if (kind === 'state') { this.campaign = { ...this.campaign, state: data.state, quota: data.quota, opensAt: data.opensAt, closesAt: data.closesAt }; }
      if (kind === 'counts') { this.counts = data; }
      if (kind === 'claim') { claims.take(data); }
      this.#update();
    }, (isOpen) => {
      if (!isCurrent()) { return; }
      if (isOpen) {
        clearTimeout(this.timer);
        this.isPolling = false;
        this.isHearing = true;
        trouble();
        return;
      }
      if (this.isHearing) { this.heardAt = now(); }
      this.isHearing = false;
      // Each try to reach the stream ends here again; the next question stays where it is.
      if (!this.isPolling) { this.#pollLater(); this.#readUnheard(claims); }
    });
  }

  #pollLater() {
    clearTimeout(this.timer);
    this.isPolling = true;
    this.timer = setTimeout(() => this.#poll(), spread(pollMs));
  }

  async #poll() {
    const claims = this.claims;
    try {
      const campaign = await call('GET', `/api/campaigns/${this.id}`, { signedIn: session.isSignedIn() });
      if (claims !== this.claims || !this.campaign) { return; }
      this.#take(campaign);
      if (!this.isHearing) { await this.#readUnheard(claims); }
      trouble();
    } catch (problem) {
      if (!(problem instanceof Problem)) { throw problem; }
      if (claims !== this.claims || !this.campaign) { return; }
      trouble(() => (problem.isPassing ? text('page.offline') : sentence(problem)));
    }
    if (claims === this.claims && this.campaign && !this.isHearing) {
      this.#update();
      this.#pollLater();
    }
  }

  // The stream tells what one holds when it opens; where it never has, it is asked for, once, and again while a coupon is still being made.
  async #readUnheard(claims) {
    if (!session.isSignedIn() || claims.isBusy || (claims.isRead && !claims.held.some((claim) => claim.state === 'accepted'))) { return; }
    try {
      await claims.read();
    } catch (problem) {
      // It is asked with the next question for the campaign.
      if (!(problem instanceof Problem) && problem.name !== 'AbortError') { throw problem; }
    }
  }

  #update() {
    if (!this.campaign || !this.view.button) { return; }
    const state = stateOf(this.campaign);
    if (state === 'open' && this.lastState === 'scheduled') { announce(text('claim.opened')); }
    this.lastState = state;
    this.claims.told({
      state, stateAsOf: this.isHearing ? now() : this.heardAt, remaining: this.counts?.remaining ?? 0, countsAsOf: this.counts ? Date.parse(this.counts.asOf) : 0,
    });
    this.view.update({ campaign: this.campaign, counts: this.counts, claims: this.claims, isSignedIn: session.isSignedIn() });
  }

  async #follow(claims) {
    for (const ms of followMs) {
      if (!claims.held.some((claim) => claim.state === 'accepted')) { return; }
      await new Promise((resolve) => { setTimeout(resolve, spread(ms)); });
      if (claims !== this.claims || !claims.held.some((claim) => claim.state === 'accepted')) { return; }
      try {
        await claims.read();
      } catch (problem) {
        // It is asked again after the next pause.
        if (!(problem instanceof Problem) && problem.name !== 'AbortError') { throw problem; }
      }
    }
  }

  async #press() {
    if (!this.campaign || this.view.isButtonOff || this.claims.isBusy) { return; }
    if (!session.isSignedIn() && !await account.askToSignIn()) { return; }
    if (!this.campaign) { return; }
    const claims = this.claims;
    await claims.press();
    this.#follow(claims);
  }
}

async function copy(code) {
  try {
    await navigator.clipboard.writeText(code);
    notify(text('claim.copied'));
    trouble();
  } catch {
    trouble(() => text('claim.copyFailed'));
  }
}
