// The chosen campaign: a ticket with the benefit, what is left, the countdown, the button and one's own numbers.
import { now } from './clock.js';
import { el } from './dom.js';
import * as format from './format.js';
import { explain, localized, text } from './language.js';

/** The state at this moment: the clock moves a campaign on between two words of the server. */
export function stateOf(campaign) {
  if (campaign.state !== 'scheduled' && campaign.state !== 'open') { return campaign.state; }
  const at = now();
  if (at >= Date.parse(campaign.closesAt)) { return 'closed'; }
  return at < Date.parse(campaign.opensAt) ? 'scheduled' : 'open';
}

export class CampaignView {
  constructor(container, { onClaim, onCopy }) {
    this.container = container;
    this.onClaim = onClaim;
    this.onCopy = onCopy;
  }

  /** Builds the ticket anew: another campaign, or another language. */
  build(campaign) {
    this.badge = el('span', { class: 'badge' });
    this.countdownLabel = el('span');
    this.countdown = el('span', { class: 'countdown', role: 'timer' });
    this.left = el('strong');
    this.meter = el('progress', { max: campaign.quota, value: 0, 'aria-labelledby': 'left-label' });
    this.soldOut = el('p', { class: 'soft', hidden: true });
    this.button = el('button', { type: 'button', class: 'main-action', id: 'claim', click: this.onClaim });
    this.result = el('div', { class: 'result', role: 'status', 'aria-live': 'polite' });
    this.own = el('ul', { class: 'own' });
    this.shownOwn = this.shownResult = null;
    const limits = format.benefitLimits(campaign.benefit);
    this.container.replaceChildren(el('article', { class: 'ticket' },
      el('div', { class: 'ticket-top' },
        el('p', { class: 'state-line' }, this.badge, el('span', { class: 'soft' }, this.countdownLabel, ' ', this.countdown)),
        el('h2', { id: 'campaign-name', tabindex: '-1' }, localized(campaign.name)),
        el('p', { class: 'benefit' }, format.benefit(campaign.benefit), limits && el('small', {}, limits)),
        el('p', { class: 'description' }, localized(campaign.description)),
        el('dl', { class: 'facts' },
          this.#fact(text('when.window'), format.span(Date.parse(campaign.opensAt), Date.parse(campaign.closesAt))),
          this.#fact(text('audience'), format.audience(campaign.audience)),
          this.#fact(text('perMember'), text('perMember.value', { count: format.number(campaign.perMember) })),
          this.#fact(text('validity'), format.validity(campaign.validity)))),
      el('div', { class: 'ticket-stub' },
        el('p', { class: 'left', id: 'left-label' }, el('span', {}, text('counts.remaining')), this.left),
        this.meter, this.soldOut, this.button, this.result, this.own)));
    this.container.hidden = false;
  }

  /** Writes what changes, and nothing else, so that the focus and a listener's place are kept. */
  update({ campaign, counts, claims, isSignedIn }) {
    const state = stateOf(campaign);
    this.#set(this.badge, text(`state.${state}`));
    this.badge.className = `badge ${state}`;
    this.#showCountdown(campaign, state);
    this.#showCounts(campaign, counts, state);
    this.#showButton(campaign, state, claims, isSignedIn);
    this.#showResult(claims);
    this.#showOwn(claims.held);
  }

  #showCountdown(campaign, state) {
    const target = state === 'scheduled' ? Date.parse(campaign.opensAt) : Date.parse(campaign.closesAt);
    const counts = state === 'scheduled' || state === 'open' || state === 'paused';
    this.#set(this.countdownLabel, counts ? text(state === 'scheduled' ? 'when.opensIn' : 'when.closesIn') : text('when.closed', { time: format.time(Math.min(target, now())) }));
    this.#set(this.countdown, counts ? format.countdown(target - now()) : '');
  }

  #showCounts(campaign, counts, state) {
    const left = counts && Math.max(0, counts.remaining);
    this.#set(this.left, counts ? text('counts.of', { left: format.number(left), quota: format.number(counts.quota) }) : text('counts.unknown'));
    this.meter.max = counts?.quota ?? campaign.quota;
    this.meter.value = left ?? 0;
    this.meter.hidden = !counts;
    this.soldOut.hidden = !(counts && left === 0 && state === 'open');
    this.#set(this.soldOut, text('counts.soldOut'));
  }

  #showButton(campaign, state, claims, isSignedIn) {
    const held = claims.held.length;
    const label = claims.isBusy ? text('claim.sending')
      : state === 'scheduled' ? text('claim.notYet')
      : !isSignedIn ? text('claim.signInAndGet')
      : claims.phase === 'refused' ? text('claim.again')
      : held > 0 ? text('claim.another') : text('claim.get');
    this.#set(this.button, label);
    // Not "disabled": that would take the focus away from whoever waits on the button.
    this.button.setAttribute('aria-disabled', String(claims.isBusy || state === 'scheduled'));
    this.button.hidden = !(state === 'open' || state === 'scheduled') || held >= campaign.perMember;
  }

  #showResult({ phase, seconds, problem, held }) {
    const shown = JSON.stringify([phase, seconds, problem?.slug, problem?.status, held.at(-1)?.state, held.length, document.documentElement.lang]);
    if (shown === this.shownResult) { return; }
    this.shownResult = shown;
    if (phase === 'waiting') { this.result.replaceChildren(el('p', {}, text('claim.waiting', { seconds: format.number(seconds) }))); }
    else if (phase === 'refused') { this.result.replaceChildren(...this.#refusal(problem)); }
    else if (held.length > 0) { this.result.replaceChildren(el('p', { class: held.at(-1).state }, text(`claim.${held.at(-1).state}`))); }
    else { this.result.replaceChildren(); }
  }

  #refusal(problem) {
    const { title, meaning } = explain(problem);
    const opensAt = Date.parse(problem.body.opensAt);
    const conditions = problem.body.conditions ?? [];
    return [
      el('p', { class: 'refusal' }, el('strong', {}, title)),
      el('p', {}, problem.isPassing ? text('claim.gaveUp') : Number.isFinite(opensAt) ? text('when.opens', { time: format.time(opensAt) }) : conditions.length > 0 ? null : meaning),
      conditions.length > 0 && el('ul', {}, conditions.map((condition) => el('li', {}, typeof condition.why === 'object' ? localized(condition.why) : condition.why ?? condition.kind))),
    ].filter(Boolean);
  }

  #showOwn(held) {
    const shown = JSON.stringify([held, document.documentElement.lang]);
    if (shown === this.shownOwn) { return; }
    this.shownOwn = shown;
    this.own.replaceChildren(...held.map((claim) => el('li', { class: `number ${claim.state}` },
      el('p', { class: 'number-head' }, el('span', {}, text('claim.number')), el('strong', {}, format.number(claim.sequence))),
      el('p', { class: 'soft' }, text('claim.acceptedAt', { time: format.clockTime(Date.parse(claim.acceptedAt)) })),
      claim.couponCode && el('p', { class: 'code' },
        el('span', { class: 'visually-hidden' }, text('claim.code'), ' '),
        el('code', {}, claim.couponCode),
        el('button', { type: 'button', class: 'quiet', click: () => this.onCopy(claim.couponCode) }, text('claim.copy'))),
      claim.reason && el('p', { class: 'soft' }, claim.reason))));
  }

  #fact(name, value) { return el('div', {}, el('dt', {}, name), el('dd', {}, value)); }

  #set(element, value) {
    if (element.textContent !== value) { element.textContent = value; }
  }
}
